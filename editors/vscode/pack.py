"""Pack the built extension: `python editors/vscode/pack.py` writes `build/cardwright-VERSION.vsix`.

A .vsix is a zip file with the extension and a manifest of the marketplace. The version is that of the
Python package.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from cardwright import __version__

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parents[1]
_BUILT: Final = ("extension.js", "view.js", "view.css", "licences.txt")
_FOR_DEVELOPERS: Final = ("private", "scripts", "devDependencies")
_ZIP_DATE: Final = (2026, 1, 1, 0, 0, 0)
"""The same sources give the same bytes."""
_TYPES: Final = {
    "css": "text/css",
    "js": "application/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "png": "image/png",
    "txt": "text/plain",
    "vsixmanifest": "text/xml",
}
_SPACE: Final = "http://schemas.microsoft.com/developer/"
_ASSETS: Final = {
    "Microsoft.VisualStudio.Code.Manifest": "package.json",
    "Microsoft.VisualStudio.Services.Content.Details": "README.md",
    "Microsoft.VisualStudio.Services.Content.Changelog": "CHANGELOG.md",
    "Microsoft.VisualStudio.Services.Content.License": "LICENSE.txt",
    "Microsoft.VisualStudio.Services.Icons.Default": "icon.png",
}


def pack_extension(built: Path) -> dict[str, bytes]:
    """Return the members of the .vsix by name; `built` is the folder of what esbuild wrote."""
    package = _read_package()
    files = {
        "package.json": f"{json.dumps(package, indent=2, ensure_ascii=False)}\n".encode(),
        "README.md": (FOLDER / "README.md").read_bytes(),
        "CHANGELOG.md": (FOLDER / "CHANGELOG.md").read_bytes(),
        "LICENSE.txt": (ROOT / "LICENSE").read_bytes(),
        "icon.png": (FOLDER / "icon.png").read_bytes(),
        **{f"out/{name}": (built / name).read_bytes() for name in _BUILT},
    }
    return {
        "extension.vsixmanifest": _write_manifest(package).encode(),
        "[Content_Types].xml": _write_types().encode(),
        **{f"extension/{name}": content for name, content in files.items()},
    }


def write_vsix(target: Path, members: dict[str, bytes]) -> None:
    """Write the members of a .vsix."""
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, _ZIP_DATE)
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED, 9)


def _read_package() -> dict[str, Any]:
    if not re.fullmatch(r"\d+\.\d+\.\d+", __version__):
        raise SystemExit(f"the marketplace takes versions such as 1.2.3, not {__version__}")
    package = json.loads((FOLDER / "package.json").read_text("utf-8"))
    kept = {key: value for key, value in package.items() if key not in _FOR_DEVELOPERS}
    return {**kept, "version": __version__}


def _write_manifest(package: dict[str, Any]) -> str:
    identity = {
        "Language": "en-US",
        "Id": package["name"],
        "Version": package["version"],
        "Publisher": package["publisher"],
    }
    properties = {
        "Microsoft.VisualStudio.Code.Engine": package["engines"]["vscode"],
        "Microsoft.VisualStudio.Code.ExtensionKind": "workspace",
        "Microsoft.VisualStudio.Code.ExecutesCode": "true",
        "Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown": "true",
    }
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<PackageManifest Version="2.0.0" xmlns="{_SPACE}vsx-schema/2011">',
        "<Metadata>",
        _write_element("Identity", identity),
        f"<DisplayName>{escape(package['displayName'])}</DisplayName>",
        f'<Description xml:space="preserve">{escape(package["description"])}</Description>',
        f"<Tags>{escape(','.join(package['keywords']))}</Tags>",
        f"<Categories>{escape(','.join(package['categories']))}</Categories>",
        "<GalleryFlags>Public</GalleryFlags>",
        "<Properties>",
        *(_write_element("Property", {"Id": id, "Value": v}) for id, v in properties.items()),
        "</Properties>",
        "<License>extension/LICENSE.txt</License>",
        "<Icon>extension/icon.png</Icon>",
        "</Metadata>",
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>',
        "<Dependencies/>",
        "<Assets>",
        *(
            _write_element(
                "Asset", {"Type": kind, "Path": f"extension/{name}", "Addressable": "true"}
            )
            for kind, name in _ASSETS.items()
        ),
        "</Assets>",
        "</PackageManifest>\n",
    ]
    return "\n".join(lines)


def _write_types() -> str:
    types = "".join(
        _write_element("Default", {"Extension": f".{ending}", "ContentType": kind})
        for ending, kind in _TYPES.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="{space}">{types}</Types>\n'


def _write_element(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{written}/>"


if __name__ == "__main__":
    vsix = ROOT / "build" / f"cardwright-{__version__}.vsix"
    write_vsix(vsix, pack_extension(FOLDER / "out"))
    print(vsix.relative_to(ROOT))

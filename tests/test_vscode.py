"""The extension for VS Code, as far as it can be looked at without Node.js; `make vscode` runs it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pack
import pytest

from cardwright import __version__

FOLDER = Path(__file__).parents[1] / "editors" / "vscode"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A stand-in for what the bundler writes."""
    for name in ("extension.js", "view.js", "view.css", "licences.txt"):
        (tmp_path / name).write_text(f"// {name}\n", "utf-8")
    return tmp_path


def read_json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def test_the_lock_file_holds_checksums_and_no_addresses_of_downloads() -> None:
    text = (FOLDER / "package-lock.json").read_text("utf-8")
    packages = {name: lock for name, lock in json.loads(text)["packages"].items() if name}

    assert packages
    assert '"resolved"' not in text
    assert not re.search(r"https?://\S+\.tgz", text)
    assert all(lock["integrity"].startswith("sha512-") for lock in packages.values())
    assert "omit-lockfile-registry-resolved=true\n" in (FOLDER / ".npmrc").read_text("utf-8")


def test_a_package_is_whole_and_has_the_version_of_cardwright(built: Path, tmp_path: Path) -> None:
    target = tmp_path / "build" / "cardwright.vsix"
    pack.write_vsix(target, pack.pack_extension(built))
    first = target.read_bytes()
    pack.write_vsix(target, pack.pack_extension(built))
    assert target.read_bytes() == first

    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = archive.namelist()
        package = json.loads(archive.read("extension/package.json"))
        manifest = ET.fromstring(archive.read("extension.vsixmanifest"))
        types = archive.read("[Content_Types].xml").decode()
    assert package["version"] == __version__
    assert not {"devDependencies", "scripts", "private"} & set(package)
    assert f"extension/{package['main'].removeprefix('./')}" in names
    assert f"extension/{package['icon']}" in names
    space = {"": "http://schemas.microsoft.com/developer/vsx-schema/2011"}
    identity = manifest.find(".//Identity", space)
    assert identity is not None
    assert identity.attrib == {
        "Language": "en-US",
        "Id": package["name"],
        "Version": __version__,
        "Publisher": package["publisher"],
    }
    assets = {asset.attrib["Path"] for asset in manifest.findall(".//Asset", space)}
    assert assets <= set(names)
    for ending in {name.rpartition(".")[2] for name in names if not name.startswith("[")}:
        assert f'Extension=".{ending}"' in types


def test_every_command_and_every_setting_is_described() -> None:
    contributed = read_json("package.json")["contributes"]
    readme = (FOLDER / "README.md").read_text("utf-8")

    for command in contributed["commands"]:
        assert f"*{command['category']}: {command['title']}*" in readme
    for setting in contributed["configuration"]["properties"]:
        assert f"| `{setting}` |" in readme


def test_what_chooses_a_program_is_ignored_in_a_folder_that_is_not_trusted() -> None:
    package = read_json("package.json")
    trust = package["capabilities"]["untrustedWorkspaces"]

    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == {"cardwright.path", "cardwright.arguments"}

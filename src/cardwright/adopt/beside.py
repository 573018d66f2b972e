"""Media that a table names: they may lie beside it, or in Anki's `collection.media`."""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_FOLDERS: Final = ("", "media", "collection.media", "images", "audio")
_NAMED: Final = re.compile(
    r"\[sound:(?P<sound>[^\]\n]{1,250})\]"
    r"|<(?:img|audio|video|source)\b[^<>]*?\ssrc\s*=\s*(?:\"(?P<a>[^\"]{1,250})\"|'(?P<b>[^']{1,250})'|(?P<c>[^\s\"'<>]{1,250}))",
    re.IGNORECASE,
)
_FILE: Final = re.compile(
    r"[^<>\"|?*:\n\[\]]{1,200}\.(?:png|jpe?g|gif|webp|avif|bmp|svg|mp3|m4a|aac|wav|flac|ogg|oga|opus|mp4|webm|mkv|3gp)",
    re.IGNORECASE,
)


def list_named(text: str) -> list[str]:
    """Return the names of the media in a field of Anki."""
    found = []
    for match in _NAMED.finditer(text):
        if match["sound"]:
            found.append(html.unescape(match["sound"]))
        else:
            found.append(unquote(html.unescape(match["a"] or match["b"] or match["c"])))
    return found


def is_file_name(cell: str) -> bool:
    """Tell whether a cell is the name of a media file, and nothing else."""
    return _FILE.fullmatch(cell) is not None


def embed(cell: str) -> str:
    """Return the HTML that shows or plays a file, as Anki writes it."""
    if re.search(r"\.(?:png|jpe?g|gif|webp|avif|bmp|svg)\Z", cell, re.IGNORECASE):
        return f'<img src="{html.escape(cell)}">'
    return f"[sound:{html.escape(cell, quote=False)}]"


def find_beside(table: Path, name: str) -> Path | None:
    """Return the file that a table names, if it is there and within the table's folder."""
    parts = unicodedata.normalize("NFC", name).split("/")
    if any(part in ("", ".", "..") or "\\" in part or part.startswith(".") for part in parts):
        return None
    for folder in _FOLDERS:
        place = table.parent / folder
        try:
            path = place.joinpath(*parts)
            below = [path, *path.parents][: len(parts) + bool(folder)]
            if path.is_file() and not any(map(Path.is_symlink, below)):
                return path
        except (OSError, ValueError):
            return None
    return None

"""SVG images from strangers: well-formed, and without anything that could run when opened.

An SVG on a card runs nothing, but people also open such files directly, in a browser.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final, NoReturn
from xml.parsers import expat

from cardwright.foreign.error import ForeignFileError

_MAX_BYTES: Final = 8 * 2**20
_ROOT: Final = "http://www.w3.org/2000/svg svg"
_ACTIVE: Final = frozenset({"script", "handler", "listener", "iframe", "object", "embed"})


def check_svg(path: Path, file: BinaryIO, head: bytes) -> None:
    """Check the content of an SVG, whose `head` was read already.

    Raises:
        ForeignFileError: it is not well-formed SVG, or it could run a script.

    """
    data = head + file.read(_MAX_BYTES - len(head) + 1)
    if len(data) > _MAX_BYTES:
        raise ForeignFileError(path, f"it is text of more than {_MAX_BYTES >> 20} MiB")
    checker = _Checker(path)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = checker.check_element
    parser.EntityDeclHandler = checker.refuse_entity
    parser.ProcessingInstructionHandler = checker.check_instruction
    try:
        parser.Parse(data, True)  # noqa: FBT003  (the C function takes it by position)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # An encoding that Python does not know, or expat does not support, is one of the latter.
        raise ForeignFileError(path, f"it is not well-formed SVG: {error}") from error


class _Checker:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_inside = False

    def check_element(self, name: str, attributes: dict[str, str]) -> None:
        if not self._is_inside and name != _ROOT:
            local = name.rpartition(" ")[2]
            self._refuse(
                'its <svg> lacks xmlns="http://www.w3.org/2000/svg"'
                if local == "svg"
                else f"it is <{local}>, not SVG"
            )
        self._is_inside = True
        local = name.rpartition(" ")[2].lower()
        if local in _ACTIVE:
            self._refuse(f"it contains <{local}>")
        for key, value in attributes.items():
            attribute = key.rpartition(" ")[2].lower()
            if attribute.startswith("on"):
                self._refuse(f"it contains a script in `{attribute}`")
            if "script:" in "".join(value.split()).lower():
                self._refuse(f"it contains a script in `{attribute}`")

    def refuse_entity(self, *_: object) -> None:
        self._refuse("it declares entities: save it as plain SVG")

    def check_instruction(self, target: str, _data: str) -> None:
        if target.lower() == "xml-stylesheet":
            self._refuse("it loads a stylesheet from another file")

    def _refuse(self, reason: str) -> NoReturn:
        raise ForeignFileError(self._path, reason)

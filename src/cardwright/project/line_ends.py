"""Parts of a text are replaced in the bytes of its file: all other lines keep their ends."""

from __future__ import annotations

import re
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from cardwright.project.rewrite import Replacement

_LINE_END: Final = re.compile(r"\r\n?|\n")


def write_raw(raw: bytes, text: str, made: Sequence[Replacement]) -> bytes:
    """Return a file's bytes with parts of its text replaced; other lines keep their ends."""
    bom = raw[: len(BOM_UTF8)] if raw.startswith(BOM_UTF8) else b""
    source = raw[len(bom) :].decode()
    if "\r" not in source:
        for one in sorted(made, reverse=True):
            text = f"{text[: one.start]}{one.text}{text[one.end :]}"
        return bom + text.encode()
    ends = _LINE_END.findall(source)
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    parts: list[str] = []
    last = 0
    for one in sorted(made):
        parts.append(_restore(text[last : one.start], ends, bisect_left(starts, last + 1) - 1))
        first = bisect_left(starts, one.start + 1) - 1
        parts.append(_restore_changed(text[one.start : one.end], one.text, ends, first))
        last = one.end
    parts.append(_restore(text[last:], ends, bisect_left(starts, last + 1) - 1))
    return bom + "".join(parts).encode()


def _restore(text: str, ends: Sequence[str], first: int) -> str:
    """Return a part of a file with its own line ends; `first` is the number of its first line."""
    lines = text.split("\n")
    return "".join(
        line + (ends[first + number] if number < len(lines) - 1 else "")
        for number, line in enumerate(lines)
    )


def _restore_changed(old: str, new: str, ends: Sequence[str], first: int) -> str:
    """Return a new part of a file: lines that stay keep their ends, new ones end like their neighbours."""
    before, after = old.split("\n"), new.split("\n")
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    made = []
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        for offset, line in enumerate(after[new_start:new_end]):
            near = first + max(min(start + offset, end - 1), start - 1, 0)
            made += [line, ends[min(near, len(ends) - 1)]]
    return "".join(made[:-1])

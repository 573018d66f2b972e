r"""What a text loses when it is read: to YAML's escapes and joined lines, and to NFC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from cardwright.text import to_nfc

_LATEX: Final = "nu|neq?|neg|nabla|not|notin|ni|nmid|n[lg]eq|nexists|natural|n[ew]arrow|nonumber|newline|newcommand"
_ESCAPE: Final = re.compile(r"\\(?:x..|u.{4}|U.{8}|[^xuU])", re.DOTALL)
_COMMAND: Final = re.compile(rf"\\(?:{_LATEX})(?![a-zA-Z])")
_STRING_END: Final = re.compile(r"(?:\\\"|')[);,]")
_INDENT: Final = re.compile(r"(?:\\n|\n)(?:[ \t]|\\t)*\Z")
_MAX_INDENT: Final = 40
_MEANINGS: Final = {"\\t": "a tab", "\\n": "a line break", "\\_": "a space"}
_MARKED: Final = re.compile(r"[ \t]*(?P<mark>[-*+][ ]+(?=\S)|[0-9]{1,3}[.)][ ]+(?=\S)|```|\|)")
_VARIANT: Final = re.compile("[\u2329\u232a\uf900-\ufaff\U0002f800-\U0002fa1f]")
"""Characters that NFC replaces by one that may look different."""
_NOUNS: Final = {"`": "code block", "|": "table"}


class Change(NamedTuple):
    """What is changed, at a place in a scalar as it is written."""

    place: int
    message: str
    help: str


def find_changes(raw: str, style: str | None) -> Iterator[Change]:
    """Yield what is probably not meant, in a scalar with its quotes or its indicator."""
    if style == '"' and "\\" in raw:
        yield from _find_escapes(raw)
    if style != "|" and "\n" in raw:
        yield from _find_joined(raw, is_block=style == ">")
    if not raw.isascii():
        yield from _find_variants(raw)


def _find_variants(raw: str) -> Iterator[Change]:
    for match in _VARIANT.finditer(raw):
        composed = to_nfc(match[0])
        if composed != match[0]:
            yield Change(
                match.start(),
                f"`{match[0]}` (U+{ord(match[0]):04X}) becomes `{composed}`: texts are kept in NFC, "
                "as in Anki",
                f"write `{composed}`; if its form matters, add an image",
            )
            return


def _find_escapes(raw: str) -> Iterator[Change]:
    dollars = last = 0
    for match in _ESCAPE.finditer(raw):
        meaning = _MEANINGS.get(match[0])
        if not meaning:
            continue
        dollars += raw.count("$", last, match.start())
        last = match.start()
        if _is_odd(raw, match, in_maths=dollars % 2 == 1):
            yield Change(
                match.start(),
                f"in double quotes, `{match[0]}` is {meaning}, so it is not shown",
                f'write `\\{match[0]}`, use single quotes, or put the text below a "|"',
            )
            return


def _is_odd(raw: str, match: re.Match[str], *, in_maths: bool) -> bool:
    """Tell whether an escape stands where nobody means what it stands for."""
    start = match.start()
    if match[0] == "\\t":
        # Code may be indented with tabs.
        before = raw[max(start - _MAX_INDENT, 0) : start]
        return _INDENT.search(before) is None
    if match[0] == "\\n":
        follows_space, precedes_space = raw[start - 1] == " ", raw[match.end()] == " "
        is_named = follows_space and precedes_space
        ends_string = not follows_space and _STRING_END.match(raw, match.end()) is not None
        return is_named or ends_string or (in_maths and _COMMAND.match(raw, start) is not None)
    return True


def _find_joined(raw: str, *, is_block: bool) -> Iterator[Change]:
    """Find a list, a table or a code block whose lines become one."""
    lines = raw.split("\n")
    if is_block:
        lines[0] = ""
    else:
        lines[0] = lines[0].lstrip("'\"")
    # Below a `>`, lines that are indented deeper stay as they are.
    limit = _indent(next(filter(None, lines), "")) if is_block else len(raw)
    start, before = 0, ""
    for line, written in zip(lines, raw.split("\n"), strict=True):
        match = _MARKED.match(line) if _indent(line) <= limit else None
        mark = match["mark"][0] if match else ""
        mark = "1" if mark.isdigit() else mark
        if match and before == mark:
            noun = _NOUNS.get(before, "list")
            yield Change(
                start + match.start("mark"),
                f"YAML joins this line with the one above, so there is no {noun}",
                'put the text below a "|", which keeps lines',
            )
            return
        if not line.strip():
            before = ""
        elif match:
            before = mark
        start += len(written) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

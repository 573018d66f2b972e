"""Data → YAML as a person would write it: plain words, quotes only where needed, blocks of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cardwright.error import CardwrightError
from cardwright.project.document import CONTROL
from cardwright.text import find_unbalanced_isolate, to_nfc

_WIDTH: Final = 100
"""The longest line of a list or mapping in brackets."""
_MAX_PAIRS: Final = 4
"""The maximum of pairs of a mapping in braces."""
_SPACED: Final = "cards"
"""The list whose items are separated by blank lines."""
_MARKED: Final = re.compile(r"[-?:](?:\s|\Z)|[\[\]{},#&*!|>'\"%@`]|---|\.\.\.")
"""What a plain text cannot start with."""
_DIVIDED: Final = re.compile(r":(?:\s|\Z)|\s#|\t")
"""What a plain text cannot contain."""
_IN_BRACKETS: Final = re.compile(r"\A[-:]|[\[\]{},?]|:[^\w/:]|::\Z")
"""What a plain text within brackets cannot contain."""
_WORD: Final = re.compile(r"(?i:yes|no|on|off|true|false|null|~|=|<<)")
"""Words that other readers of YAML take for something else than text."""
_NUMBER: Final = re.compile(
    r"[-+]?(?:0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9_]+(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF|nan|NaN|NAN))"
)
_PLAIN_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,14}[1-9])?")
"""A number that every program writes as it was."""
_INDENTED: Final = re.compile(r"[ \t\n]|\Z")
_UNPRINTABLE: Final = re.compile(rf"\r|{CONTROL.pattern}")
_NEVER: Final = re.compile("[\0\ud800-\udfff]")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED: Final = re.compile(rf'[\\"\n\t]|{_UNPRINTABLE.pattern}')

Scalar = str | bool | int | float


class WriteError(CardwrightError):
    """A source file cannot be added to."""


def compose(data: Mapping[str, Any], *, exact: bool = False) -> str:
    """Return a mapping as YAML that `Document` reads back as the same texts, lists and mappings.

    Texts of several lines end with a line break, which readers of cards ignore, unless they are
    `exact`: then each is read back to the byte, and may hold characters that need escapes.

    Raises:
        WriteError: a text contains a character that sources may not contain.

    """
    lines = (line for key, value in data.items() for line in _list_lines(key, value, exact=exact))
    return "".join(f"{line}\n" for line in lines)


def compose_pair(key: str, value: Any) -> list[str]:
    """Return the lines of a key and its value: a text is read back stripped and in NFC.

    Raises:
        WriteError: as for `compose`.

    """
    return list(_list_lines(key, _normalize(value), exact=False))


def _normalize(value: Any) -> Any:
    if isinstance(value, str):
        return to_nfc(value).strip()
    if isinstance(value, Mapping):
        return {key: _normalize(item) for key, item in value.items()}
    return [_normalize(item) for item in value] if isinstance(value, Sequence) else value


def _list_lines(key: str, value: Any, *, exact: bool) -> Iterator[str]:
    """Yield the lines of a key and its value, without the indentation of the key."""
    head = _write_line(key, exact=exact)
    if isinstance(value, str) and "\n" in value:
        yield from _list_text_lines(f"{head}: ", value, exact=exact)
    elif isinstance(value, str | bool | int | float):
        yield f"{head}: {_write_scalar(value, exact=exact)}"
    elif (line := _write_short(value, exact=exact)) and len(head) + len(line) < _WIDTH:
        yield f"{head}: {line}"
    elif isinstance(value, Mapping):
        yield f"{head}:"
        for name, item in value.items():
            for line in _list_lines(name, item, exact=exact):
                yield f"  {line}" if line else ""
    else:
        yield f"{head}:"
        for number, item in enumerate(value):
            if number and key == _SPACED:
                yield ""
            for index, line in enumerate(_list_item_lines(item, exact=exact)):
                yield f"  {'  ' if index else '- '}{line}" if line else ""


def _list_item_lines(item: Any, *, exact: bool) -> Iterator[str]:
    """Yield the lines of an item of a list, without the dash."""
    if isinstance(item, Mapping):
        for name, value in item.items():
            yield from _list_lines(name, value, exact=exact)
    elif isinstance(item, str) and "\n" in item:
        # The dash indents them already.
        yield from (line.removeprefix("  ") for line in _list_text_lines("", item, exact=exact))
    elif isinstance(item, str | bool | int | float):
        yield _write_scalar(item, exact=exact)
    else:
        line = _write_short(item, exact=exact)
        yield line


def _write_short(value: Any, *, exact: bool) -> str:
    """Return a list or a mapping in brackets, or "" if it does not look good there."""
    if isinstance(value, Mapping):
        are_mappings = [isinstance(item, Mapping) for item in value.values()]
        if len(value) > _MAX_PAIRS or (value and all(are_mappings)):
            return ""
        parts = []
        for key, item in value.items():
            is_short = (
                isinstance(item, str | bool | int | float) or len(value) == 1 or len(item) == 1
            )
            part = _write_short(item, exact=exact) if is_short else ""
            if not part:
                return ""
            parts.append(f"{_write_line(key, exact=exact, in_brackets=True)}: {part}")
        return f"{{{', '.join(parts)}}}"
    return _write_brackets(value, exact=exact)


def _write_brackets(value: Any, *, exact: bool) -> str:
    """Return a scalar, or a list of scalars, for within brackets; "" if it does not fit there."""
    if isinstance(value, str):
        return "" if "\n" in value else _write_line(value, exact=exact, in_brackets=True)
    if isinstance(value, bool | int | float):
        return _write_scalar(value, exact=exact)
    if any(not isinstance(item, str | bool | int | float) for item in value):
        return ""
    parts = [_write_brackets(item, exact=exact) for item in value]
    # Texts with commas and colons are easier to read one below the other.
    is_quoted = any(part[:1] in {"'", '"'} for part in parts)
    if not all(parts) or (is_quoted and len(parts) > 1):
        return ""
    return f"[{', '.join(parts)}]"


def _write_scalar(value: Scalar, *, exact: bool) -> str:
    if isinstance(value, str):
        return _write_line(value, exact=exact)
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _write_line(text: str, *, exact: bool, in_brackets: bool = False) -> str:
    """Return a text without line breaks, in quotes if it needs them."""
    if _needs_escapes(text, exact=exact):
        return f'"{_escape(text)}"'
    if is_plain(text) and not (in_brackets and _IN_BRACKETS.search(text)):
        return text
    if '"' in text or "\\" in text:
        return "'{}'".format(text.replace("'", "''"))
    return f'"{text}"'


def is_plain(text: str) -> bool:
    """Tell whether a line of text, outside of brackets, needs no quotes and is text to all readers."""
    return (
        text != ""
        and text == text.strip()
        and not _MARKED.match(text)
        and not _DIVIDED.search(text)
        and not _WORD.fullmatch(text)
        and (not _NUMBER.fullmatch(text) or _PLAIN_NUMBER.fullmatch(text) is not None)
    )


def _list_text_lines(head: str, text: str, *, exact: bool) -> Iterator[str]:
    """Yield a text with line breaks as a block, or in quotes if it needs escapes."""
    if _needs_escapes(text, exact=exact):
        yield f'{head}"\\'
        *lines, last = map(_escape, text.split("\n"))
        for line in (*(f"{line}\\n\\" for line in lines), f'{last}"'):
            # Spaces at the start of a line would be dropped.
            yield f"  \\{line}" if line.startswith(" ") else f"  {line}"
        return
    body = text.rstrip("\n")
    kept = len(text) - len(body)
    if kept == 0:
        chomping = "-" if exact else ""
    else:
        chomping = "" if kept == 1 and body else "+"
        text = text[:-1]
    yield f"{head}|{'2' if _INDENTED.match(text) else ''}{chomping}"
    yield from (f"  {line}" if line else "" for line in text.split("\n"))


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", text)


def _needs_escapes(text: str, *, exact: bool) -> bool:
    """Tell whether a text can only be written with escapes; refuse what cannot be written."""
    refuse_control(text, _NEVER if exact else _UNPRINTABLE)
    return _UNPRINTABLE.search(text) is not None


def refuse_control(text: str, refused: re.Pattern[str] = _UNPRINTABLE) -> None:
    """Raise WriteError if a text contains a character that sources may not contain."""
    if find_unbalanced_isolate(text) is not None:
        raise WriteError("the text contains a direction isolate that is not balanced")
    if found := refused.search(text):
        raise WriteError(f"the text contains the invisible character U+{ord(found[0]):04X}")

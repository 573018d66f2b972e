"""What libyaml says of a text it cannot read → what an author can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import yaml

_QUOTE: Final = 'put the text in quotes, or below a "|"'
_WORD: Final = re.compile(r"\S+")
_NAMES: Final = {"\t": "a tab", "`": "a backtick"}
_ALIASES: Final = {"*": "alias", "&": "anchor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that cannot be read, and where."""

    code: str
    message: str
    index: int
    """Of its first character in the text."""
    length: int
    help: str


class _Place(Enum):
    """What to point at, by the two marks of an error."""

    HERE = auto()
    """One character: where reading stopped."""
    REST = auto()
    """From where reading stopped to the end of the line."""
    LINE = auto()
    """The line in which reading stopped."""
    START = auto()
    """One character: where what could not be read begins."""
    START_LINE = auto()
    """From there to the end of its line."""
    ESCAPE = auto()
    """The backslash last read, and what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """How to word the errors of libyaml that contain these words."""

    problem: str = ""
    context: str = ""
    before: str = ""
    """Pattern that the line before the problem must match."""
    after: str = ""
    """Pattern that the text from the problem on must match."""
    place: _Place = _Place.HERE
    message: str
    help: str
    code: str = "syntax-error"


_CAUSES: Final = (
    _Cause(
        problem="tab character",
        message="a tab stands where YAML wants spaces",
        help="indent with spaces",
    ),
    _Cause(
        problem="cannot start any token",
        before=r"[ \t]*$",
        message="no line can start with {char}",
        help=f"indent with spaces; if this is text, {_QUOTE}",
    ),
    _Cause(
        problem="cannot start any token",
        message="text cannot start with {char}",
        help=_QUOTE,
    ),
    _Cause(
        problem="mapping values are not allowed",
        before=r".*:\s",
        message="the second `: ` of this line would start another key",
        help=_QUOTE,
    ),
    _Cause(
        problem="mapping values are not allowed",
        place=_Place.LINE,
        message="this key stands deeper than the line above allows",
        help="keys that belong together stand at one indentation",
    ),
    _Cause(
        problem="could not find expected ':'",
        place=_Place.START_LINE,
        message="this is neither a `key: value` nor a part of the text above",
        help="write a colon and a space after a key; indent the lines of a text deeper than its key",
    ),
    _Cause(
        problem="did not find expected '-' indicator",
        place=_Place.REST,
        message="this line does not belong to the list above",
        help="start an item with `- `, and let the keys of an item stand at one indentation",
    ),
    _Cause(
        problem="did not find expected key",
        before=r".*\S",
        place=_Place.REST,
        message="text goes on after a closing quote or bracket",
        help="put the whole text in quotes (an apostrophe in single quotes is written twice), "
        'or below a "|"',
    ),
    _Cause(
        problem="did not find expected key",
        place=_Place.REST,
        message="this line is indented otherwise than the keys above",
        help="keys that belong together stand at one indentation",
    ),
    _Cause(
        problem="unexpected end of stream",
        context="quoted scalar",
        place=_Place.START,
        message="this quote is never closed",
        help=f"close it; if it belongs to the text, {_QUOTE}",
    ),
    _Cause(
        problem="unexpected document indicator",
        context="quoted scalar",
        place=_Place.START,
        message="this quote is never closed",
        help=f"close it; if it belongs to the text, {_QUOTE}",
    ),
    _Cause(
        problem="did not find expected ',' or",
        context="mapping",
        after=r":\s",
        message="the second `: ` of this value would start another key",
        help=_QUOTE,
    ),
    _Cause(
        problem="did not find expected ',' or",
        place=_Place.START,
        message="this bracket is not closed, or a comma is missing behind it",
        help=f"write `[first, second]`; if the bracket belongs to a text, {_QUOTE}",
    ),
    _Cause(
        context="block scalar",
        place=_Place.START,
        message="after {char} a text begins on the next line",
        help="indent it there; if the sign belongs to the text, put the text in quotes",
    ),
    _Cause(
        context="parsing a quoted scalar",
        place=_Place.ESCAPE,
        message="YAML knows no escape {char}",
        help='in double quotes \\ starts an escape: use single quotes, or put the text below a "|"',
    ),
    _Cause(
        context="scanning a directive",
        place=_Place.LINE,
        message="a line that starts with % is read as a YAML directive",
        help="indent it below its key, or remove it",
    ),
    _Cause(
        problem="incompatible YAML document",
        place=_Place.LINE,
        message="this version of YAML is not known",
        help="remove the line",
    ),
    _Cause(
        problem="expected <document start>",
        place=_Place.REST,
        message="this does not belong to what stands above",
        help="check the indentation of this line and the one above",
    ),
    _Cause(
        problem="block sequence entries are not allowed",
        message="a list cannot start here",
        help=f"put its items on lines of their own below the key; if this is text, {_QUOTE}",
    ),
    _Cause(
        problem="mapping keys are not allowed",
        message="text cannot start with {char} and a space",
        help=_QUOTE,
    ),
    _Cause(
        problem="did not find expected node content",
        message="text cannot start with {char}",
        help=_QUOTE,
    ),
)


def explain_error(text: str, error: yaml.YAMLError) -> Fault:
    """Say what an error of the YAML reader means, and where its cause stands."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _fault("syntax-error", "this cannot be read as YAML", 0, 1, "write plain text")
    stop = _index(error.problem_mark or error.context_mark, text)
    start = _index(error.context_mark or error.problem_mark, text)
    problem, context = error.problem or "", error.context or ""
    if "alias" in context or "anchor" in context:
        return explain_alias(text, start)
    if "scanning a tag" in context or "undefined tag handle" in problem:
        return explain_tag(text, start)
    if stop >= len(text.rstrip()) and "flow" in context:
        message = "the file ends, and a bracket is still open"
        return _fault("syntax-error", message, len(text.rstrip()) - 1, 1, "close the bracket")
    before = text[text.rfind("\n", 0, stop) + 1 : stop]
    for cause in _CAUSES:
        if (
            cause.problem in problem
            and cause.context in context
            and re.match(cause.before, before)
            and re.compile(cause.after).match(text, stop)
        ):
            index, length = _find_place(text, cause.place, start, stop)
            piece = text[index : index + length]
            message = cause.message.replace("{char}", _NAMES.get(piece, f"`{piece}`"))
            return _fault(cause.code, message, index, length, cause.help)
    message = f"this cannot be read as YAML: {problem} {context}".strip()
    return _fault("syntax-error", message, stop, 1, "check indentation, quotes and brackets here")


def explain_alias(text: str, index: int) -> Fault:
    """Say that cards have no anchors and aliases."""
    word = _WORD.match(text, index)
    length = len(word[0]) if word else 1
    sign = text[index : index + 1]
    return _fault(
        "alias",
        f"text that starts with {sign} is read as a YAML {_ALIASES.get(sign, 'alias')}, "
        "which cards do not have",
        index,
        length,
        f"{_QUOTE}; if an alias is meant, write the value out",
    )


def explain_tag(text: str, index: int) -> Fault:
    """Say that cards have no tags of YAML."""
    word = _WORD.match(text, index)
    length = len(word[0]) if word else 1
    return _fault(
        "yaml-tag",
        "text that starts with ! is read as a YAML tag, which cards do not have",
        index,
        length,
        f"{_QUOTE}; if a tag is meant, remove it",
    )


def _fault(code: str, message: str, index: int, length: int, help: str) -> Fault:
    return Fault(code=code, message=message, index=index, length=max(1, length), help=help)


def _index(mark: yaml.Mark | None, text: str) -> int:
    return min(mark.index, len(text)) if mark else 0


def _find_place(text: str, place: _Place, start: int, stop: int) -> tuple[int, int]:
    if place is _Place.START:
        return start, 1
    if place is _Place.ESCAPE:
        return max(text.rfind("\\", 0, stop + 1), 0), 2
    if place is _Place.HERE:
        return stop, 1
    if place is _Place.LINE:
        stop = text.rfind("\n", 0, stop) + 1
        stop += len(text[stop:]) - len(text[stop:].lstrip(" "))
    elif place is _Place.START_LINE:
        stop = start
    end = text.find("\n", stop)
    return stop, len(text[stop : end if end >= 0 else None].rstrip())

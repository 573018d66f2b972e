"""libyaml errors → messages and help for authors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

import yaml

QUOTE: Final = 'put the text in quotes, or below a "|"'
_WORD: Final = re.compile(r"\S+")
_NAMES: Final = {"\t": "a tab", "`": "a backtick"}
_ALIASES: Final = {"*": "alias", "&": "anchor"}


class Report(Protocol):
    """Records a problem at a place in a text."""

    def __call__(
        self, code: str, message: str, index: int = 0, length: int = 1, *, help: str
    ) -> None:
        """Record a problem; `index` and `length` are in characters."""


class _Place(Enum):
    """The place to underline, given the two marks of an error."""

    HERE = auto()
    """One character: where reading stopped."""
    REST = auto()
    """From the place where reading stopped to the end of the line."""
    LINE = auto()
    """The line in which reading stopped."""
    START = auto()
    """One character: the start of the construct that could not be read."""
    START_LINE = auto()
    """From there to the end of its line."""
    ESCAPE = auto()
    """The last backslash read, and the character after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """The wording for libyaml errors that contain certain words."""

    problem: str = ""
    context: str = ""
    before: str = ""
    """A pattern for the line before the problem."""
    after: str = ""
    """A pattern for the text from the problem on."""
    place: _Place = _Place.HERE
    message: str
    help: str


_CAUSES: Final = (
    _Cause(
        problem="tab character",
        message="YAML needs spaces here, not a tab",
        help="indent with spaces",
    ),
    _Cause(
        problem="cannot start any token",
        before=r"[ \t]*$",
        message="a line cannot start with {char}",
        help=f"indent with spaces; if this is text, {QUOTE}",
    ),
    _Cause(
        problem="cannot start any token",
        message="text cannot start with {char}",
        help=QUOTE,
    ),
    _Cause(
        problem="mapping values are not allowed",
        before=r".*:\s",
        message="the second `: ` of this line would start another key",
        help=QUOTE,
    ),
    _Cause(
        problem="mapping values are not allowed",
        place=_Place.LINE,
        message="this key is indented deeper than the line above allows",
        help="indent all keys of a mapping by the same amount",
    ),
    _Cause(
        problem="could not find expected ':'",
        place=_Place.START_LINE,
        message="this is neither a `key: value` nor part of the text above",
        help="write a colon and a space after a key; indent the lines of a text deeper than its key",
    ),
    _Cause(
        problem="did not find expected '-' indicator",
        place=_Place.REST,
        message="this line does not belong to the list above",
        help="start an item with `- `, and indent all keys of an item by the same amount",
    ),
    _Cause(
        problem="did not find expected key",
        before=r"[\s-]*[\w-]+:\s+[\"']\s*$",
        place=_Place.REST,
        message="the quote before this text closes one that was opened further up",
        help="close that one at the end of its own text",
    ),
    _Cause(
        problem="did not find expected key",
        before=r".*\S",
        place=_Place.REST,
        message="text continues after a closing quote or bracket",
        help="put the whole text in quotes (an apostrophe in single quotes is written twice), "
        'or below a "|"',
    ),
    _Cause(
        problem="did not find expected key",
        place=_Place.REST,
        message="this line is indented differently from the keys above",
        help="indent all keys of a mapping by the same amount",
    ),
    _Cause(
        problem="unexpected end of stream",
        context="quoted scalar",
        place=_Place.START,
        message="this quote is never closed",
        help=f"close it; if it belongs to the text, {QUOTE}",
    ),
    _Cause(
        problem="unexpected document indicator",
        context="quoted scalar",
        place=_Place.START,
        message="this quote is never closed",
        help=f"close it; if it belongs to the text, {QUOTE}",
    ),
    _Cause(
        problem="did not find expected ',' or",
        context="mapping",
        after=r":\s",
        message="the second `: ` of this value would start another key",
        help=QUOTE,
    ),
    _Cause(
        problem="did not find expected ',' or",
        place=_Place.START,
        message="this bracket is not closed, or a comma is missing after it",
        help=f"write `[first, second]`; if the bracket belongs to a text, {QUOTE}",
    ),
    _Cause(
        context="block scalar",
        place=_Place.START,
        message="after {char}, the text starts on the next line",
        help="indent it there; if the sign belongs to the text, put the text in quotes",
    ),
    _Cause(
        context="parsing a quoted scalar",
        place=_Place.ESCAPE,
        message="{char} is not an escape that YAML knows",
        help='use single quotes, or put the text below a "|": in double quotes, \\ starts an escape',
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
        message="this version of YAML is unknown",
        help="remove the line",
    ),
    _Cause(
        problem="expected <document start>",
        place=_Place.REST,
        message="this does not belong to the lines above",
        help="check the indentation of this line and the one above",
    ),
    _Cause(
        problem="block sequence entries are not allowed",
        message="a list cannot start here",
        help=f"put its items on lines of their own below the key; if this is text, {QUOTE}",
    ),
    _Cause(
        problem="mapping keys are not allowed",
        message="text cannot start with {char} and a space",
        help=QUOTE,
    ),
    _Cause(
        problem="did not find expected node content",
        message="text cannot start with {char}",
        help=QUOTE,
    ),
)


def explain_error(text: str, error: yaml.YAMLError, report: Report) -> None:
    """Report a YAML error in plain words, at its cause."""
    if not isinstance(error, yaml.MarkedYAMLError):
        report("syntax-error", "this cannot be read as YAML", help="write plain text")
        return
    stop = _index(error.problem_mark or error.context_mark, text)
    start = _index(error.context_mark or error.problem_mark, text)
    problem, context = error.problem or "", error.context or ""
    if "alias" in context or "anchor" in context:
        explain_alias(text, start, report)
        return
    if "scanning a tag" in context or "undefined tag handle" in problem:
        explain_tag(text, start, report)
        return
    if stop >= len(text.rstrip()) and "flow" in context:
        message = "the file ends while a bracket is still open"
        report("syntax-error", message, len(text.rstrip()) - 1, help="close the bracket")
        return
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
            report("syntax-error", message, index, length, help=cause.help)
            return
    message = f"this cannot be read as YAML: {problem} {context}".strip()
    report("syntax-error", message, stop, help="check indentation, quotes and brackets here")


def explain_alias(text: str, index: int, report: Report) -> None:
    """Report a YAML alias or anchor, which cards may not use."""
    name = _ALIASES.get(text[index : index + 1], "alias")
    report(
        "alias",
        f"text that starts with {text[index : index + 1]} is read as a YAML {name}, "
        "which cards do not have",
        index,
        _count_word(text, index),
        help=f"{QUOTE}; if an alias is meant, write the value out",
    )


def explain_tag(text: str, index: int, report: Report) -> None:
    """Report a YAML tag, which cards may not use."""
    report(
        "yaml-tag",
        "text that starts with ! is read as a YAML tag, which cards do not have",
        index,
        _count_word(text, index),
        help=f"{QUOTE}; if a tag is meant, remove it",
    )


def _count_word(text: str, index: int) -> int:
    """Return the length of the word that starts at an index, at least 1."""
    word = _WORD.match(text, index)
    return len(word[0]) if word else 1


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

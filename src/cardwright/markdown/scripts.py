"""Sub- and superscript in Pandoc's form, `H~2~O` and `10^-3^`, and ruby, `{漢字|かんじ}`.

Carets and tildes of ordinary text are kept: `2^3^4`, `~5 to ~10`, `a~b~c`. A script follows a letter,
digit or bracket, holds a number, name or sign, and ends the word or precedes the next symbol of
a chemical formula.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from cardwright.markdown.characters import GAP, HAN, HANGUL, KANA, is_word
from cardwright.markdown.stray import push_stray
from cardwright.text import compile_late

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

_NAME: Final = "[A-Za-z0-9\u0370-\u03ff]{1,12}"
_SIGN: Final = "[+−–-]"
_CONTENT: Final = (
    rf"(?:{GAP})*(?:{_SIGN}{{1,2}}|{_SIGN}?{_NAME}(?:{_SIGN}(?:{_NAME})?)?"
    rf"|\({_SIGN}?{_NAME}(?:{_SIGN}{_NAME})?\)|{GAP})(?:{GAP})*"
)
_SUB: Final = rf"~(?P<content>{_CONTENT})~(?!~)"
_SUP: Final = rf"\^(?P<content>{_CONTENT})\^(?!\^)"
_COUNT: Final = re.compile("[0-9]+|[nmxy]")
_CHARGE: Final = re.compile("[0-9]*[+−–-]")
_ISOTOPE: Final = re.compile("[0-9]{1,3}m?")

_RUBY: Final = (
    r"\{(?P<base>(?:[^{}|\\<>=\n\x80-\x9f]|GAP){1,60}?)"
    r"(?P<readings>(?:\\?\|(?:[^{}|\\<>=\n\x80-\x9f]|GAP){0,60}){1,40})\}"
).replace("GAP", GAP)
_BASE: Final = f"[{HAN}{KANA}{HANGUL}]"
_READING: Final = re.compile(r"\\?\|")


def parse_script(state: StateInline, silent: bool) -> bool:
    """Parse sub- or superscript, as the tokens `sub` and `sup`."""
    mark = state.src[state.pos]
    pattern = compile_late(_SUB if mark == "~" else _SUP)
    match = pattern.match(state.src, state.pos, state.posMax)
    if match is None or not _is_script(state, match):
        return False
    if not silent:
        token = state.push("sub" if mark == "~" else "sup", "", 0)
        token.content = match["content"]
        token.markup = mark
    state.pos = match.end()
    return True


def _is_script(state: StateInline, match: re.Match[str]) -> bool:
    mark = match[0][0]
    content = compile_late(GAP).sub("", match["content"])
    before = state.src[match.start() - 1 : match.start()]
    after = state.src[match.end() : min(match.end() + 1, state.posMax)]
    if not before or before in " \n(":
        # An isotope: `^14^C`
        return mark == "^" and after.isupper() and _ISOTOPE.fullmatch(content) is not None
    if before in "~^":
        # H~2~^+^
        follows = (
            not state.pending and bool(state.tokens) and state.tokens[-1].type in ("sub", "sup")
        )
        if not follows:
            return False
    elif not (_is_base(before) or before in ")]}*`" or "\x80" <= before <= "\x9f"):
        return False
    if after == "(":
        # Fe~2~(SO~4~)~3~, but not a^b^(c+d)
        after = state.src[match.end() + 1 : min(match.end() + 2, state.posMax)]
    elif after in ("[", "{"):
        return False
    elif not is_word(after):
        return True
    shape = _COUNT if mark == "~" else _CHARGE
    return after.isupper() and (not content or shape.fullmatch(content) is not None)


def _is_base(character: str) -> bool:
    """Tell whether a character is a letter or a digit, or an accent on one."""
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def parse_ruby(state: StateInline, silent: bool) -> bool:
    """Parse a base with readings, as the token `ruby`."""
    if "|" not in state.src:
        return False
    match = compile_late(_RUBY).match(state.src, state.pos, state.posMax)
    if match is None or not compile_late(_BASE).search(match["base"]):
        return False
    readings = _READING.split(match["readings"])[1:]
    parts = _pair_up(match["base"], readings)
    if not any(readings):
        return False
    if silent:
        state.pos = match.end()
    elif parts is None:
        message = f"`{match[0]}` has {len(readings)} readings for {len(match['base'])} characters"
        help = "write one reading for all of them, or one for each: {漢字|かんじ} or {漢字|かん|じ}"
        push_stray(state, match[0], message, help)
    else:
        token = state.push("ruby", "", 0)
        token.content = match["base"]
        token.meta = {"parts": parts}
        state.pos = match.end()
    return True


def _pair_up(base: str, readings: list[str]) -> list[tuple[str, str]] | None:
    """Return the parts of a base with their readings; None if their numbers differ."""
    if len(readings) == 1:
        return [(base, readings[0])]
    return list(zip(base, readings, strict=True)) if len(base) == len(readings) else None

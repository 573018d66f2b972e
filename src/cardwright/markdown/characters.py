"""The classes of characters that decide whether a mark is Markdown."""

from __future__ import annotations

import unicodedata
from typing import Final

from cardwright.markdown.escape import CLOSE, HINT, OPEN, PLAIN
from cardwright.text import compile_late

LETTER: Final = (
    "A-Za-zªµºÀ-ÖØ-öø-ʯ\u0300-\u036f\u0370-\u037d\u037f-\u0386\u0388-\u0481\u0483-\u052f"
    "\u1d00-\u1fbc\u1fc2-\u1fcc\u1fd0-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ffc\u2c60-\u2c7f\ua640-\ua69f"
    "\ua720-\ua7ff\uab30-\uab6f"
)
"""Latin, Greek and Cyrillic letters, for use within the brackets of a regular expression."""
HAN: Final = (
    "\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
KANA: Final = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001b16f"
HANGUL: Final = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"

_UNSPACED: Final = (
    f"[{HANGUL}{HAN}{KANA}\u0e00-\u109f\u1780-\u17ff\u19e0-\u19ff\u1a20-\u1aaf\u2e80-\u31ff"
    "\u3200-\u4dff\ua000-\ua4cf\uaa60-\uaa7f\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0001f2ff]"
)
_WHICH: Final = "[\U00020000-\U0010ffff]"
GAP: Final = (
    f"(?:{OPEN}{_WHICH}?,|(?:,{HINT}{_WHICH},[^{OPEN}{CLOSE}\n]*)?,{CLOSE}{_WHICH}?"
    f"|{HINT},[^{CLOSE}\n]*(?=,{CLOSE})|{PLAIN},|,{PLAIN})"
)
"""A regular expression for the mark of a cloze deletion, with its hint or what stands in its place."""


def is_letter(character: str) -> bool:
    """Tell whether a character is a Latin, Greek or Cyrillic letter."""
    if character.isascii():
        return character.isalpha()
    return compile_late(f"[{LETTER}]").match(character) is not None


def is_word(character: str) -> bool:
    """Tell whether a character is such a letter or a digit."""
    if character.isascii():
        return character.isalnum()
    return is_letter(character) or character.isdigit()


def is_unspaced(character: str) -> bool:
    """Tell whether a character is of a script that has no spaces between words, or next to markup."""
    return not character.isascii() and compile_late(_UNSPACED).match(character) is not None


def is_space(character: str) -> bool:
    """Tell whether a character is a space; the edge of a text, "", counts as one."""
    return character == "" or character.isspace()


def is_punctuation(character: str) -> bool:
    """Tell whether a character is punctuation or a symbol, in CommonMark's sense."""
    return character != "" and unicodedata.category(character)[0] in "PS"

"""The encoding of a text that is not Unicode, judged by what its words look like in each.

Lists of words are too short for statistics of letters, and mix two languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Final

_ENCODINGS: Final = (
    *("cp1252", "cp1250", "cp1254", "mac_roman", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256"),
    *("cp949", "gb18030", "euc_jp", "cp932", "big5", "cp1257"),
)
"""What editors and spreadsheets write; of two that are as likely, the first is taken."""
_WORD: Final = re.compile(r"[^\x00-\x26\x28-\x40\x5b-\x60\x7b-\x7f]+")
"""Letters, and whatever else is not ASCII."""
_MAX_WORDS: Final = 2_000
_TYPOGRAPHIC: Final = frozenset("„“”‚‘–—…«»‹›¡¿§°€£•\xa0™©®±×÷½²º、。「」『』！？：；，（）〜")
_INNER: Final = frozenset("'’·ー・〜")
"""Marks that can be within words."""
_UNUSUAL: Final[dict[str, re.Pattern[str]]] = {
    "cp1252": re.compile("[ðþýšžƒ]|œ(?!u)|[ﬁﬂ]"),
    "mac_roman": re.compile("[ıˆ˜¯˘˙˚¸˝˛ˇƒﬁﬂ]"),
    "cp1250": re.compile("[ŕĺďţ]"),
    "cp1257": re.compile("[ļģķõ]"),
}
"""Letters that are rare where the encoding is used, and usual in others."""
_COMMON: Final[dict[str, tuple[int, int, int]]] = {
    "big5": (0xA4, 0xC6, 0x40),
    "cp932": (0x88, 0x97, 0x40),
    "euc_jp": (0xB0, 0xCF, 0xA1),
    "gb18030": (0xB0, 0xD7, 0xA1),
}
"""The range of the first byte of usual Chinese characters, and the lowest second byte."""
_JAPANESE: Final = ("euc_jp", "cp932")
_KANA: Final = re.compile("[ぁ-ヺ]")
_VOWELS: Final = {
    "CYRILLIC": frozenset("аеёиоуыэюяіїє"),
    "GREEK": frozenset("άέήίόύώΐΰ"),
}
"""Letters of which nearly each word has one; in Greek, those with an accent."""
_BAD, _ODD, _RARE = 6, 3, 1
_SHORT: Final = 2


def guess_encoding(data: bytes) -> str:
    """Return the likeliest encoding of a text that is neither UTF-8 nor ASCII."""
    return min(_ENCODINGS, key=lambda encoding: _weigh(data.decode(encoding, "replace"), encoding))


def _weigh(text: str, encoding: str) -> int:
    """Return how odd a text looks, 0 if not at all."""
    words = [word for word in _WORD.findall(text) if not word.isascii()][:_MAX_WORDS]
    score = sum(_weigh_word(word, encoding) for word in words)
    if encoding in _JAPANESE and not _KANA.search(text):
        score += _RARE * _SHORT
    if unusual := _UNUSUAL.get(encoding):
        score += _RARE * sum(len(unusual.findall(word)) for word in words)
    return score


def _weigh_word(word: str, encoding: str) -> int:
    score = 0
    before = ""
    scripts = set()
    for sign in word:
        script = "MARK" if sign in _INNER else _find_script(sign)
        scripts.add(script)
        score += _WEIGHTS.get(script, 0)
        if script == "SIGN" or (before == "SIGN" and script not in ("MARK", "SIGN")):
            score += _ODD if before not in ("", "SIGN") or script != "SIGN" else 0
        elif before and script not in (before, "MARK") and before != "MARK":
            together = encoding in _JAPANESE and {before, script} == {"CJK", "KANA"}
            score += 0 if together else _ODD
        if script in ("CJK", "HANGUL"):
            score += _weigh_character(sign, script, encoding)
        before = script
    small = word.lower()
    for script, vowels in _VOWELS.items():
        if scripts == {script} and len(word) > _SHORT and vowels.isdisjoint(small):
            score += _ODD
    if "LATIN" in scripts and len(word) >= _SHORT and not any(map(str.isascii, word)):
        score += _ODD
    if len(word) > _SHORT and word.isupper() and word != small:
        score += _RARE
    return score + _ODD * _count(_has_odd_case, word)


def _weigh_character(sign: str, script: str, encoding: str) -> int:
    code = sign.encode(encoding, "replace")
    if script == "HANGUL":
        # What only the extension of Windows has is rare.
        return 0 if code[0] >= 0xB0 and code[-1] >= 0xA1 else _RARE  # noqa: PLR2004
    if encoding not in _COMMON:
        return _RARE
    low, high, second = _COMMON[encoding]
    return 0 if low <= code[0] <= high and code[-1] >= second else _RARE


_WEIGHTS: Final = {"BAD": _BAD, "HALF": _ODD, "JAMO": _ODD}


def _count(holds: Callable[[str, str], bool], word: str) -> int:
    letters = [sign for sign in word if sign.isalpha()]
    return sum(holds(a, b) for a, b in pairwise(letters))


def _has_odd_case(first: str, second: str) -> bool:
    return first.islower() and second.isupper() and not (first.isascii() and second.isascii())


@lru_cache(maxsize=4096)
def _find_script(sign: str) -> str:
    category = unicodedata.category(sign)
    if sign == "\ufffd" or category in ("Cc", "Co", "Cn", "Cs"):
        return "BAD"
    if sign in _TYPOGRAPHIC or category[0] not in "LM":
        return "SIGN"
    name = unicodedata.name(sign, "")
    script = name.split(" ", 1)[0]
    if script == "HALFWIDTH":
        return "HALF"
    if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"):
        return "KANA"
    if script == "HANGUL" and "LETTER" in name:
        return "JAMO"
    return "LATIN" if script in ("LATIN", "COMBINING") else script

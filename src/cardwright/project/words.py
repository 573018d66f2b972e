"""The words of texts: how many there are, and whether one text contains another.

Chinese, Japanese, Thai, Lao, Burmese and Khmer do not separate words with spaces. There, characters
are counted instead, and a word may be found anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from math import ceil
from typing import Final

from cardwright.markdown.characters import HAN, KANA
from cardwright.markdown.tokens import Token, read_block
from cardwright.text import INVISIBLE, compile_late, to_nfc

_SOUTH_EAST: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_HANGUL_SYLLABLES: Final = "\uac00-\ud7a3"
_HEAVY: Final = f"[{HAN}{_HANGUL_SYLLABLES}]"
"""Characters that say as much as two letters."""
_UNSPACED: Final = f"[{HAN}{KANA}{_SOUTH_EAST}]"
_EAST: Final = f"[{HAN}{KANA}]"
_EAST_PUNCTUATION: Final = re.compile(
    "[\u3000-\u3004\u3008-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)
_MAYBE_UNSPACED: Final = re.compile("[^\x00-\u0dff\u2000-\u2bff]")
_CHARS_PER_EAST_WORD: Final = 2
_CHARS_PER_SOUTH_EAST_WORD: Final = 4
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_MARKUP: Final = re.compile(
    r"[\s*_`.,;:!?'\"()\[\]{}“”‘’„«»‹›…–—|#¿¡،؛؟。、，．・：；！？「」『』（）［］【】〈〉《》〜～]+"
)
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_IMAGE: Final = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)")
_ADDRESS: Final = re.compile(r"(?<=\])\([^)\s]{0,500}\)")
_MIN_WEIGHT: Final = 4
_MAX_SEARCHED: Final = 2_000
"""The longest words that are searched for everywhere."""


def count_words(text: str) -> int:
    """Return how many words a Markdown text has, without its blocks of code."""
    text = _FENCE.sub("", text)
    if not _MAYBE_UNSPACED.search(text):
        return len(text.split())
    unspaced = len(compile_late(_UNSPACED).findall(text))
    east = len(compile_late(_EAST).findall(text)) if unspaced else 0
    rest = compile_late(_UNSPACED).sub(" ", text)
    spaced = len(_EAST_PUNCTUATION.sub(" ", rest).split())
    south_east = (unspaced - east) / _CHARS_PER_SOUTH_EAST_WORD
    return spaced + ceil(east / _CHARS_PER_EAST_WORD + south_east)


def normalize(text: str) -> str:
    """Return a text without case, punctuation and emphasis, but with operators."""
    if not text.isascii():
        text = to_nfc(_INVISIBLE.sub("", text))
    return _MARKUP.sub(" ", text.casefold()).strip()


def drop_addresses(text: str) -> str:
    """Return a Markdown text without images and the addresses of links."""
    return _ADDRESS.sub("", _IMAGE.sub("", text)).strip() if "](" in text else text


def _read_shown(text: str) -> str:
    """Return the words of a Markdown text that a reader sees, except those in code."""
    return "".join(map(_read_token, read_block(text)))


def _read_token(token: Token) -> str:
    if token.name in {"text", "maths"}:
        return token.text
    return "" if token.name.startswith(("strong", "em", "s_", "link")) else "\n"


def find_answer(question: str, answers: list[str]) -> str:
    """Return the first of some texts that a question contains word for word, outside its code.

    A short text does not count.
    """
    raw = normalize(question)
    shown: str | None = None
    for answer in answers:
        words = normalize(answer)
        if _weigh(words) >= _MIN_WEIGHT and _contains(raw, words):
            # Most questions contain no answer, so only now is it worth parsing one.
            shown = normalize(_read_shown(question)) if shown is None else shown
            if _contains(shown, words):
                return answer
    return ""


def _weigh(words: str) -> int:
    if not _MAYBE_UNSPACED.search(words):
        return len(words)
    return len(words) + len(compile_late(_HEAVY).findall(words))


def _contains(text: str, words: str) -> bool:
    """Tell whether a text contains words, and not only as a part of other words."""
    if len(words) > _MAX_SEARCHED:
        return f" {words} " in f" {text} "
    start = text.find(words)
    while start >= 0:
        end = start + len(words)
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if (
            _is_edge(before, words[0])
            and _is_edge(after, words[-1])
            and not unicodedata.category(after or " ").startswith("M")
        ):
            return True
        start = text.find(words, start + 1)
    return False


def _is_edge(outside: str, inside: str) -> bool:
    return outside in {"", " "} or _is_unspaced(outside) or _is_unspaced(inside)


def _is_unspaced(character: str) -> bool:
    return not character.isascii() and compile_late(_UNSPACED).match(character) is not None

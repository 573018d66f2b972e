"""Typed answers: what is right, and a letter-by-letter comparison."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from cardwright.frozen import frozen
from cardwright.markdown.cloze import find_deletions, reveal_deletions
from cardwright.markdown.tokens import read_inline
from cardwright.model import Card, Ignored, Kind, Prompt
from cardwright.text import to_nfc

MAX_TYPED: Final = 500
"""The longest text that can be typed, in characters."""
_MAX_PAIRS: Final = 250_000
"""With more pairs of a typed and an expected letter, all are shown as different."""

Piece = tuple[str, bool]
"""Letters, and whether they are the same in the other text."""


@frozen
class Comparison:
    """A typed text beside the right one."""

    is_right: bool
    typed: tuple[Piece, ...]
    expected: tuple[Piece, ...]
    """The accepted answer that is nearest to what was typed."""


def list_accepted(prompt: Prompt, kind: Kind) -> tuple[str, ...]:
    """Return the texts that are right to type, the main one first; () if nothing is typed."""
    side, card = prompt.side, prompt.card
    if side.typed is None:
        return ()
    if side.typed == kind.cloze:
        found = [_join_gaps(card, side.typed, prompt.ordinal + 1)]
    else:
        found = [card.text(side.typed)]
    more = card.fields.get(side.accept) if side.accept else ()
    found += more if isinstance(more, tuple) else ()
    return tuple(dict.fromkeys(text for text in map(_read_visible, found) if text))


def _join_gaps(card: Card, name: str, number: int) -> str:
    """Return the Markdown of all gaps with a number, as Anki joins them."""
    deletions, _ = find_deletions(card.text(name))
    texts = [reveal_deletions(gap.text) for gap in deletions if number in gap.numbers]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def _read_visible(markdown: str) -> str:
    """Return the letters that a line of Markdown shows."""
    shown = ((token.text or " ") if token.name in _SHOWN else "" for token in read_inline(markdown))
    return " ".join("".join(shown).split())


_SHOWN: Final = frozenset({"text", "code", "maths", "image", "softbreak", "hardbreak"})


def compare_typed(
    typed: str, accepted: Sequence[str], ignored: Collection[Ignored] = ()
) -> Comparison:
    """Compare a typed text with the accepted ones, of which there is at least one.

    Texts are compared in Unicode's normal form; how many spaces separate words does not matter.
    """
    typed = _tidy(typed)
    texts = [_tidy(text) for text in accepted]
    folded = _fold_text(typed, ignored)
    for text in texts:
        if _fold_text(text, ignored) == folded:
            return Comparison(is_right=True, typed=((typed, True),), expected=((text, True),))
    letters = split_letters(typed)
    expected = _find_nearest(letters, [split_letters(text) for text in texts], ignored)
    left, right = _align(letters, expected, ignored)
    return Comparison(is_right=False, typed=left, expected=right)


def _tidy(text: str) -> str:
    return " ".join(to_nfc(text).split())


def _fold_text(text: str, ignored: Collection[Ignored]) -> str:
    return " ".join(_fold(text, ignored).split())


def _fold(text: str, ignored: Collection[Ignored]) -> str:
    """Return a text without the differences that are ignored."""
    if Ignored.CASE in ignored:
        text = text.casefold()
    if Ignored.ACCENTS in ignored:
        parts = unicodedata.normalize("NFD", text)
        text = "".join(c for c in parts if unicodedata.category(c) != "Mn")
    if Ignored.PUNCTUATION in ignored:
        text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
    return to_nfc(text)


def split_letters(text: str) -> list[str]:
    """Split a text into letters, each with the marks that belong to it."""
    letters: list[str] = []
    for character in text:
        if letters and unicodedata.category(character).startswith("M"):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _find_nearest(
    typed: Sequence[str], texts: Sequence[Sequence[str]], ignored: Collection[Ignored]
) -> Sequence[str]:
    return max(
        texts,
        key=lambda text: sum(
            len(letters) if is_same else -len(letters)
            for letters, is_same in _align(typed, text, ignored)[1]
        ),
    )


def _align(
    typed: Sequence[str], expected: Sequence[str], ignored: Collection[Ignored]
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the pieces of both texts that are the same and that are not."""
    if len(typed) * len(expected) > _MAX_PAIRS:
        return (("".join(typed), False),), (("".join(expected), False),)
    from difflib import SequenceMatcher  # noqa: PLC0415  (only for wrong answers)

    folded = [[_fold(letter, ignored) for letter in letters] for letters in (typed, expected)]
    left: list[Piece] = []
    right: list[Piece] = []
    matcher = SequenceMatcher(None, folded[0], folded[1], autojunk=False)
    for operation, start, end, other_start, other_end in matcher.get_opcodes():
        is_same = operation == "equal"
        left.append(("".join(typed[start:end]), is_same))
        right.append(("".join(expected[other_start:other_end]), is_same))
    return _drop_blank(left), _drop_blank(right)


def _drop_blank(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(piece for piece in pieces if piece[0])

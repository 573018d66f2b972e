"""Pieces of a formula → a line, with the spaces and brackets that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from cardwright.terminal.maths_signs import CLOSING, FRACTIONS, OPENING, SIGNS


class Role(Enum):
    """What a piece is to its neighbours; TeX's classes of atoms, and those that brackets need."""

    LETTER = auto()
    """A letter or number, which needs no brackets anywhere."""
    WORD = auto()
    """Several letters that are one name."""
    GROUP = auto()
    """Several pieces."""
    BRACKETED = auto()
    FRACTION = auto()
    FUNCTION = auto()
    BIG = auto()
    """A sum, an integral."""
    OPERATOR = auto()
    SIGN = auto()
    """An operator before its only operand."""
    SLASH = auto()
    OPEN = auto()
    CLOSE = auto()
    BAR = auto()
    PUNCTUATION = auto()
    SPACE = auto()


SINGLE: Final = {Role.LETTER, Role.WORD, Role.BRACKETED}
_ENDS_OPERAND: Final = {*SINGLE, Role.GROUP, Role.FRACTION, Role.CLOSE}
_STARTS_OPERAND: Final = {*SINGLE, Role.GROUP, Role.FRACTION, Role.OPEN, Role.FUNCTION}
_SPACED: Final = {Role.WORD, Role.FRACTION}
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
PAIRS: Final = dict(zip(OPENING, CLOSING, strict=True))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a formula, written out."""

    text: str
    role: Role


def join_pieces(pieces: Sequence[Piece]) -> str:
    """Return pieces side by side."""
    pieces = _enclose_fractions(pieces)
    parts: list[str] = []
    before: Piece | None = None
    bar_is_open = False
    for piece in pieces:
        role = piece.role
        if role is Role.BAR:
            role = Role.CLOSE if bar_is_open else Role.OPEN
            bar_is_open = not bar_is_open
            if before is not None and role is Role.OPEN and before.role is Role.FUNCTION:
                parts.append(" ")
        elif role is Role.OPERATOR and piece.text in SIGNS and not _ends_operand(before):
            role = Role.SIGN
        here = replace(piece, role=role)
        parts += (_space(before, here), piece.text)
        before = here
    return re.sub(" {2,}", " ", "".join(parts)).strip()


def _ends_operand(piece: Piece | None) -> bool:
    return piece is not None and piece.role in _ENDS_OPERAND


def _space(before: Piece | None, here: Piece) -> str:
    if before is None:
        return ""
    around = (before.role, here.role)
    if Role.OPERATOR in around or before.role in {Role.BIG, Role.PUNCTUATION}:
        is_spaced = here.role not in {Role.CLOSE, Role.PUNCTUATION} and before.role != Role.OPEN
    elif before.role is Role.FUNCTION:
        is_spaced = here.role in {*SINGLE, Role.GROUP, Role.FUNCTION, Role.BIG, Role.FRACTION}
        is_spaced &= here.role is not Role.BRACKETED
        is_spaced |= before.text.endswith(")")
    elif before.role not in _ENDS_OPERAND:
        is_spaced = False
    elif here.role in {Role.FUNCTION, Role.BIG}:
        is_spaced = True
    else:
        is_operand = here.role in {*SINGLE, Role.GROUP, Role.FRACTION}
        is_spaced = is_operand and bool(_SPACED & set(around))
    return " " if is_spaced else ""


def _enclose_fractions(pieces: Sequence[Piece]) -> list[Piece]:
    """Put a fraction in brackets where a neighbour would seem to be a part of it."""
    enclosed = list(pieces)
    for index, piece in enumerate(pieces):
        if piece.role is not Role.FRACTION or piece.text in FRACTIONS.values():
            continue
        before = next((p.role for p in reversed(pieces[:index]) if p.role != Role.SPACE), None)
        after = next((p.role for p in pieces[index + 1 :] if p.role != Role.SPACE), None)
        is_within = before in {Role.SLASH, Role.FUNCTION, *_ENDS_OPERAND}
        if is_within or after in {Role.SLASH, Role.BIG, Role.BAR, *_STARTS_OPERAND}:
            enclosed[index] = Piece(f"({piece.text})", Role.BRACKETED)
    return enclosed


def is_bracketed(text: str) -> bool:
    """Tell whether the first bracket of a text is closed by its last character."""
    if text[:1] not in PAIRS:
        return False
    depth = 0
    for index, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING)
        if depth == 0:
            return index == len(text) - 1
    return False


def enclose(piece: Piece, *, may_be: frozenset[Role] = frozenset()) -> str:
    """Return a piece as one operand: in brackets, if it is several things."""
    text = piece.text
    is_one = piece.role in SINGLE or len(text) == 1 or text in FRACTIONS.values()
    is_product = piece.role in may_be and not re.search("[ /]", _IN_BRACKETS.sub("", text))
    is_differential = text[:1] == "∂" and text[1:].isalnum()
    return text if is_one or is_product or is_differential else f"({text})"

"""LaTeX as a line of Unicode text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from cardwright.markdown.formula import parse_formula
from cardwright.text import to_nfc

_OPENING: Final = "([{⟨⌊⌈"
_CLOSING: Final = ")]}⟩⌋⌉"
_PAIRS: Final = dict(zip(_OPENING, _CLOSING, strict=True))
_BIG: Final = "∑∏∐∫∬∭∮⋃⋂⨁⨂⨆⋁⋀"
_SIGNS: Final = "+-−±∓¬"
"""Operators that may stand before their only operand."""
_FRACTIONS: Final = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_ACCENTS: Final = {
    "^": "\u0302",
    "~": "\u0303",
    "¯": "\u0304",
    "―": "\u0305",
    "‾": "\u0305",
    "˘": "\u0306",
    "˙": "\u0307",
    "¨": "\u0308",
    "ˇ": "\u030c",
    "´": "\u0301",
    "`": "\u0300",
    "→": "\u20d7",
}
"""Accents over a letter, as combining characters."""
_SAME: Final = {sign: sign for sign in "′″‴*†°"}
_SUPERSCRIPTS: Final = {
    **dict(zip("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True)),
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
    **dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True)),
    **dict(zip("βγδθφχ", "ᵝᵞᵟᶿᵠᵡ", strict=True)),
    **_SAME,
    "'": "′",
    "∗": "*",
    "∘": "°",
    "⊤": "ᵀ",
}
_SUBSCRIPTS: Final = {
    **dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
    **dict(zip("βγρφχ", "ᵦᵧᵨᵩᵪ", strict=True)),
}


class _Role(Enum):
    """The role of a piece among its neighbours: TeX's classes of atoms, and others for brackets."""

    LETTER = auto()
    """A letter or number, which never needs brackets."""
    WORD = auto()
    """Several letters that form one name."""
    GROUP = auto()
    """Several pieces."""
    BRACKETED = auto()
    FRACTION = auto()
    FUNCTION = auto()
    BIG = auto()
    """A sum or an integral."""
    OPERATOR = auto()
    SIGN = auto()
    """An operator before its only operand."""
    SLASH = auto()
    OPEN = auto()
    CLOSE = auto()
    BAR = auto()
    PUNCTUATION = auto()
    SPACE = auto()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a formula, written out."""

    text: str
    role: _Role


_NOTHING: Final = _Piece("", _Role.SPACE)
_SINGLE: Final = {_Role.LETTER, _Role.WORD, _Role.BRACKETED}
_ENDS_OPERAND: Final = {*_SINGLE, _Role.GROUP, _Role.FRACTION, _Role.CLOSE}
_STARTS_OPERAND: Final = {*_SINGLE, _Role.GROUP, _Role.FRACTION, _Role.OPEN, _Role.FUNCTION}
_SPACED: Final = {_Role.WORD, _Role.FRACTION}
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
_ROLES: Final = (
    (_BIG, _Role.BIG),
    (_OPENING, _Role.OPEN),
    (_CLOSING, _Role.CLOSE),
    ("|‖", _Role.BAR),
    (",;:", _Role.PUNCTUATION),
    ("/", _Role.SLASH),
)
"""Signs with a fixed role; others are operators or letters."""


@lru_cache(maxsize=1024)
def draw_formula(latex: str) -> str | None:
    """Return a formula as a line of Unicode; None if it can only be shown as LaTeX."""
    # latex2mathml treats `aligned` as text, but supports the equivalent `align*`.
    tree = parse_formula(latex.replace("{aligned}", "{align*}"))
    if tree is None:
        return None
    try:
        text = _write(tree).text
    except (KeyError, ValueError, RecursionError):
        return None
    # Unknown commands are passed through as written.
    return None if "\\" in text else to_nfc(" ".join(text.split()))


def lower_text(text: str) -> str:
    """Return a text as subscript: `₂`, or `_(max)` where Unicode has no such letters."""
    return _write_script(_make_piece(text), _SUBSCRIPTS, "_")


def raise_text(text: str) -> str:
    """Return a text as superscript: `²`, or `^(…)`."""
    return _write_script(_make_piece(text), _SUPERSCRIPTS, "^")


def _make_piece(text: str) -> _Piece:
    return _Piece(text, _Role.BRACKETED if _is_bracketed(text) else _Role.GROUP)


def _write(element: ET.Element) -> _Piece:
    return _WRITERS[element.tag](element)


def _write_row(element: ET.Element) -> _Piece:
    pieces = [piece for piece in map(_write, element) if piece is not _NOTHING]
    if len(pieces) == 1:
        # In TeX, `{,}` makes a sign behave like a letter.
        is_loose = pieces[0].role in {_Role.OPERATOR, _Role.PUNCTUATION}
        return replace(pieces[0], role=_Role.LETTER) if is_loose else pieces[0]
    text = _join_pieces(pieces)
    if all(child.get("mathvariant") == "normal" or child.tag == "mtext" for child in element):
        return _Piece(text, _Role.WORD)
    if text[:1] in _PAIRS and element.find("mtable") is not None and not _is_bracketed(text):
        # Cases have a bracket on one side only.
        text += _PAIRS[text[0]]
    return _Piece(text, _Role.BRACKETED if _is_bracketed(text) else _Role.GROUP)


def _write_identifier(element: ET.Element) -> _Piece:
    text = element.text or ""
    if text == text[:1]:
        return _write_operator(element)
    return _Piece(text.replace("\u2009", " ").replace("\u2006", " "), _Role.FUNCTION)


def _write_number(element: ET.Element) -> _Piece:
    return _Piece(element.text or "", _Role.LETTER)


def _write_text(element: ET.Element) -> _Piece:
    return _Piece((element.text or "").replace("\xa0", " "), _Role.WORD)


def _write_operator(element: ET.Element) -> _Piece:
    text = (element.text or "").strip()
    if text in {"∣", "∥"}:
        # These are TeX's relations; its brackets are different characters that look the same.
        return _Piece("|" if text == "∣" else text, _Role.OPERATOR)
    for signs, role in _ROLES:
        if text in signs:
            return _Piece(text, role)
    if len(text) > 1:
        return _write_identifier(element)
    if not text or text in "\u2061\u2062\u2063":
        return _NOTHING
    return _Piece(text, _Role.OPERATOR if _is_operator(text) else _Role.LETTER)


def _write_space(element: ET.Element) -> _Piece:
    if element.get("linebreak"):
        return _Piece(";", _Role.PUNCTUATION)
    width = element.get("width", "")
    return _NOTHING if width.startswith(("-", "0em")) else _Piece(" ", _Role.SPACE)


def _write_nothing(_element: ET.Element) -> _Piece:
    return _NOTHING


def _write_fraction(element: ET.Element) -> _Piece:
    above, below = map(_write, element)
    if element.get("linethickness") == "0":
        return _Piece(f"{above.text} choose {below.text}", _Role.GROUP)
    text = f"{_enclose(above, may_be=frozenset({_Role.GROUP}))}/{_enclose(below)}"
    return _Piece(_FRACTIONS.get(text, text), _Role.FRACTION)


def _write_root(element: ET.Element) -> _Piece:
    return _Piece(f"√{_enclose(_write_row(element))}", _Role.WORD)


def _write_root_of_degree(element: ET.Element) -> _Piece:
    radicand, degree = map(_write, element)
    signs = {"2": "√", "3": "∛", "4": "∜"}
    sign = signs.get(degree.text) or f"{_raise(degree)}√"
    return _Piece(sign + _enclose(radicand), _Role.WORD)


def _raise(piece: _Piece) -> str:
    return _write_script(piece, _SUPERSCRIPTS, "^")


def _write_script(piece: _Piece, table: dict[str, str], sign: str) -> str:
    compact = piece.text.replace(" ", "")
    if all(character in table for character in compact):
        return "".join(table[character] for character in compact)
    return sign + _enclose(piece)


def _write_scripts(base: _Piece, below: _Piece, above: _Piece) -> _Piece:
    lower = _write_script(below, _SUBSCRIPTS, "_")
    upper = _raise(above)
    role = base.role
    if role in {_Role.GROUP, _Role.FRACTION}:
        base, role = _Piece(_enclose(base), _Role.BRACKETED), _Role.BRACKETED
    if role in {*_SINGLE, _Role.OPERATOR} and ("_" in lower or "^" in upper):
        # A space keeps the next letter from being read as part of the script.
        role = role if role is _Role.OPERATOR else _Role.WORD
    return _Piece(base.text + lower + upper, role)


def _write_sub(element: ET.Element) -> _Piece:
    base, below = map(_write, element)
    return base if below.text in "⏟⎵" else _write_scripts(base, below, _NOTHING)


def _write_sup(element: ET.Element) -> _Piece:
    base, above = map(_write, element)
    return _write_scripts(base, _NOTHING, above)


def _write_sub_sup(element: ET.Element) -> _Piece:
    base, below, above = map(_write, element)
    return _write_scripts(base, below, above)


def _write_over(element: ET.Element) -> _Piece:
    base, above = element
    mark = _ACCENTS.get((above.text or "").strip())
    piece = _write(base)
    if (above.text or "").strip() in {"⏞", "⎴"}:
        return piece
    if mark is None or not piece.text:
        return _write_scripts(piece, _NOTHING, _write(above))
    text = "".join(letter if letter == " " else letter + mark for letter in piece.text)
    return _Piece(text, piece.role)


def _write_table(element: ET.Element) -> _Piece:
    rows = []
    for row in element:
        cells = [_write_row(cell).text for cell in row]
        # Equations are aligned at their relation, which is at the start of a cell.
        is_equation = any(_is_operator(cell[:1]) and cell[:1] not in _SIGNS for cell in cells[1:])
        rows.append((" " if is_equation else ", ").join(filter(None, cells)))
    return _Piece("; ".join(filter(None, rows)), _Role.GROUP)


def _is_operator(sign: str) -> bool:
    """Return whether a sign is written between two operands, with a space on both sides."""
    if len(sign) != 1 or sign in "∂∇∞∀∃∄√|":
        return False
    return sign in "-*·⋅†‡" or unicodedata.category(sign) == "Sm"


_WRITERS: Final[dict[str, Callable[[ET.Element], _Piece]]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "menclose"), _write_row),
    "mfrac": _write_fraction,
    "mi": _write_identifier,
    "mn": _write_number,
    "mo": _write_operator,
    "mover": _write_over,
    "mphantom": _write_nothing,
    "mroot": _write_root_of_degree,
    "mspace": _write_space,
    "msqrt": _write_root,
    "msub": _write_sub,
    "msubsup": _write_sub_sup,
    "msup": _write_sup,
    "mtable": _write_table,
    "mtext": _write_text,
    "munder": _write_sub,
    "munderover": _write_sub_sup,
}


def _join_pieces(pieces: Sequence[_Piece]) -> str:
    """Join pieces into one text, with spaces where needed."""
    pieces = _enclose_fractions(pieces)
    parts: list[str] = []
    before: _Piece | None = None
    bar_is_open = False
    for piece in pieces:
        role = piece.role
        if role is _Role.BAR:
            role = _Role.CLOSE if bar_is_open else _Role.OPEN
            bar_is_open = not bar_is_open
            if before is not None and role is _Role.OPEN and before.role is _Role.FUNCTION:
                parts.append(" ")
        elif role is _Role.OPERATOR and piece.text in _SIGNS and not _ends_operand(before):
            role = _Role.SIGN
        here = replace(piece, role=role)
        parts += (_space(before, here), piece.text)
        before = here
    return re.sub(" {2,}", " ", "".join(parts)).strip()


def _ends_operand(piece: _Piece | None) -> bool:
    return piece is not None and piece.role in _ENDS_OPERAND


def _space(before: _Piece | None, here: _Piece) -> str:
    if before is None:
        return ""
    around = (before.role, here.role)
    if _Role.OPERATOR in around or before.role in {_Role.BIG, _Role.PUNCTUATION}:
        is_spaced = here.role not in {_Role.CLOSE, _Role.PUNCTUATION} and before.role != _Role.OPEN
    elif before.role is _Role.FUNCTION:
        is_spaced = here.role in {*_SINGLE, _Role.GROUP, _Role.FUNCTION, _Role.BIG, _Role.FRACTION}
        is_spaced &= here.role is not _Role.BRACKETED
        is_spaced |= before.text.endswith(")")
    elif before.role not in _ENDS_OPERAND:
        is_spaced = False
    elif here.role in {_Role.FUNCTION, _Role.BIG}:
        is_spaced = True
    else:
        is_operand = here.role in {*_SINGLE, _Role.GROUP, _Role.FRACTION}
        is_spaced = is_operand and bool(_SPACED & set(around))
    return " " if is_spaced else ""


def _enclose_fractions(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Put a fraction in brackets where a neighbour would look like part of it."""
    enclosed = list(pieces)
    for index, piece in enumerate(pieces):
        if piece.role is not _Role.FRACTION or piece.text in _FRACTIONS.values():
            continue
        before = next((p.role for p in reversed(pieces[:index]) if p.role != _Role.SPACE), None)
        after = next((p.role for p in pieces[index + 1 :] if p.role != _Role.SPACE), None)
        is_within = before in {_Role.SLASH, _Role.FUNCTION, *_ENDS_OPERAND}
        if is_within or after in {_Role.SLASH, _Role.BIG, _Role.BAR, *_STARTS_OPERAND}:
            enclosed[index] = _Piece(f"({piece.text})", _Role.BRACKETED)
    return enclosed


def _is_bracketed(text: str) -> bool:
    """Return whether the first bracket of a text is closed by its last character."""
    if text[:1] not in _PAIRS:
        return False
    depth = 0
    for index, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0:
            return index == len(text) - 1
    return False


def _enclose(piece: _Piece, *, may_be: frozenset[_Role] = frozenset()) -> str:
    """Return a piece as one operand, in brackets if it has several parts."""
    text = piece.text
    is_one = piece.role in _SINGLE or len(text) == 1 or text in _FRACTIONS.values()
    is_product = piece.role in may_be and not re.search("[ /]", _IN_BRACKETS.sub("", text))
    is_differential = text[:1] == "∂" and text[1:].isalnum()
    return text if is_one or is_product or is_differential else f"({text})"

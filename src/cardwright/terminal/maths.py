"""LaTeX → one line of Unicode that reads like the formula."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cardwright.markdown import parse_formula
from cardwright.terminal.maths_line import (
    PAIRS,
    SINGLE,
    Piece,
    Role,
    enclose,
    is_bracketed,
    join_pieces,
)
from cardwright.terminal.maths_signs import (
    ACCENTS,
    BIG,
    CLOSING,
    FRACTIONS,
    OPENING,
    SIGNS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    is_operator,
)

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET


_NOTHING: Final = Piece("", Role.SPACE)


@lru_cache(maxsize=1024)
def draw_formula(latex: str) -> str | None:
    """Return a formula as a line of Unicode; None where it can only be shown as it stands."""
    # latex2mathml takes `aligned` for running text, but knows its twin.
    tree = parse_formula(latex.replace("{aligned}", "{align*}"))
    if tree is None:
        return None
    try:
        text = _write(tree).text
    except (KeyError, ValueError, RecursionError):
        return None
    # An unknown command comes through as it was written.
    return None if "\\" in text else unicodedata.normalize("NFC", " ".join(text.split()))


def _write(element: ET.Element) -> Piece:
    return _WRITERS[element.tag](element)


def _write_row(element: ET.Element) -> Piece:
    pieces = [piece for piece in map(_write, element) if piece is not _NOTHING]
    if len(pieces) == 1:
        # `{,}` is TeX's way to take a sign as a letter.
        is_loose = pieces[0].role in {Role.OPERATOR, Role.PUNCTUATION}
        return replace(pieces[0], role=Role.LETTER) if is_loose else pieces[0]
    text = join_pieces(pieces)
    if all(child.get("mathvariant") == "normal" or child.tag == "mtext" for child in element):
        return Piece(text, Role.WORD)
    if text[:1] in PAIRS and element.find("mtable") is not None and not is_bracketed(text):
        # Cases have a bracket on one side only.
        text += PAIRS[text[0]]
    return Piece(text, Role.BRACKETED if is_bracketed(text) else Role.GROUP)


def _write_identifier(element: ET.Element) -> Piece:
    text = element.text or ""
    if text == text[:1]:
        return _write_operator(element)
    return Piece(text.replace("\u2009", " ").replace("\u2006", " "), Role.FUNCTION)


def _write_number(element: ET.Element) -> Piece:
    return Piece(element.text or "", Role.LETTER)


def _write_text(element: ET.Element) -> Piece:
    return Piece((element.text or "").replace("\xa0", " "), Role.WORD)


def _write_operator(element: ET.Element) -> Piece:
    text = (element.text or "").strip()
    if text in {"∣", "∥"}:
        # TeX has one sign as a relation and another one, which looks alike, as a bracket.
        return Piece("|" if text == "∣" else text, Role.OPERATOR)
    for signs, role in _ROLES:
        if text in signs:
            return Piece(text, role)
    if len(text) > 1:
        return _write_identifier(element)
    if not text or text in "\u2061\u2062\u2063":
        return _NOTHING
    return Piece(text, Role.OPERATOR if is_operator(text) else Role.LETTER)


def _write_space(element: ET.Element) -> Piece:
    if element.get("linebreak"):
        return Piece(";", Role.PUNCTUATION)
    width = element.get("width", "")
    return _NOTHING if width.startswith(("-", "0em")) else Piece(" ", Role.SPACE)


def _write_nothing(_element: ET.Element) -> Piece:
    return _NOTHING


def _write_fraction(element: ET.Element) -> Piece:
    above, below = map(_write, element)
    if element.get("linethickness") == "0":
        return Piece(f"{above.text} choose {below.text}", Role.GROUP)
    text = f"{enclose(above, may_be=frozenset({Role.GROUP}))}/{enclose(below)}"
    return Piece(FRACTIONS.get(text, text), Role.FRACTION)


def _write_root(element: ET.Element) -> Piece:
    return Piece(f"√{enclose(_write_row(element))}", Role.WORD)


def _write_root_of_degree(element: ET.Element) -> Piece:
    radicand, degree = map(_write, element)
    signs = {"2": "√", "3": "∛", "4": "∜"}
    sign = signs.get(degree.text) or f"{_raise(degree)}√"
    return Piece(sign + enclose(radicand), Role.WORD)


def _raise(piece: Piece) -> str:
    return _write_script(piece, SUPERSCRIPTS, "^")


def _write_script(piece: Piece, table: dict[str, str], sign: str) -> str:
    compact = piece.text.replace(" ", "")
    if all(character in table for character in compact):
        return "".join(table[character] for character in compact)
    return sign + enclose(piece)


def _write_scripts(base: Piece, below: Piece, above: Piece) -> Piece:
    lower = _write_script(below, SUBSCRIPTS, "_")
    upper = _raise(above)
    role = base.role
    if role in {Role.GROUP, Role.FRACTION}:
        base, role = Piece(enclose(base), Role.BRACKETED), Role.BRACKETED
    if role in {*SINGLE, Role.OPERATOR} and ("_" in lower or "^" in upper):
        # Set apart, the next letter is not read as a part of the script.
        role = role if role is Role.OPERATOR else Role.WORD
    return Piece(base.text + lower + upper, role)


def _write_sub(element: ET.Element) -> Piece:
    base, below = map(_write, element)
    return base if below.text in "⏟⎵" else _write_scripts(base, below, _NOTHING)


def _write_sup(element: ET.Element) -> Piece:
    base, above = map(_write, element)
    return _write_scripts(base, _NOTHING, above)


def _write_sub_sup(element: ET.Element) -> Piece:
    base, below, above = map(_write, element)
    return _write_scripts(base, below, above)


def _write_over(element: ET.Element) -> Piece:
    base, above = element
    mark = ACCENTS.get((above.text or "").strip())
    piece = _write(base)
    if (above.text or "").strip() in {"⏞", "⎴"}:
        return piece
    if mark is None or not piece.text:
        return _write_scripts(piece, _NOTHING, _write(above))
    text = "".join(letter if letter == " " else letter + mark for letter in piece.text)
    return Piece(text, piece.role)


def _write_table(element: ET.Element) -> Piece:
    rows = []
    for row in element:
        cells = [_write_row(cell).text for cell in row]
        # Equations are aligned at their relation, which stands at the start of a cell.
        is_equation = any(is_operator(cell[:1]) and cell[:1] not in SIGNS for cell in cells[1:])
        rows.append((" " if is_equation else ", ").join(filter(None, cells)))
    return Piece("; ".join(filter(None, rows)), Role.GROUP)


_ROLES: Final = (
    (BIG, Role.BIG),
    (OPENING, Role.OPEN),
    (CLOSING, Role.CLOSE),
    ("|‖", Role.BAR),
    (",;:", Role.PUNCTUATION),
    ("/", Role.SLASH),
)
_WRITERS: Final[dict[str, Callable[[ET.Element], Piece]]] = {
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

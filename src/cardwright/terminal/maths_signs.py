"""Which signs a line of Unicode has for maths."""

from __future__ import annotations

import unicodedata
from typing import Final

OPENING: Final = "([{⟨⌊⌈"
CLOSING: Final = ")]}⟩⌋⌉"
BIG: Final = "∑∏∐∫∬∭∮⋃⋂⨁⨂⨆⋁⋀"
SIGNS: Final = "+-−±∓¬"
"""Operators that may stand before their only operand."""
FRACTIONS: Final = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
ACCENTS: Final = {
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
"""What stands over a letter, as a character that combines with the letter before it."""
_SAME: Final = {sign: sign for sign in "′″‴*†°"}
SUPERSCRIPTS: Final = {
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
SUBSCRIPTS: Final = {
    **dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
    **dict(zip("βγρφχ", "ᵦᵧᵨᵩᵪ", strict=True)),
}


def is_operator(sign: str) -> bool:
    """Tell whether a sign stands between two operands, with a space on both sides."""
    if len(sign) != 1 or sign in "∂∇∞∀∃∄√|":
        return False
    return sign in "-*·⋅†‡" or unicodedata.category(sign) == "Sm"

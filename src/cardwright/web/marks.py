"""Two texts of HTML → both, with the words that only one of them has within `<del>` or `<ins>`.

Marks never cross an element, so what was well formed stays so. Formulas and media are marked as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cardwright.merge import Run, compare_sequences

_REST: Final = r"""(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^'">])*+(?:>|\Z)"""
"""The rest of a tag. What is never closed ends with the text, as in a browser."""
_PIECE: Final = re.compile(
    rf"""
      (?P<whole> <math\b.*?(?:</math\s*>|\Z) | <(?:audio|video)\b[^<>]*></(?:audio|video)>
               | <img\b{_REST} )
    | (?P<tag> <!--.*?(?:-->|\Z) | <(style|script|title|textarea|select)\b.*?(?:</\3\s*>|\Z)
             | </?[a-z]{_REST} )
    | (?P<word> &(?:\#\w+|\w+); | [^\W_]+ | \S )
    | (?P<space> \s+ )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATOMS: Final = ("whole", "word")
_MIN_RATIO: Final = 4
"""How many times as long as what is between them two changes must be to count as one."""


class _Piece(NamedTuple):
    text: str
    kind: str


def mark_changes(before: str, after: str) -> tuple[str, str]:
    """Return both texts with their differences marked; equal ones as they are."""
    if before == after:
        return before, after
    old, new = _split(before), _split(after)
    old_places, new_places = _list_places(old), _list_places(new)
    removed: set[int] = set()
    added: set[int] = set()
    words = ([old[at].text for at in old_places], [new[at].text for at in new_places])
    for what, start, end, new_start, new_end in _join_runs(list(compare_sequences(*words))):
        if what != "equal":
            removed.update(old_places[start:end])
            added.update(new_places[new_start:new_end])
    return "".join(_write(old, removed, "del")), "".join(_write(new, added, "ins"))


def _join_runs(runs: Sequence[Run]) -> Iterator[Run]:
    """Yield runs, but a word or two that two long changes have in common by chance count as changed."""
    lengths = [max(end - start, new_end - new_start) for _, start, end, new_start, new_end in runs]
    for number, run in enumerate(runs):
        is_between = run[0] == "equal" and 0 < number < len(runs) - 1
        if is_between and lengths[number] * _MIN_RATIO <= min(
            lengths[number - 1], lengths[number + 1]
        ):
            yield "replace", *run[1:]
        else:
            yield run


def _split(html: str) -> list[_Piece]:
    return [_Piece(found[0], found.lastgroup or "tag") for found in _PIECE.finditer(html)]


def _list_places(pieces: Sequence[_Piece]) -> list[int]:
    return [at for at, piece in enumerate(pieces) if piece.kind in _ATOMS]


def _write(pieces: Sequence[_Piece], marked: set[int], element: str) -> Iterator[str]:
    at = 0
    while at < len(pieces):
        if at not in marked:
            yield pieces[at].text
            at += 1
            continue
        last = at
        # Spaces between marked words are marked, those around them are not.
        ahead = at + 1
        while ahead < len(pieces) and (pieces[ahead].kind == "space" or ahead in marked):
            last = ahead if ahead in marked else last
            ahead += 1
        text = "".join(piece.text for piece in pieces[at : last + 1])
        yield f"<{element}>{text}</{element}>"
        at = last + 1

"""A line that is being typed, with a cursor."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from rich.text import Text

from cardwright.kinds.typed import split_letters
from cardwright.terminal.keys import PASTE
from cardwright.text import make_plain

_CURSOR: Final = "█"
_MOVES: Final = {
    **dict.fromkeys(("left", "ctrl-b", "backspace"), "letter before"),
    **dict.fromkeys(("right", "ctrl-f", "delete"), "letter behind"),
    **dict.fromkeys(("ctrl-left", "alt-b", "ctrl-w"), "word before"),
    **dict.fromkeys(("ctrl-right", "alt-f", "ctrl-delete"), "word behind"),
    **dict.fromkeys(("home", "ctrl-a", "ctrl-u"), "start"),
    **dict.fromkeys(("end", "ctrl-e", "ctrl-k"), "end"),
}
"""How far keys go, as in a shell."""
_DELETING: Final = frozenset({"backspace", "delete", "ctrl-w", "ctrl-delete", "ctrl-u", "ctrl-k"})
"""Keys that delete what they go over."""


class LineEditor:
    """Letters, each with the marks that belong to it, and a cursor in front of one of them."""

    def __init__(self, max_length: int) -> None:
        """Start with an empty line of at most so many characters."""
        self._max_length = max_length
        self._letters: list[str] = []
        self._place = 0

    @property
    def text(self) -> str:
        """What was typed."""
        return "".join(self._letters)

    def press(self, key: str) -> None:
        """Handle a key, or a paste; those that do not edit do nothing."""
        if len(key) == 1 or key.startswith(PASTE):
            self._insert(key.removeprefix(PASTE))
        elif key in _MOVES:
            place = min(max(self._find_place(_MOVES[key]), 0), len(self._letters))
            start, end = sorted((self._place, place))
            if key in _DELETING:
                del self._letters[start:end]
                place = start
            self._place = place

    def draw(self, start: str, width: int) -> tuple[Text, int]:
        """Draw the line after `start`, as far as it fits; return it with the column of the cursor."""
        letters = list(map(make_plain, self._letters))
        before, behind = letters[: self._place], letters[self._place :]
        under = behind[0] if behind else _CURSOR
        while before and cell_len("".join((start, *before, under))) > width:
            del before[0]
        head = "".join((start, *before))
        line = Text(head, no_wrap=True)
        line.append(under, "reverse" if behind else "").append("".join(behind[1:]))
        return line, cell_len(head)

    def _insert(self, text: str) -> None:
        text = text[: max(self._max_length - len(self.text), 0)]
        # A mark may belong to the letter before it.
        before = split_letters("".join(self._letters[: self._place]) + text)
        self._letters[: self._place] = before
        self._place = len(before)

    def _find_place(self, move: str) -> int:
        """Return where a move leads, which may be outside of the line."""
        if move in {"start", "end"}:
            return 0 if move == "start" else len(self._letters)
        step = -1 if move.endswith("before") else 1
        if move.startswith("letter"):
            return self._place + step
        letters = self._letters[self._place :] if step > 0 else self._letters[: self._place][::-1]
        blanks = next((n for n, letter in enumerate(letters) if not letter.isspace()), len(letters))
        rest = letters[blanks:]
        word = next((n for n, letter in enumerate(rest) if letter.isspace()), len(rest))
        return self._place + step * (blanks + word)

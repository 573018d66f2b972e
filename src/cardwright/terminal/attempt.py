"""A card on the table: how far it is shown, what was picked or ticked, and what that speaks for."""

from __future__ import annotations

from typing import Final

from cardwright.history import Rating
from cardwright.model import FieldType, Kind, Prompt
from cardwright.terminal.face import draw_answer, draw_question, list_options
from cardwright.terminal.markdown import Drawing

_HALF: Final = 0.5


class Attempt:
    """One attempt at a prompt, from its question to its rating."""

    def __init__(self, prompt: Prompt, kind: Kind, shuffle_seed: int) -> None:
        """Show the question only; the seed says how options stand."""
        self.prompt = prompt
        self.kind = kind
        self._seed = shuffle_seed
        self.is_revealed = False
        self.is_ticking = False
        """Whether points are to be ticked before the rating."""
        self.options = list_options(prompt, shuffle_seed)
        """Indices in the order shown; empty when the card has no options."""
        self.right = _find_right(prompt)
        """Indices of the options that are right."""
        self.point_count = _count_points(prompt, kind)
        """Points of the answer that can be ticked."""
        self.picked: set[int] = set()
        self.ticked: set[int] = set()

    @property
    def can_rate(self) -> bool:
        """Whether the answer was shown, and its points were ticked."""
        return self.is_revealed and not self.is_ticking

    @property
    def is_right(self) -> bool | None:
        """Whether just the right options are picked; None when none is."""
        return self.picked == self.right if self.picked else None

    @property
    def suggestion(self) -> Rating:
        """The rating that what was picked or ticked speaks for."""
        if self.is_right is False:
            return Rating.AGAIN
        if not self.point_count or len(self.ticked) == self.point_count:
            return Rating.GOOD
        is_half = len(self.ticked) / self.point_count >= _HALF
        return Rating.HARD if is_half else Rating.AGAIN

    @property
    def verdict(self) -> str:
        """What is to be said of the options that were picked or the points that were ticked."""
        if self.is_right:
            return "✓ right"
        if self.is_right is False:
            places = [f"{n}" for n, index in enumerate(self.options, 1) if index in self.right]
            return f"✗ wrong: {' and '.join(places)} {'is' if len(places) == 1 else 'are'} right"
        if self.point_count and self.can_rate:
            return f"{len(self.ticked)} of {self.point_count} points"
        return ""

    def reveal(self) -> None:
        """Show the answer; points are ticked first, then rated."""
        self.is_revealed = True
        self.is_ticking = self.point_count > 0

    def toggle(self, number: int) -> bool:
        """Pick or tick the option or point with this number, from 1; tell whether there is one."""
        if not self.is_revealed and 0 < number <= len(self.options):
            index = self.options[number - 1]
            # Where one is to be chosen, another choice takes its place.
            kept = self.picked & {index} if len(self.right) == 1 else self.picked
            self.picked = kept ^ {index}
            return True
        if self.is_ticking and 0 < number <= self.point_count:
            self.ticked = self.ticked ^ {number - 1}
            return True
        return False

    def tick_all(self) -> None:
        """Tick all points; or none, when all were."""
        every = set(range(self.point_count))
        self.ticked = set() if self.ticked == every else every

    def draw_question(self) -> Drawing:
        """Draw what is asked; once revealed, without what the answer shows again."""
        return draw_question(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            is_above_answer=self.is_revealed,
        )

    def draw_answer(self) -> Drawing:
        """Draw what is revealed."""
        return draw_answer(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            ticked=self.ticked,
        )

    def list_links(self) -> list[str]:
        """Return the web addresses in what is shown, each once."""
        tokens = list(self.draw_question().tokens)
        if self.is_revealed:
            tokens += self.draw_answer().tokens
        return list(dict.fromkeys(token.detail for token in tokens if token.name == "link_open"))


def _find_right(prompt: Prompt) -> set[int]:
    return {index for index, option in enumerate(prompt.card.options) if option.right}


def _count_points(prompt: Prompt, kind: Kind) -> int:
    answer = kind.field(prompt.side.show[0])
    value = prompt.card.fields.get(answer.name)
    return len(value) if answer.type is FieldType.LIST and isinstance(value, tuple) else 0

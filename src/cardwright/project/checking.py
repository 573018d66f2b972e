"""What the checks across files work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cardwright.diagnostic import Diagnostic, Span, TextProblem, diagnose
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Kind
from cardwright.project.media import MediaLibrary
from cardwright.project.texts import SourceTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """The inputs of a check."""

    root: Path
    collection: Collection
    renderer: Renderer
    texts: SourceTexts
    media: MediaLibrary

    def asked(self) -> Iterator[tuple[Card, Kind]]:
        """Yield every card that is still asked, with its kind."""
        for card in self.collection.cards:
            if card.retired is None:
                yield card, self.collection.kinds[card.kind]

    def asked_by_pack(self) -> dict[str, list[Card]]:
        """Return the cards that are still asked, by pack."""
        found: dict[str, list[Card]] = {}
        for card, _ in self.asked():
            found.setdefault(card.pack, []).append(card)
        return found

    def place(self, problem: TextProblem, text: str, span: Span) -> Diagnostic:
        """Convert a problem in a text at a span, or in the list there, into a diagnostic."""
        start = problem.start if problem.start >= 0 else text.find(problem.quote)
        if problem.quote and start >= 0:
            span = self.texts.find(span, text, start, len(problem.quote))
        return diagnose(problem.code, problem.message, span, help=problem.help)

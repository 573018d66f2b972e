"""What checks work on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cardwright.diagnostic import Diagnostic, Span, TextProblem, diagnose
from cardwright.frozen import frozen
from cardwright.markdown.render import Renderer
from cardwright.model import Card, CardHead, Collection, Kind
from cardwright.project.cache import Cache
from cardwright.project.card_file import CardFile
from cardwright.project.media import MediaLibrary
from cardwright.project.texts import SourceTexts


@frozen
class CardChecking:
    """What the checks of the cards of a file work on: nothing outside of the file and the kinds."""

    cards: Sequence[Card]
    kinds: Mapping[str, Kind]
    renderer: Renderer
    texts: SourceTexts

    def asked(self) -> Iterator[tuple[Card, Kind]]:
        """Yield every card that is still asked, with its kind."""
        for card in self.cards:
            if card.retired is None:
                yield card, self.kinds[card.kind]

    def place(self, problem: TextProblem, text: str, span: Span) -> Diagnostic:
        """Convert a problem in a text at a span, or in the list there, into a diagnostic."""
        return place_problem(self.texts, problem, text, span)


class Mention(NamedTuple):
    """A path in a text of a card, of a file that may or may not be there."""

    written: str
    text: str
    span: Span
    """The place of the text, or that of the list with it."""
    is_shown: bool
    """Whether the path is the whole text, and shown as such: if the file is there, it was meant."""


class FileFindings(NamedTuple):
    """What the checks of the cards of a file found."""

    problems: tuple[Diagnostic, ...]
    mentions: tuple[Mention, ...]
    questions: tuple[bytes, ...]
    """For each card, a digest of what it asks; empty if that is nothing, or it is not asked."""


@frozen
class Checking:
    """What the checks across files work on."""

    root: Path
    collection: Collection
    files: Sequence[tuple[CardFile, FileFindings]]
    """The files of cards."""
    renderer: Renderer
    texts: SourceTexts
    media: MediaLibrary
    cache: Cache
    kinds_key: bytes | None
    """A digest of the kinds; None if it is not known."""
    decks_key: bytes | None
    """A digest of the manifests and blueprints."""
    digests: Mapping[str, bytes]
    """Of each of these files, by name."""

    def asked_by_pack(self) -> dict[str, list[CardHead]]:
        """Return the cards that are still asked, by pack."""
        found: dict[str, list[CardHead]] = {}
        for card in self.collection.heads:
            if card.retired is None:
                found.setdefault(card.pack, []).append(card)
        return found

    def place(self, problem: TextProblem, text: str, span: Span) -> Diagnostic:
        """Convert a problem in a text at a span, or in the list there, into a diagnostic."""
        return place_problem(self.texts, problem, text, span)


def place_problem(texts: SourceTexts, problem: TextProblem, text: str, span: Span) -> Diagnostic:
    """Convert a problem in a text at a span, or in the list there, into a diagnostic."""
    start = problem.start if problem.start >= 0 else text.find(problem.quote)
    if problem.quote and start >= 0:
        span = texts.find(span, text, start, len(problem.quote))
    return diagnose(problem.code, problem.message, span, help=problem.help)

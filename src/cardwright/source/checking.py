"""What every check looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Kind
from cardwright.source.load import SourceTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a check looks at."""

    root: Path
    collection: Collection
    renderer: Renderer
    texts: SourceTexts

    def asked(self) -> Iterator[tuple[Card, Kind]]:
        """Yield every card that is still asked, with its kind."""
        for card in self.collection.cards:
            if card.retired is None:
                yield card, self.collection.kinds[card.kind]

"""Opening and playing what a card shows, in other programs."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from cardwright.app.study import Study
from cardwright.terminal.review_state import Attempt

if TYPE_CHECKING:
    from cardwright.cli.player import Player


class Opener:
    """Opens one thing after another of the side shown, and plays its sounds when asked."""

    def __init__(self, study: Study, player: str = "") -> None:
        """Nothing was opened yet; `player` is the user's command, see `Sounds`."""
        self._command = player
        self._study = study
        self._opened: Counter[tuple[str, str, bool]] = Counter()
        self._player: Player | None = None

    def open_media(self, attempt: Attempt) -> str:
        """Open the next image, sound or video in its program; return a message."""
        from cardwright.cli.editor import open_media  # noqa: PLC0415  (only when its key is pressed)

        files = self._study.find_media(attempt.prompt.card, attempt.list_media())
        if not files:
            return "no image, sound or video on this side"
        place = self._count("media", attempt, len(files))
        message = open_media(files[place])
        return message or f"opened {files[place].path.name} ({place + 1} of {len(files)})"

    def open_web(self, attempt: Attempt) -> str:
        """Open the next link or source in the browser; return a message."""
        from cardwright.cli.editor import open_address  # noqa: PLC0415  (as above)

        addresses = attempt.list_links()
        if not addresses:
            return "no link or source on this side"
        place = self._count("web", attempt, len(addresses))
        message = open_address(addresses[place])
        return message or f"opened {addresses[place]} ({place + 1} of {len(addresses)})"

    def open_source(self, attempt: Attempt) -> str:
        """Open the card's text on the web, where it can be improved; return a message."""
        from cardwright.cli.editor import open_address  # noqa: PLC0415  (as above)

        card = attempt.prompt.card
        address = self._study.find_source_url(card)
        if not address:
            return f"no address to improve it: the deck of {card.pack} has no source_url"
        return open_address(address) or f"opened {address}"

    def play(self, attempt: Attempt) -> str:
        """Play the sounds and videos from the start; return a message."""
        found = self._study.find_media(attempt.prompt.card, attempt.list_media())
        files = [file for file in found if file.format.kind != "image"]
        if not files:
            return "no sound on this side"
        if self._player is None:
            from cardwright.cli.player import Player  # noqa: PLC0415  (few cards have sounds)

            self._player = Player(os.environ, self._study.roots, self._command)
        return self._player.play(files)

    def stop(self) -> None:
        """Stop what is playing."""
        if self._player is not None:
            self._player.stop()

    def _count(self, what: str, attempt: Attempt, number: int) -> int:
        """Return which of so many comes next."""
        prompt = attempt.prompt
        key = (what, f"{prompt.card.key}/{prompt.side_name}", attempt.is_revealed)
        self._opened[key] += 1
        return (self._opened[key] - 1) % number

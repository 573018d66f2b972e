"""The sounds of a review: those of the side shown are played on a key press, or automatically."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cardwright.app.study import Study
from cardwright.terminal.review_state import ReviewState

if TYPE_CHECKING:
    from cardwright.cli.player import Player
    from cardwright.foreign.media import MediaFile


class Sounds:
    """Plays the sounds and videos of the card that a review shows."""

    def __init__(
        self,
        study: Study,
        state: ReviewState,
        environ: Mapping[str, str],
        *,
        plays_itself: bool,
        player: str = "",
    ) -> None:
        """Play without being asked only if `plays_itself`, which the user has to set.

        `player` is the command to play with; "" for the best one that is installed.
        """
        self._study = study
        self._plays_itself = plays_itself
        self._state = state
        self._environ = environ
        self._command = player
        self._shown = (0, False)
        """The turn shown last, and whether its answer was shown."""
        self._player: Player | None = None

    def play(self) -> str:
        """Play what the side shown contains, from the start; return a message."""
        files = self._list_files()
        return self._find_player().play(files) if files else "no sound on this side"

    def follow(self) -> str:
        """Stop the sounds of a card that has left; play those of a new side if so set."""
        attempt = self._state.attempt
        shown = (self._state.turn, attempt is not None and attempt.is_revealed)
        if shown == self._shown:
            return ""
        if shown[0] != self._shown[0]:
            self.stop()
        self._shown = shown
        if self._plays_itself and (files := self._list_files(only_new=True)):
            player = self._find_player()
            if not player.is_remote and not player.has_complained:
                message = player.play(files)
                return message if player.has_complained else ""
        return ""

    def stop(self) -> None:
        """Stop what is playing."""
        if self._player is not None:
            self._player.stop()

    def _list_files(self, *, only_new: bool = False) -> list[MediaFile]:
        """Return the sounds and videos of the side shown."""
        attempt = self._state.attempt
        paths = attempt.list_media(only_new=only_new) if attempt else []
        item = self._state.item
        if attempt is None or item is None or not paths or self._state.is_over:
            return []
        found = self._study.part_of(item).find_media(attempt.prompt.card, paths)
        return [file for file in found if file.format.kind != "image"]

    def _find_player(self) -> Player:
        if self._player is None:
            from cardwright.cli.player import Player  # noqa: PLC0415  (few cards have sounds)

            self._player = Player(self._environ, self._study.roots, self._command)
        return self._player

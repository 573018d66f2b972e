"""Study in real Anki over many days: what is done now is moved into the past.

Anki computes stored states from the present only. So each day is lived now, and then the whole
collection becomes a day older: its creation, its log, and the times that cards hold.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anki.collection import Collection, ExportAnkiPackageOptions
from anki.decks import DeckId

from anki_backend import RATINGS, Anki

if TYPE_CHECKING:
    from anki.cards import CardId

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
EVENING_S: Final = 13 * HOUR_S
"""How much of a study day must have passed, so that study can be moved to any part of it."""
_WEIGHTS: Final = (2, 1, 6, 1)
_FIRST_TIME: Final = 1_000_000_000


class Past(Anki):
    """A collection that grows old."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        self.dice = random.Random(seed)
        self.path = folder / "collection.anki2"

    @property
    def db(self) -> Any:
        """The database under Anki."""
        assert self.col.db is not None
        return self.col.db

    def grow_older(self, seconds: int = DAY_S, *, created_s: int = DAY_S) -> None:
        """Move everything into the past; when clocks are changed, a day has 23 or 25 hours."""
        self.db.execute("update col set crt = crt - ?", created_s)
        self.db.execute("update revlog set id = -(id - ?)", seconds * 1000)
        self.db.execute("update revlog set id = -id")
        for id, due, odue, data in self.db.all("select id, due, odue, data from cards"):
            found = json.loads(data or "{}")
            if "lrt" in found:
                found["lrt"] -= seconds
            times = (value - seconds if value > _FIRST_TIME else value for value in (due, odue))
            sql = "update cards set due = ?, odue = ?, data = ? where id = ?"
            self.db.execute(sql, *times, json.dumps(found) if found else "", id)
        self.reopen()

    def start_earlier(self) -> None:
        """Move the creation into the past: Anki counts no day before that of the creation.

        Otherwise today would be day 0 both before and after the hour at which a day starts.
        """
        self.db.execute("update col set crt = crt - ?", 2 * DAY_S)
        self.reopen()

    def reopen(self) -> None:
        """Let Anki forget what time it was."""
        self.col.close()
        self.col = Collection(str(self.path))

    def move_today(self, seconds: int, since_ms: int) -> None:
        """Move what was done since a moment to an earlier time of the day."""
        ids = self.db.list("select distinct cid from revlog where id >= ?", since_ms)
        self.db.execute("update revlog set id = id - ? where id >= ?", seconds * 1000, since_ms)
        for id in ids:
            card = self.col.get_card(id)
            if card.last_review_time and card.last_review_time * 1000 >= since_ms - 1000:
                found = json.loads(self.db.scalar("select data from cards where id = ?", id))
                found["lrt"] -= seconds
                self.db.execute("update cards set data = ? where id = ?", json.dumps(found), id)

    def answer_due(self, number: int) -> None:
        """Answer some cards that are new or due, learning cards several times."""
        today = self.col.sched.today
        # In an order that does not depend on the seconds at which cards in learning are due.
        due = self.db.list(
            "select id from cards where queue in (0, 1) or queue in (2, 3) and due <= ? order by id",
            today,
        )
        for id in self.dice.sample(due, min(number, len(due))):
            for _ in range(self.dice.choice((1, 1, 2, 3))):
                self.answer(id, self.dice.choices(RATINGS, _WEIGHTS)[0])
                if self.col.get_card(id).queue != 1:
                    break

    def pick(self, number: int, where: str = "type > 0") -> list[CardId]:
        """Return some cards."""
        found = self.db.list(f"select id from cards where ({where}) and odid = 0 order by id")
        return self.dice.sample(found, min(number, len(found)))

    def cram(self, cards: list[CardId], *, reschedules: bool) -> None:
        """Answer cards in a filtered deck, and delete it."""
        if not cards:
            return
        deck = self.col.sched.get_or_create_filtered_deck(DeckId(0))
        deck.name = "Cram"
        deck.config.reschedule = reschedules
        del deck.config.search_terms[1:]
        deck.config.search_terms[0].search = " or ".join(f"cid:{id}" for id in cards)
        deck.config.search_terms[0].limit = len(cards)
        made = self.col.sched.add_or_update_filtered_deck(deck)
        for id in cards:
            if self.col.get_card(id).odid:
                self.answer(id, self.dice.choices(RATINGS, _WEIGHTS)[0])
        self.col.decks.remove([DeckId(made.id)])

    def live_day(self, number: int = 8) -> None:
        """Study for a day, with everything that one can do to cards, and let it pass."""
        dice, sched = self.dice, self.col.sched
        start_ms = int(time.time() * 1000)
        self.answer_due(number)
        if dice.random() < 0.3:
            self.cram(self.pick(2), reschedules=dice.random() < 0.5)
        if dice.random() < 0.2:
            sched.schedule_cards_as_new(self.pick(1), restore_position=True, reset_counts=True)
        if dice.random() < 0.25:
            # Anki itself would choose any day of a range.
            due = dice.choice(("0", "3", str(dice.randint(5, 9)), "4!"))
            sched.set_due_date(self.pick(1, "type >= 0"), due)
        if dice.random() < 0.2:
            sched.suspend_cards(self.pick(1, "queue >= 0"))
        if dice.random() < 0.2:
            sched.unsuspend_cards(self.pick(1, "queue = -1"))
        if dice.random() < 0.2:
            self.col.set_user_flag_for_cards(dice.randrange(8), self.pick(1, "true"))
        if dice.random() < 0.2:
            sched.bury_cards(self.pick(1, "queue >= 0"))
        passed_s = DAY_S - (sched.day_cutoff - int(time.time()))
        assert passed_s > EVENING_S, "days are to start at an hour that is long ago"
        self.move_today(dice.randrange(EVENING_S), start_ms)

    def compute(self) -> Mapping[int, tuple[float, float] | None]:
        """Return stability and difficulty of each card, as Anki computes them from its log."""
        found = {}
        for id in self.db.list("select id from cards"):
            made = self.col._backend.compute_memory_state(id)
            has_state = made.HasField("state")
            found[id] = (made.state.stability, made.state.difficulty) if has_state else None
        return found

    def export(self, path: Path, *, legacy: bool = False) -> Path:
        """Write a package, or the whole collection, with everything."""
        if path.suffix == ".colpkg":
            self.col.export_collection_package(str(path), include_media=False, legacy=legacy)
            self.reopen()
        else:
            options = ExportAnkiPackageOptions(
                with_scheduling=True, with_deck_configs=True, with_media=False, legacy=legacy
            )
            self.col.export_anki_package(out_path=str(path), options=options, limit=None)
        return path


CARDS: Final = """\
kind: term
sources: [https://example.com/trees]
cards:
"""


def write_trees(root: Path, number: int) -> Path:
    """Write a project of terms, asked both ways, and clozes; return its folder."""
    for name, text in {
        "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
        "cards/trees/terms.yaml": CARDS
        + "".join(
            f"  - {{id: tree-{i}, term: Tree {i}, definition: The tree of number {i}., reverse: true}}\n"
            for i in range(number)
        )
        + "".join(
            f"  - {{id: wood-{i}, kind: cloze, text: 'Wood {i} has {{{{c1::rings}}}}, {{{{c2::rays}}}}.'}}\n"
            for i in range(number // 4)
        ),
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root

"""Chosen histories of a world, where a random one would come too seldom."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from anki_phone import Phone
from anki_runner import Runner
from anki_world import DOORS, World, now
from cardwright.history import Act, Moment, Rating

SHEETS: Final = 16


def answer(world: World, key: str, *ratings: Rating, days: float = 0) -> None:
    """Answer in the terminal."""
    for rating in ratings:
        world.clock.move(seconds=7)
        with world.terminal.open() as study, study.store.transaction():
            study.journal.record(key, Act.ANSWER, now(), rating=rating, duration_ms=3000)
        world.clock.move(days=days, seconds=1)


def mark(world: World, key: str, act: Act) -> None:
    """Mark a prompt in the terminal."""
    world.clock.move(seconds=1)
    with world.terminal.open() as study, study.store.transaction():
        study.journal.record(key, act, now())


def find_id(phone: Phone, key: str) -> int:
    return phone.read_cards()[key].id


def answer_in_anki(world: World, key: str, *ratings: int, days: float = 0) -> None:
    for rating in ratings:
        world.clock.move(seconds=7)
        world.phone.rate(find_id(world.phone, key), rating)
        world.clock.move(days=days, seconds=1)


def mark_overwrites_new(world: World, key: str) -> None:
    """A card that was new when it was moved on the phone, which did not know of our answer."""
    world.meet()
    answer(world, key, Rating.EASY)
    world.sync()
    deck = world.phone.col.decks.id("Mine")
    world.phone.col.set_deck([find_id(world.phone, key)], deck)  # type: ignore[arg-type,list-item]


def mark_overwrites_review(world: World, key: str) -> None:
    """The same with one that is in review on both sides."""
    answer_in_anki(world, key, 4, days=9)
    world.meet()
    answer(world, key, Rating.GOOD)
    world.sync()
    world.phone.col.sched.bury_cards([find_id(world.phone, key)])  # type: ignore[list-item]


def mark_overwrites_reset(world: World, key: str) -> None:
    """The phone suspends a card that was reset here."""
    answer_in_anki(world, key, 4, days=9)
    world.meet()
    mark(world, key, Act.RESET)
    world.sync()
    world.phone.col.sched.suspend_cards([find_id(world.phone, key)])  # type: ignore[list-item]


def answer_overwrites(world: World, key: str) -> None:
    """The phone answers a card later than we did, and does not know that."""
    answer_in_anki(world, key, 4, days=9)
    world.meet()
    answer(world, key, Rating.AGAIN, Rating.GOOD)
    world.sync()
    world.clock.move(days=2)
    answer_in_anki(world, key, 3)


def answer_before_ours(world: World, key: str) -> None:
    """The phone answered before we did, and syncs after."""
    answer_in_anki(world, key, 4, days=9)
    world.meet()
    answer_in_anki(world, key, 1, 3)
    world.clock.move(days=2)
    answer(world, key, Rating.GOOD)
    world.sync()


def both_begin(world: World, key: str) -> None:
    """Both learn the same new card, and go on for days without knowing of each other."""
    world.meet()
    answer(world, key, Rating.GOOD, Rating.GOOD, days=0.3)
    answer_in_anki(world, key, 3, 3, days=0.4)
    world.clock.move(days=3)
    answer(world, key, Rating.GOOD)
    answer_in_anki(world, key, 1)
    world.sync()


def lapse_of_a_learner(world: World, key: str) -> None:
    """What is a step of learning on the phone is a lapse once our answer is known."""
    world.meet()
    answer_in_anki(world, key, 3)
    answer(world, key, Rating.GOOD)
    world.sync()
    answer_in_anki(world, key, 1)


def reset_and_answer(world: World, key: str) -> None:
    """We reset a card that the phone answers as a review later."""
    answer_in_anki(world, key, 4, days=9)
    world.meet()
    mark(world, key, Act.RESET)
    world.sync()
    world.clock.move(days=2)
    answer_in_anki(world, key, 3)


def same_millisecond(world: World, _key: str) -> None:
    """Answers to many prompts in one millisecond, and one in Anki then, too."""
    world.meet()
    moment = now()
    with world.terminal.open() as study, study.store.transaction():
        for item in study.items:
            study.journal.record(item.key, Act.ANSWER, moment, rating=Rating.GOOD)
            later = Moment(moment.at_ms + 1, moment.utc_offset_minutes)
            study.journal.record(item.key, Act.ANSWER, later, rating=Rating.GOOD)


def filtered_meanwhile(world: World, key: str) -> None:
    """We answer cards that are in a filtered deck, and answered there, until they return."""
    answer_in_anki(world, key, 4, days=3)
    world.phone.gather("-is:new", is_rescheduled=True)
    world.settle(empties=False)
    answer(world, key, Rating.AGAIN)
    mark(world, key, Act.SUSPEND)
    world.sync()
    answer_in_anki(world, key, 3)
    world.settle(empties=False)


def deleted_and_imported(world: World, key: str) -> None:
    """A note is deleted in Anki, and comes back with the next import."""
    answer_in_anki(world, key, 4, days=3)
    world.meet()
    answer(world, key, Rating.GOOD)
    world.meet()
    card = world.phone.read_cards()[key]
    world.phone.col.remove_notes([card.nid])  # type: ignore[list-item]
    world.meet()
    answer(world, key, Rating.GOOD)
    world.meet()
    world.import_deck()


def moved_day(world: World, key: str) -> None:
    """The due date is set in Anki, and again, and here an answer follows."""
    answer_in_anki(world, key, 4, days=3)
    ids = [find_id(world.phone, key)]
    world.phone.col.sched.set_due_date(ids, "5")  # type: ignore[arg-type]
    world.meet()
    world.phone.col.sched.set_due_date(ids, "1")  # type: ignore[arg-type]
    world.meet()
    world.clock.move(days=1)
    answer(world, key, Rating.GOOD)


SCENES: Final[dict[str, Callable[[World, str], None]]] = {
    scene.__name__: scene
    for scene in (
        mark_overwrites_new,
        mark_overwrites_review,
        mark_overwrites_reset,
        answer_overwrites,
        answer_before_ours,
        both_begin,
        lapse_of_a_learner,
        reset_and_answer,
        same_millisecond,
        filtered_meanwhile,
        deleted_and_imported,
        moved_day,
    )
}


def main() -> int:
    """Play scenes behind doors, all of them unless some are named; print which broke a promise."""
    doors, names = sys.argv[1].split(","), sys.argv[2:] or list(SCENES)
    runner = Runner()
    broken = 0
    for door in doors:
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder), 1, DOORS[door](Path(folder)), runner, sheets=SHEETS)
            keys = [sheet.key for sheet in world.author.sheets if sheet.kind != "cloze"]
            try:
                for name, key in zip(names, keys, strict=False):
                    world.steps.clear()
                    SCENES[name](world, f"{key}/recall")
                    world.settle()
                world.check_collections()
            except Exception as error:  # noqa: BLE001  (whatever goes wrong is a finding)
                broken += 1
                print(f"{name}, {door}: {type(error).__name__}: {error}", flush=True)
                print("\n".join(world.steps), flush=True)
            finally:
                world.close()
    runner.close()
    print(f"{len(names)} scenes behind {', '.join(doors)}: {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

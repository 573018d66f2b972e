"""Anki's logs as reviews, and our reviews as rows and card states, compared with Anki itself."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from anki.decks import DeckConfigId
from click.testing import CliRunner

from anki_past import DAY_S, HOUR_S, Past, write_trees
from cardwright.anki.card_data import write_data
from cardwright.anki.card_state import make_card_write
from cardwright.anki.collection import open_collection
from cardwright.anki.doors.door import Push
from cardwright.anki.history import find_due_day, pull_reviews
from cardwright.anki.log_rows import (
    Rules,
    Step,
    make_log_rows,
)
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    CardKind,
    CardRow,
    LogKind,
    LogRow,
    Preset,
    Timing,
)
from cardwright.app.anki.file_import import find_project_notes, import_history
from cardwright.app.anki.plan import is_pushable
from cardwright.app.anki.sync import sync_anki
from cardwright.app.study import Study, open_study
from cardwright.cli.main import cards
from cardwright.history import Act, Moment, Rating, Review, check_review
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.schedule import Schedule
from cardwright.study.settings import ROLLOVER_HOUR
from cardwright.study.store import open_store

TOLERANCE = 1e-5
STATES = {State.NEW: 0, State.LEARNING: 1, State.REVIEW: 2, State.RELEARNING: 3}
SCHEDULE = Schedule(DeckOptions())
KEY = "trees:oak/recall"


def find_now() -> Moment:
    return Moment.from_datetime(datetime.now().astimezone())


class Month(NamedTuple):
    """A collection in which somebody has studied for a month."""

    root: Path
    anki: Path
    hour: int
    """When its days start."""
    moment: Moment
    computed: Mapping[int, tuple[float, float] | None]
    """What Anki computes from its log, by card."""
    packages: Sequence[Path]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """A month in which the clocks were changed."""
    folder = tmp_path_factory.mktemp("month")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        root = write_trees(folder / "project", 16)
        assert not CliRunner().invoke(cards, ["-C", str(root), "release", "trees"]).exit_code
    anki = Past(folder / "anki", seed=7)
    # Whenever the tests run, much of the day has passed.
    hour = (datetime.now().astimezone().hour - 14) % 24
    anki.col.set_config("rollover", hour)
    anki.start_earlier()
    anki.import_package(root / "build" / "trees.apkg")
    for day in range(30):
        anki.live_day()
        if day < 29:
            anki.grow_older(25 * HOUR_S if day == 17 else DAY_S)
    anki.col.sched.suspend_cards(anki.pick(2, "queue >= 0"))
    anki.col.set_user_flag_for_cards(5, anki.pick(2))
    packages = [
        anki.export(folder / "new.apkg"),
        anki.export(folder / "old.apkg", legacy=True),
        anki.export(folder / "new.colpkg"),
        anki.export(folder / "old.colpkg", legacy=True),
    ]
    computed = anki.compute()
    anki.col.close()
    return Month(root, anki.path, hour, find_now(), computed, packages)


@contextmanager
def open_new(month: Month, folder: Path) -> Iterator[Study]:
    """Open a new store whose days start at the same hour."""
    path = folder / "reviews.db"
    with open_store(path) as store:
        store.settings.put({("", ROLLOVER_HOUR): month.hour}, month.moment.at_ms)
    with open_study(month.root, path, month.moment, lambda _: None) as study:
        yield study


def read_view(study: Study, month: Month) -> AnkiView:
    with open_collection(month.anki) as collection:
        return collection.view(find_project_notes(study))


def test_a_month_in_anki_is_remembered_card_by_card(month: Month, tmp_path: Path) -> None:
    with open_new(month, tmp_path) as study:
        done = import_history(study, find_project_notes(study), month.anki)
        view = read_view(study, month)
        memories = study.read_memories()

        assert done.added.keys() == {Act.ANSWER, Act.CRAM, Act.RESET, Act.RESCHEDULE}
        assert done.marks.keys() == {Act.SUSPEND, Act.FLAG}
        assert done.added.total() + done.known == sum(map(len, view.log.values())) > 200
        assert not done.skipped
        for key, card in view.cards.items():
            memory = memories.get(key, Memory(key=key))
            computed = month.computed[card.row.id]
            if computed is not None:
                assert (memory.stability, memory.difficulty) == pytest.approx(
                    computed, rel=TOLERANCE
                ), key
            assert STATES[memory.state] == card.row.kind, key
            assert (memory.reps, memory.lapses) == (card.row.reps, card.row.lapses), key
            due_day = find_due_day(card, view.timing)
            assert due_day is None or memory.due_day == due_day, key
            assert memory.is_suspended == card.row.is_suspended, key
            assert memory.is_flagged == bool(card.row.flag), key


def test_it_is_the_same_from_whatever_file(month: Month, tmp_path: Path) -> None:
    with open_new(month, tmp_path) as study:
        notes = find_project_notes(study)
        first = import_history(study, notes, month.anki)
        log = list(study.store.list_log())
        assert first.total == len([one for one in log if is_counted(one)])
        for package in month.packages:
            done = import_history(study, notes, package)
            assert (done.total, done.known) == (0, first.added.total()), package
        assert list(study.store.list_log()) == log
    for package in month.packages:
        (tmp_path / package.name).mkdir()
        with open_new(month, tmp_path / package.name) as study:
            import_history(study, notes, package)
            found = list(study.store.list_log())
            assert [r for r in found if r.is_from_anki] == [r for r in log if r.is_from_anki]


@dataclass
class ClosedDoor:
    """A door through which nothing may be written."""

    view: AnkiView
    place: str = "profile Anna"

    def read(self) -> AnkiView:
        return self.view

    def find_taken(self, ids: Sequence[int]) -> set[int]:
        return set(ids)

    def write(self, push: Push) -> None:
        pytest.fail(f"writes {len(push.log)} rows and {len(push.cards)} cards")

    def close(self) -> None:
        """There is nothing to close."""


def test_a_sync_after_an_import_finds_nothing_new(month: Month, tmp_path: Path) -> None:
    with open_new(month, tmp_path) as study:
        notes = find_project_notes(study)
        import_history(study, notes, month.anki)
        log = list(study.store.list_log())
        for _ in range(2):
            done = sync_anki(study, notes, ClosedDoor(read_view(study, month)))
            assert done.has_nothing_new
        assert list(study.store.list_log()) == log


def is_counted(review: Review) -> bool:
    return is_pushable(review) or not review.is_from_anki


def test_rows_and_states_of_a_replay_are_those_that_anki_wrote(
    month: Month, tmp_path: Path
) -> None:
    with open_new(month, tmp_path) as study:
        import_history(study, find_project_notes(study), month.anki)
        view = read_view(study, month)
        for key, card in view.cards.items():
            schedule = study.journal.schedule_of(key)
            rules = make_rules(schedule, view.timing)
            memory, steps = Memory(key=key), []
            for review in study.store.list_reviews(key):
                before, memory = memory, schedule.apply(memory, review)
                if is_pushable(review):
                    steps.append((review.at_ms, Step(review, before, memory)))
            made = make_log_rows(card, [], steps, rules)
            for ours, theirs, (_, step) in zip(made, view.log[key], steps, strict=True):
                assert_same_row(ours, theirs, is_first=step.before.last_day is None)
            made_card = make_card_write(card, view.log[key], memory, rules)
            assert_same_card(made_card, card, month.computed[card.row.id])


def make_rules(schedule: Schedule, timing: Timing, *, is_fsrs: bool = True) -> Rules:
    options = schedule.options
    return Rules(
        timing=timing,
        is_fsrs=is_fsrs,
        learning_steps_minutes=options.learning_steps_minutes,
        relearning_steps_minutes=options.relearning_steps_minutes,
        desired_retention=options.desired_retention,
        decay=schedule.parameters[20],
    )


def assert_same_row(ours: LogRow, theirs: LogRow, *, is_first: bool) -> None:
    assert ours.factor == pytest.approx(theirs.factor, abs=1)
    if is_first and theirs.kind == LogKind.REVIEW:
        # Its due date was set when it was new: from such a row, Anki itself would derive a memory.
        theirs = theirs._replace(kind=LogKind.LEARNING)
    if ours.kind == LogKind.FILTERED:
        # A day that the change of clocks has made longer.
        assert theirs.kind in {LogKind.FILTERED, LogKind.REVIEW}
        theirs = theirs._replace(kind=LogKind.FILTERED)
    if (not theirs.factor and theirs.kind == LogKind.FILTERED) or theirs.kind == LogKind.MANUAL:
        # How long Anki waits in a filtered deck is not known here, nor what it makes of a new card.
        theirs = theirs._replace(interval=ours.interval, last_interval=ours.last_interval)
    if theirs.interval > 0:
        # The longer day may have moved an answer into the next one.
        assert ours.interval == pytest.approx(theirs.interval, abs=1)
        theirs = theirs._replace(interval=ours.interval)
    assert ours == theirs._replace(factor=ours.factor)


def assert_same_card(ours: Any, card: AnkiCard, computed: tuple[float, float] | None) -> None:
    row = card.row
    data = json.loads(row.data or "{}")
    assert (ours.kind, ours.queue, ours.left) == (row.kind, row.queue, row.left)
    assert (ours.interval_days, ours.factor) == (row.interval_days, row.factor)
    assert (ours.reps, ours.lapses, ours.flag) == (row.reps, row.lapses, row.flag)
    # Compared as it would be written: what a reset leaves in Anki, it leaves here. The id of a row is
    # the next one that is free, which can be of the next second.
    last_s, written_s = (
        json.loads(text or "{}").get("lrt") for text in (row.data, write_data(row, ours))
    )
    assert written_s == (None if last_s is None else pytest.approx(last_s, abs=1))
    assert (ours.last_review_s is None) == (row.kind == CardKind.NEW)
    if row.kind not in {1, 3}:
        assert ours.due == row.due
    assert (ours.stability is None) == ("s" not in data)
    assert (ours.difficulty is None) == ("d" not in data)
    # Anki goes on from what it has rounded. Of a card that was given a due day while it was new, it holds
    # another memory than it computes from its log.
    is_computed = computed is None or data.get("s") == pytest.approx(computed[0], rel=1e-2)
    if ours.stability is not None and is_computed:
        assert ours.stability == pytest.approx(data["s"], rel=1e-2)
        assert ours.difficulty == pytest.approx(data["d"], abs=1e-2)


# Any log at all.


def make_log(dice: random.Random, card_id: int, taken: set[int], now_ms: int) -> list[LogRow]:
    """Rows as programs of all ages may have written them, in any order of kinds."""
    at_ms = now_ms - dice.randrange(100, 400) * DAY_S * 1000
    rows = []
    for _ in range(dice.randint(1, 9)):
        at_ms += dice.choice(
            (60_000, HOUR_S * 1000 * 9, DAY_S * 1000, DAY_S * 9000)
        ) + dice.randrange(9_999)
        while at_ms in taken:
            at_ms += 1
        taken.add(at_ms)
        kind = dice.choices(range(6), (4, 6, 3, 2, 1, 1))[0]
        is_manual = kind in {4, 5} or dice.random() < 0.05
        rows.append(
            LogRow(
                id=at_ms,
                card_id=card_id,
                ease=0 if is_manual else dice.randint(1, 4),
                interval=dice.choice((-60, -600, -86_400, -172_800, 0, 1, 3, 20, 400)),
                last_interval=0,
                factor=dice.choice((0, 0, 100, 555, 1_100, 1_101, 1_300, 2_500, 3_100)),
                duration_ms=dice.choice((-5, 0, 9_000)),
                kind=kind,
            )
        )
    return rows


@pytest.mark.parametrize("after_ms", [-1, 0, 165, 999, 1000, 1001])
def test_the_first_second_of_a_day_belongs_to_the_day_to_which_anki_counts_it(
    tmp_path: Path, after_ms: int
) -> None:
    anki = Past(tmp_path / "anki", seed=1)
    note = anki.col.new_note(anki.col.models.by_name("Basic"))  # type: ignore[arg-type]
    note["Front"] = "1"
    anki.col.add_note(note, 1)  # type: ignore[arg-type]
    card_id = note.cards()[0].id
    start_ms = (anki.col.sched.day_cutoff - 5 * DAY_S) * 1000
    log = [
        LogRow(start_ms - 4 * DAY_S * 1000 + HOUR_S * 1000, card_id, 3, 4, 0, 500, 4_000, 0),
        LogRow(start_ms + after_ms, card_id, 3, 9, 4, 500, 4_000, 1),
    ]
    rows = [(r.id, r.card_id, -1, r.ease, r.interval, 0, r.factor, 0, r.kind) for r in log]
    anki.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", rows)
    theirs = anki.compute()[card_id]
    anki.col.close()

    with open_collection(anki.path) as collection:
        view = make_view(log, collection.find_preset(1)[0], collection.timing, card_id)
        memory = replay(pull_reviews(view, find_now(), lambda _key, reps: reps).reviews)

    assert (memory.stability, memory.difficulty) == pytest.approx(theirs, rel=TOLERANCE)


@pytest.mark.parametrize(
    ("ignores_days", "historical"), [(None, 0.9), (200, 0.9), (150, 0.8), (100, 0.95)]
)
def test_any_log_gives_the_memory_that_anki_computes(
    tmp_path: Path, ignores_days: int | None, historical: float
) -> None:
    anki = Past(tmp_path / "anki", seed=1)
    now_ms = int(time.time() * 1000)
    ignored = ""
    if ignores_days is not None:
        ignored = time.strftime("%Y-%m-%d", time.gmtime(now_ms // 1000 - ignores_days * DAY_S))
    config = anki.col.decks.get_config(DeckConfigId(1))
    assert config is not None
    config |= {"ignoreRevlogsBeforeDate": ignored, "sm2Retention": historical}
    anki.col.decks.update_config(config)
    dice = random.Random(ignores_days)
    taken: set[int] = set()
    note_type = anki.col.models.by_name("Basic")
    assert note_type is not None
    logs = {}
    for number in range(250):
        note = anki.col.new_note(note_type)
        note["Front"] = str(number)
        anki.col.add_note(note, 1)  # type: ignore[arg-type]
        card_id = note.cards()[0].id
        logs[card_id] = make_log(dice, card_id, taken, now_ms)
    rows = [
        (r.id, r.card_id, -1, r.ease, r.interval, 0, r.factor, 0, r.kind)
        for rows in logs.values()
        for r in rows
    ]
    anki.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", rows)
    computed = anki.compute()
    anki.col.close()

    counted = 0
    with open_collection(anki.path) as collection:
        preset = collection.find_preset(1)[0]
        assert preset.historical_retention == historical
        for card_id, log in logs.items():
            view = make_view(log, preset, collection.timing, card_id)
            pull = pull_reviews(view, find_now(), lambda _key, reps: reps)
            memory = replay(pull.reviews)
            if (theirs := computed[card_id]) is not None:
                counted += 1
                assert (memory.stability, memory.difficulty) == pytest.approx(
                    theirs, rel=TOLERANCE
                ), log
    assert counted >= 40


def replay(reviews: Sequence[Review]) -> Memory:
    memory = Memory(key=KEY)
    undone = {review.undoes for review in reviews}
    for review in sorted(reviews, key=lambda review: review.id):
        if review.id not in undone:
            memory = SCHEDULE.apply(memory, review)
    return memory


PRESET = Preset(
    name="Default",
    desired_retention=0.9,
    parameters=(),
    learning_steps_minutes=(1.0, 10.0),
    relearning_steps_minutes=(10.0,),
    maximum_interval_days=36_500,
    leech_lapses=8,
    suspends_leeches=True,
)
TIMING = Timing(created_day=20_000, rollover_hour=4)


def make_card(card_id: int = 5, **values: Any) -> AnkiCard:
    row = CardRow(card_id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "")
    return AnkiCard(KEY, "guid", row._replace(**values), "Default")


def make_view(
    log: Sequence[LogRow], preset: Preset = PRESET, timing: Timing = TIMING, card_id: int = 5
) -> AnkiView:
    card = make_card(card_id)._replace(preset=preset.name)
    return AnkiView(
        timing=timing,
        is_fsrs=True,
        cards={KEY: card},
        log={KEY: log},
        presets={preset.name: preset},
    )


def make_row(days: int, ease: int, interval: int, kind: int, factor: int = 500) -> LogRow:
    return LogRow(
        1_790_000_000_000 + days * DAY_S * 1000, 5, ease, interval, 0, factor, 4_000, kind
    )


def pull_again(log: Sequence[LogRow], known: list[Review], ignores_before_ms: int) -> list[Review]:
    preset = replace(PRESET, ignores_before_ms=ignores_before_ms)
    found = pull_reviews(make_view(log, preset), NOW, lambda _key, reps: reps, {KEY: known}).reviews
    return [*known, *found]


NOW = Moment(1_795_000_000_000, 60)


def test_what_follows_from_an_option_is_taken_back_with_it() -> None:
    log = [
        make_row(1, 3, -600, 0),
        make_row(1, 4, 9, 0),
        make_row(9, 3, 30, 1),
        make_row(39, 3, 80, 1),
    ]
    plain = pull_again(log, [], 0)
    ignoring = pull_again(log, plain, log[2].id - 1)
    back = pull_again(log, ignoring, 0)
    once_more = pull_again(log, back, log[2].id - 1)

    assert [len(found) for found in (plain, ignoring, back, once_more)] == [4, 5, 6, 7]
    assert [found[-1].act for found in (ignoring, back, once_more)] == ["assume", "undo", "assume"]
    assert pull_again(log, once_more, log[2].id - 1) == once_more
    assert replay(plain) == replay(back)
    assert replay(ignoring) == replay(once_more) != replay(plain)
    # An older copy of the file says nothing about what came later.
    assert pull_again(log[:2], ignoring, 0) == ignoring


def test_a_card_that_an_old_program_made_new_starts_again() -> None:
    log = [
        make_row(1, 4, 9, 0),
        make_row(9, 3, 30, 1),
        make_row(50, 3, -600, 0),
        make_row(51, 3, 2, 0),
    ]
    found = pull_again(log, [], 0)
    acts = [one.act for one in sorted(found, key=lambda one: one.id)]
    assert acts == ["answer", "answer", "reset", "answer", "answer"]
    assert replay(found).reps == 2


def test_rows_that_cannot_be_read_are_named() -> None:
    log = [
        LogRow(0, 5, 3, 1, 0, 500, 0, 1),
        LogRow(2**48, 5, 3, 1, 0, 500, 0, 1),
        make_row(1, 9, 1, 1),
        make_row(2, 0, 1, 1),
        make_row(3, 3, 1, 77),
        make_row(4, 3, 2**31, 1)._replace(duration_ms=2**60),
    ]
    pull = pull_reviews(make_view(log), NOW, lambda _key, reps: reps)
    assert pull.skipped == {
        "at an impossible time": 2,
        "with the unknown rating 9": 1,
        "without a rating": 1,
        "of the unknown kind 77": 1,
    }
    for review in pull.reviews:
        check_review(review)


def test_a_due_day_that_fsrs_has_set_counts_until_the_next_answer() -> None:
    log = [make_row(1, 4, 9, 0), make_row(9, 3, 90, 1), make_row(60, 0, 30, 5)]
    view = make_view(log)
    day = NOW._replace(at_ms=log[1].id).study_day(4)
    card = make_card(kind=2, queue=2, due=day + 30 - TIMING.created_day, interval_days=30)
    view = replace(view, cards={KEY: card})
    pull = pull_reviews(view, NOW, lambda _key, reps: SCHEDULE.make_basis(reps))
    assert replay(pull.reviews).due_day == day + 30
    later = replace(view, log={KEY: [*log, make_row(61, 3, 5, 1)]})
    acts = [one.act for one in pull_reviews(later, NOW, lambda _key, reps: reps).reviews]
    assert acts == ["answer", "answer", "answer"]


# Answers of both sides in one log.


def test_anki_computes_the_memory_of_answers_from_both_sides(tmp_path: Path) -> None:
    """Each side has recorded what it saw; the rows that Anki lacks are written so that it agrees."""
    anki = Past(tmp_path / "anki", seed=2)
    note_type = anki.col.models.by_name("Basic")
    assert note_type is not None
    dice = random.Random(3)
    offset = find_now().utc_offset_minutes
    taken: set[int] = set()
    expected: dict[int, Memory] = {}
    for number in range(150):
        note = anki.col.new_note(note_type)
        note["Front"] = str(number)
        anki.col.add_note(note, 1)  # type: ignore[arg-type]
        card = make_card(note.cards()[0].id)
        theirs, ours = make_both(dice, taken, offset)
        rows = make_log_rows(card, [], replay_steps(theirs), RULES)
        pulled = pull_reviews(
            make_view(rows), find_now(), lambda _key, reps: reps, {KEY: ours}
        ).reviews
        union = sorted([*pulled, *ours], key=lambda review: review.id)
        steps = [step for step in replay_steps(union) if step[1].review in ours]
        pushed = make_log_rows(card, rows, steps, RULES)
        expected[card.row.id] = replay(union)
        write = [
            (r.id, card.row.id, -1, r.ease, r.interval, r.last_interval, r.factor, 0, int(r.kind))
            for r in (*rows, *pushed)
        ]
        anki.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", write)

        again = pull_reviews(
            make_view(sorted((*rows, *pushed))), find_now(), lambda _key, reps: reps, {KEY: union}
        )
        assert again.reviews == [], "a second pull brings nothing"
        assert len(again.pairs) == len(rows) + len(pushed)
    for card_id, computed in anki.compute().items():
        memory = expected[card_id]
        if computed is not None:
            assert (memory.stability, memory.difficulty) == pytest.approx(computed, rel=TOLERANCE)
    anki.col.close()


RULES = make_rules(SCHEDULE, TIMING)


def make_both(
    dice: random.Random, taken: set[int], offset: int
) -> tuple[list[Review], list[Review]]:
    """Reviews of both sides, at times of their own."""
    at_ms = int(time.time() * 1000) - dice.randrange(60, 90) * DAY_S * 1000
    both: tuple[list[Review], list[Review]] = ([], [])
    for _ in range(dice.randint(2, 9)):
        at_ms += dice.choice((60_000, HOUR_S * 5000, DAY_S * 1000, DAY_S * 4000))
        while at_ms in taken:
            at_ms += 1
        taken.add(at_ms)
        side = dice.randrange(2)
        act = Act.RESET if dice.random() < 0.08 else Act.ANSWER
        rating = dice.choices(list(Rating), (2, 1, 5, 1))[0] if act is Act.ANSWER else None
        both[side].append(
            Review(
                id=f"{at_ms:012x}-{('phone', 'laptop')[side]}",
                key=KEY,
                act=act,
                rating=rating,
                at_ms=at_ms,
                utc_offset_minutes=offset,
                duration_ms=0,
                undoes=None,
            )
        )
    return both


def replay_steps(reviews: Sequence[Review]) -> list[tuple[int, Step]]:
    memory, steps = Memory(key=KEY), []
    for review in reviews:
        before, memory = memory, SCHEDULE.apply(memory, review)
        steps.append((review.at_ms, Step(review, before, memory)))
    return steps

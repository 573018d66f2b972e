"""What was expected of answers is kept, and is always what a replay of the reviews gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Rating, Review
from cardwright.model import DeckOptions
from cardwright.study.expectations import TEST, AnswerRecord
from cardwright.study.histories import Histories
from cardwright.study.journal import Journal
from studying import MORNING, later, open_journal, record

KEYS = ["trees:oak/recall", "trees:elm/recall", "log.old:ash/recall"]
OTHERS = [DeckOptions(), DeckOptions(fuzz=False), DeckOptions(learning_steps_minutes=())]
HISTORY = [Act.ANSWER] * 6 + [Act.CRAM, Act.RESET, Act.RESCHEDULE, Act.BURY, Act.SUSPEND]


def list_histories(
    journal: Journal, *, with_kept: bool = True
) -> list[tuple[str, list[AnswerRecord]]]:
    found = Histories(journal, with_kept=with_kept).list(lambda _: True)
    # Whether a prompt has a blank memory or none makes no difference.
    return [(key, rows) for key, answers in found if (rows := list(answers))]


def keep(journal: Journal) -> None:
    histories = Histories(journal)
    for _ in histories.list(lambda _: True):
        pass
    histories.keep()


def list_kept(journal: Journal) -> list[str]:
    return list(journal.store.read_expectations())


def make_answer(key: str, at_ms: int) -> Review:
    return Review(
        id=f"{at_ms:012x}-phone",
        key=key,
        act=Act.ANSWER,
        rating=Rating.GOOD,
        at_ms=at_ms,
        utc_offset_minutes=0,
        duration_ms=5_000,
        undoes=None,
    )


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_is_kept_is_what_a_replay_gives(data: st.DataObject) -> None:
    draw = data.draw
    with TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.db"
        journal = open_journal(path)
        for number in range(draw(st.integers(1, 25))):
            what = draw(st.sampled_from(["act"] * 6 + ["keep", "keep", "undo", "merge", "options"]))
            key, act = draw(st.sampled_from(KEYS)), draw(st.sampled_from(HISTORY))
            days = draw(st.sampled_from([0, 1, 1, 3, 20]))
            moment = later(MORNING, days=number + days, minutes=number)
            rating = draw(st.sampled_from(Rating)) if act in {Act.ANSWER, Act.CRAM} else None
            if what == "act":
                record(journal, key, act, moment, rating, is_dated=draw(st.booleans()))
            elif what == "undo":
                reviews = [r for r in journal.store.list_reviews() if r.act is not Act.UNDO]
                if reviews:
                    undone = draw(st.sampled_from(reviews))
                    record(journal, undone.key, Act.UNDO, moment, undoes=undone.id)
            elif what == "merge":
                journal.merge([make_answer(key, moment.at_ms)])
            elif what == "keep":
                keep(journal)
            else:
                journal.store.close()
                journal = open_journal(path, draw(st.sampled_from(OTHERS)))
            assert list_histories(journal) == list_histories(journal, with_kept=False)
            assert journal.find_differences() == []
        journal.store.close()


def test_an_answer_makes_only_its_own_prompt_known_anew(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    for key in KEYS[:2]:
        record(journal, key, Act.ANSWER, MORNING, Rating.GOOD)
    journal.rebuild()
    keep(journal)
    assert list_kept(journal) == sorted(KEYS[:2])

    record(journal, KEYS[0], Act.ANSWER, later(MORNING, days=1), Rating.GOOD)

    assert list_kept(journal) == [KEYS[1]]
    journal.rebuild()
    assert list_kept(journal) == []


def test_nothing_is_kept_of_a_store_that_changed_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    journal = open_journal(path)
    record(journal, KEYS[0], Act.ANSWER, MORNING, Rating.GOOD)
    journal.rebuild()
    histories = Histories(journal)
    assert len(list(histories.list(lambda _: True))) == 1

    record(open_journal(path), KEYS[0], Act.ANSWER, later(MORNING, days=1), Rating.GOOD)
    histories.keep()

    assert list_kept(journal) == []


def test_what_another_store_said_is_found_by_a_replay(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    for key in KEYS[:2]:
        record(journal, key, Act.ANSWER, MORNING, Rating.GOOD)
    journal.rebuild()
    keep(journal)
    kept = journal.store.read_expectations()

    with journal.store.transaction():
        other = kept[KEYS[0]][:-6] + bytes([4, TEST]) + kept[KEYS[0]][-4:]
        journal.store.put_expectations([(KEYS[0], other), (KEYS[2], other)])
    assert journal.find_differences() == sorted([KEYS[0], KEYS[2]])
    journal.rebuild()
    assert journal.find_differences() == []

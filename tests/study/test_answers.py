"""When prompts were last answered, and how often, for drawing questions and shuffling options."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cardwright.history import Act, Rating
from cardwright.study.alias import Alias
from studying import MORNING, later, open_journal, record


def test_answers_count_even_if_they_were_undone_or_do_not_affect_the_schedule(
    tmp_path: Path,
) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    with closing(journal.store) as store:
        for minutes, act in enumerate((Act.ANSWER, Act.CRAM, Act.ANSWER)):
            record(journal, "trees:a/recall", act, later(MORNING, minutes=minutes), Rating.GOOD)
        last = next(reversed(list(store.list_reviews())))
        record(journal, "trees:a/recall", Act.UNDO, later(MORNING, minutes=5), undoes=last.id)
        record(journal, "trees:b/recall", Act.FLAG, MORNING)
        record(journal, "trees:c/recall", Act.ANSWER, MORNING, Rating.AGAIN)
        keys = [f"trees:{name}/recall" for name in "abd"] + [f"x:{n}/y" for n in range(1_200)]

        assert store.read_last_answers(keys) == {"trees:a/recall": later(MORNING, minutes=2).at_ms}
        assert store.read_last_answers([]) == {}
        assert store.count_answers("trees:a/recall") == 3
        assert store.count_answers("trees:b/recall") == 0


def test_the_history_that_a_namespace_continues_counts(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    with closing(journal.store) as store:
        earlier, last = MORNING, later(MORNING, minutes=3)
        for card, old, new in (("a", last, earlier), ("b", earlier, last)):
            record(journal, f"trees:{card}/recall", Act.ANSWER, old, Rating.GOOD)
            record(journal, f"trees-x1y2z:{card}/recall", Act.ANSWER, new, Rating.GOOD)
        store.assume_alias(Alias("alias", 1, "trees-x1y2z", "trees"))

        keys = ["trees:a/recall", "trees:b/recall"]
        assert store.read_last_answers(keys) == dict.fromkeys(keys, last.at_ms)
        assert [store.count_answers(key) for key in keys] == [2, 2]

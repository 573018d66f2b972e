"""The home screen's figures are those of the commands that read more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from cardwright.app.overview import _find_streak
from cardwright.app.study import open_bare_study
from cardwright.study.days import EVERY_DAY, StudyDays
from cardwright.study.stats import find_streak, list_answers
from study_store import at, give, undo

WORKDAYS = StudyDays(percents=(100, 100, 100, 100, 100, 0, 0), spans=())


@pytest.mark.parametrize("calendar", [EVERY_DAY, WORKDAYS])
@pytest.mark.parametrize("seed", range(6))
def test_the_streak_is_that_of_all_answers(tmp_path: Path, calendar: StudyDays, seed: int) -> None:
    dice = Random(seed)
    with open_bare_study(tmp_path / "reviews.db", at(0)) as study:
        study.journal.days = calendar
        for day in range(12):
            for number in range(dice.randint(0, 2)):
                review = give(study.journal, f"trees:{number}/a", day, 3, minute=number)
                if dice.random() < 0.3:
                    undo(study.journal, review)
            if dice.random() < 0.2:
                # The clock is behind.
                give(study.journal, "trees:late/a", max(day - dice.randint(1, 4), 0), 3)
            study.moment = at(day, 60)
            days = [answer.day for answer in list_answers(study.journal, lambda _: True)]

            found = _find_streak(study)

            assert found == (find_streak(days, study.today, calendar).current, study.today in days)

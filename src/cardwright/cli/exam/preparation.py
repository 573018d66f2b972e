"""What the commands of an exam work on: the goal, and all that a plan to it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from cardwright.cli.say import fail
from cardwright.exam.coverage import find_lesson
from cardwright.exam.goal import Goal, read_goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import USUAL_POLICY, Policy, arrange_today
from cardwright.exam.value import Candidate, Worth, list_candidates, measure_worth
from cardwright.history import Act, Memory
from cardwright.item import Item
from cardwright.study.workload import Habits, measure_habits

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.plan import Plan

_MS_PER_MINUTE: Final = 60_000
NEEDS_EXTRA: Final = "a plan needs numpy and icalendar\n  help: pip install 'cardwright[exam]'"


@dataclass(kw_only=True)
class Preparation:
    """A goal, and the prompts and habits of the one who has it, as of one study day."""

    study: Study
    goal: Goal
    today: int = field(init=False)

    def __post_init__(self) -> None:
        """Take the study day on which the command began."""
        self.today = self.study.today

    @property
    def blueprint(self) -> Blueprint | None:
        """The exam's, if the pack has one."""
        return self.study.index.blueprints.get(self.goal.pack)

    @property
    def title(self) -> str:
        """What the exam is called."""
        return self.blueprint.name if self.blueprint else self.goal.pack

    @property
    def is_over(self) -> bool:
        """Whether the day of the exam has come."""
        return self.today >= self.goal.exam_day

    @cached_property
    def candidates(self) -> list[Candidate]:
        """All prompts of the pack that may be asked before the exam."""
        return list_candidates(self.items, self.memories, self.blueprint)

    @cached_property
    def _by_prompt(self) -> dict[str, Candidate]:
        return {candidate.item.key: candidate for candidate in self.candidates}

    @cached_property
    def items(self) -> list[Item]:
        """The prompts of the pack, and those of other packs that name one of its lessons."""
        found = []
        for item in self.study.items:
            lesson = find_lesson(item, self.blueprint) if self.blueprint else None
            if item.pack == self.goal.pack:
                found.append(item)
            elif lesson:
                found.append(item._replace(lesson=lesson.id))
        return found

    @cached_property
    def memories(self) -> dict[str, Memory]:
        """What is believed of every prompt that was ever acted upon."""
        return {memory.key: memory for memory in self.study.store.list_memories()}

    def expect(self, item: Item) -> float:
        """Return the expected recall of a prompt today; 0 when it was never asked."""
        memory = self.memories.get(item.key)
        if memory is None:
            return 0.0
        schedule = self.study.journal.schedule_of(item.key)
        return schedule.retrievability(memory, self.today)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What answers are expected to do, by the fitted parameters and one's own durations."""
        schedule = self.study.journal.schedule_of(f"{self.goal.pack}:")
        return Outcomes(schedule.parameters, Habits(**self._daily["habits"]))

    @property
    def policy(self) -> Policy:
        """The policy of today; the usual one where numpy is missing."""
        return Policy(**self._daily["policy"])

    @cached_property
    def _daily(self) -> dict[str, Any]:
        """What is measured and chosen once a day, kept in the store: it takes a moment."""
        settings = self.study.store.read_settings()
        known = settings.get((self.goal.pack, "exam_day"))
        if known and known["day"] == self.today:
            return cast("dict[str, Any]", known)
        reviews = self.study.store.list_reviews()
        habits = measure_habits(reviews, self.study.journal.rollover_hour)
        kept = {"day": self.today, "habits": dataclasses.asdict(habits)}
        former = Policy(**known["policy"]) if known else None
        kept["policy"] = dataclasses.asdict(self._choose_policy(habits, former))
        self.study.store.put_settings({(self.goal.pack, "exam_day"): kept})
        return kept

    def _choose_policy(self, habits: Habits, former: Policy | None) -> Policy:
        try:
            from cardwright.exam.plan import choose_policy
        except ImportError:
            return former or USUAL_POLICY
        schedule = self.study.journal.schedule_of(f"{self.goal.pack}:")
        outcomes = Outcomes(schedule.parameters, habits)
        return choose_policy(self.candidates, self.goal, outcomes, self.today, former)

    def count_spent_minutes(self) -> float:
        """Return the minutes that this study day has already taken."""
        journal = self.study.journal
        start_ms = self.study.moment.start_of(self.today, journal.rollover_hour)
        spent_ms = sum(
            review.spent_ms
            for review in self.study.store.list_reviews(since_ms=start_ms)
            if review.act in {Act.ANSWER, Act.CRAM}
        )
        return spent_ms / _MS_PER_MINUTE

    def count_minutes_left(self) -> float:
        """Return the minutes of today that are still there."""
        return max(self.goal.minutes_a_day - self.count_spent_minutes(), 0.0)

    def arrange(self, minutes: float) -> list[Worth]:
        """Return what to ask today, in order, as far as the minutes go."""
        options = self.study.journal.options.get(self.goal.pack)
        return arrange_today(
            self.candidates,
            self.goal,
            self.policy,
            self.outcomes,
            self.today,
            minutes,
            buries_siblings=options is None or options.bury_siblings,
        )

    def choose(self, items: list[Item], minutes: float) -> tuple[list[Item], list[Item]]:
        """Return which of some prompts today asks for the exam, in order, and those of no exam."""
        for name in ("memories", "candidates", "_by_prompt"):
            self.__dict__.pop(name, None)
        open_ = {item.key for item in items}
        asked = [
            worth.candidate.item
            for worth in self.arrange(minutes)
            if worth.candidate.item.key in open_
        ]
        return asked, [item for item in items if item.key not in self._by_prompt]

    def measure(self, item: Item) -> Worth | None:
        """Return why a prompt is asked; None when it is no part of the exam."""
        found = self._by_prompt.get(item.key)
        if found is None or self.is_over:
            return None
        return measure_worth(found, self.outcomes, self.today, self.goal.exam_day)

    def plan(self) -> Plan:
        """Return the plan to the date, or end where numpy is missing or the exam is over."""
        if self.is_over:
            fail(f"the exam was on {self.goal.exam_on}: set another date with `cards exam set`")
        try:
            from cardwright.exam.plan import plan_to_date
        except ImportError:
            fail(NEEDS_EXTRA)
        return plan_to_date(self.candidates, self.goal, self.outcomes, self.today, self.policy)


def find_goal(study: Study, pack: str) -> Goal | None:
    """Return the goal that is set for a pack."""
    values = study.store.read_settings().get((pack, "goal"))
    return read_goal(values) if values else None


def prepare(study: Study, packs: Sequence[str]) -> Preparation:
    """Return the preparation for a pack's exam, or for the only one there is; ends without a goal."""
    known = list(study.index.decks)
    for pack in packs:
        if pack not in known:
            fail(f"there is no pack `{pack}` (packs: {', '.join(known)})")
    goals = [goal for pack in (packs or known) if (goal := find_goal(study, pack))]
    if not goals:
        pack = packs[0] if packs else next(iter(study.index.blueprints or known), "PACK")
        fail(f"no exam is set\n  help: cards exam set {pack} --date 2027-01-31 --minutes 30")
    if len(goals) > 1:
        fail(f"exams are set for {', '.join(goal.pack for goal in goals)}: name one")
    return Preparation(study=study, goal=goals[0])

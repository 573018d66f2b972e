"""Preparing for an exam: the goal, the state of its prompts, and the prompts to ask today."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast

from cardwright.app.choice import choose_packs
from cardwright.app.reserved import find_held
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.exam.candidates import (
    Candidate,
    Worth,
    expect_recall,
    explain,
    list_candidates,
    measure_worth,
    select_items,
)
from cardwright.exam.forecasts import make_forecast, put_forecast
from cardwright.exam.goal import Goal, read_goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.plan import (
    Plan,
    PlannedDay,
    PlanWeek,
    find_seen_lessons,
    find_weak_lessons,
    lay_out_weeks,
)
from cardwright.exam.policy import DEFAULT_POLICY, Policy, arrange_today
from cardwright.history import MS_PER_MINUTE, Act, Moment
from cardwright.item import Item
from cardwright.project.sources import Sources
from cardwright.study.days import StudyDays
from cardwright.study.journal import Journal
from cardwright.study.settings import CACHES, DAILY_PLAN, GOAL, OLD_DAILY_PLAN
from cardwright.study.workload import Habits, measure_habits
from cardwright.text import list_names

_MAX_FIGURE: Final = 1e9
_SPENT_MINUTES: Final = 0.05
"""A day's minutes are used up once less than this is left."""


class Preparation:
    """A goal with the user's prompts and habits, as of one study day."""

    def __init__(self, journal: Journal, sources: Sources, moment: Moment, goal: Goal) -> None:
        """Prepare for a goal on the study day of a moment."""
        self.goal = goal
        self.namespace = sources.namespace_of(goal.pack)
        self.blueprint = sources.blueprints.get(goal.pack)
        self.today = moment.study_day(journal.rollover_hour)
        self.planned = goal.limit(self.today)
        """The goal to plan for, which is never more than two years away."""
        held = find_held(sources, journal.store, self.today)
        found = select_items(sources.items, goal.pack, self.blueprint)
        self.items = [item for item in found if item.key not in held]
        """The prompts of the pack, and those of other packs that name one of its lessons, except
        those held back for mock exams."""
        self._journal = journal
        self._moment = moment
        self._day_start_ms = moment.start_of(self.today, journal.rollover_hour)
        self._schedule = journal.schedule_of_namespace(self.namespace)
        self.refresh()

    def refresh(self) -> None:
        """Read the memories, which answers have changed since."""
        self.memories = {memory.key: memory for memory in self._journal.store.list_memories()}
        """Every memory, by key."""
        candidates = list_candidates(self.items, self.memories, self.blueprint)
        self._candidates = {candidate.item.key: candidate for candidate in candidates}
        self._plan: Plan | None = None
        """The plan of `plan`, once it is made."""

    @property
    def title(self) -> str:
        """The name of the exam."""
        return self.blueprint.name if self.blueprint else self.goal.pack

    @property
    def is_over(self) -> bool:
        """Whether the day of the exam has come."""
        return self.today >= self.goal.exam_day

    @property
    def candidates(self) -> list[Candidate]:
        """All prompts that may be asked before the exam."""
        return list(self._candidates.values())

    @property
    def recalls(self) -> dict[str, float]:
        """The expected recall today of every prompt that was ever answered, by key."""
        return expect_recall(self.memories, self._journal, self.today)

    @cached_property
    def outcomes(self) -> Outcomes:
        """The expected effects of answers, from the fitted parameters and the user's habits."""
        return Outcomes(self._schedule.parameters, Habits(**self._daily_plan["habits"]))

    @property
    def policy(self) -> Policy:
        """Today's policy; the default one if numpy is missing."""
        return Policy(**self._daily_plan["policy"])

    @cached_property
    def _daily_plan(self) -> dict[str, Any]:
        """The day's habits and policy, kept in the store because they take a moment to compute."""
        store = self._journal.store
        settings = store.settings.read()
        kept = next(
            (
                settings[self.namespace, name]
                for name in (DAILY_PLAN, OLD_DAILY_PLAN)
                if _is_plan(settings.get((self.namespace, name)))
            ),
            None,
        )
        if kept and kept["day"] == self.today:
            return cast("dict[str, Any]", kept)
        habits = measure_habits(store.list_reviews(), self._journal.rollover_hour)
        previous = Policy(**kept["policy"]) if kept else None
        policy = self._choose_policy(habits, previous)
        plan = {
            "day": self.today,
            "habits": dataclasses.asdict(habits),
            "policy": dataclasses.asdict(policy),
        }
        store.settings.put(
            {(self.namespace, DAILY_PLAN): plan, (self.namespace, OLD_DAILY_PLAN): None},
            self._day_start_ms,
        )
        self._keep_forecast(habits, policy)
        return plan

    def _keep_forecast(self, habits: Habits, policy: Policy) -> None:
        """Keep what the plan of the day expects, to compare it with what comes."""
        try:
            from cardwright.exam.planner import plan_to_date  # noqa: PLC0415  (numpy is an extra)
        except ImportError:
            return
        candidates = self.candidates
        if candidates and not self.is_over:
            outcomes = Outcomes(self._schedule.parameters, habits)
            found = plan_to_date(candidates, self.planned, outcomes, self.today, policy)
            forecast = make_forecast(self.planned, self.namespace, found, self.today, self._moment)
            put_forecast(self._journal.store, forecast, self._moment)

    def _choose_policy(self, habits: Habits, previous: Policy | None) -> Policy:
        try:
            from cardwright.exam.planner import choose_policy  # noqa: PLC0415  (numpy is an extra)
        except ImportError:
            return previous or DEFAULT_POLICY
        outcomes = Outcomes(self._schedule.parameters, habits)
        return choose_policy(self.candidates, self.planned, outcomes, self.today, previous)

    def count_spent_minutes(self) -> float:
        """Return the minutes spent on today's answers."""
        spent_ms = sum(
            review.spent_ms
            for review in self._journal.store.list_reviews(since_ms=self._day_start_ms)
            if review.act in {Act.ANSWER, Act.CRAM}
        )
        return spent_ms / MS_PER_MINUTE

    def count_minutes_left(self) -> float:
        """Return how many of today's minutes are left."""
        return max(self.goal.minutes_on(self.today) - self.count_spent_minutes(), 0.0)

    def list_today(self, minutes: float) -> list[Worth]:
        """Return the prompts to ask today, in order, as many as fit the minutes."""
        return arrange_today(
            self.candidates,
            self.planned,
            self.policy,
            self.outcomes,
            self.today,
            minutes,
            buries_siblings=lambda item: self._journal.schedule_of(item.key).options.bury_siblings,
        )

    def measure(self, item: Item) -> Worth | None:
        """Return the worth of asking a prompt now; None if it is not part of the exam."""
        found = self._candidates.get(item.key)
        if found is None or self.is_over:
            return None
        return measure_worth(found, self.outcomes, self.today, self.planned.exam_day)

    def plan(self) -> Plan:
        """Return the plan up to the exam, or for the next two years if it is further away.

        Raises:
            ProjectError: the day of the exam has come, or there are no prompts.
            ExtraMissingError: numpy is not installed.

        """
        if self.is_over:
            told = "is today" if self.today == self.goal.exam_day else f"was on {self.goal.exam_on}"
            raise ProjectError(
                f"the exam {told}: there is no day left to plan",
                help=(
                    "`cards exam status` sums up what was done; "
                    f"`cards exam set {self.goal.pack} --date YYYY-MM-DD` sets another date"
                ),
            )
        if not self._candidates:
            reason = "all its prompts are suspended" if self.items else "it has no prompts"
            raise ProjectError(
                f"there is nothing to plan for `{self.goal.pack}`: {reason}",
                help=f"`cards {'unsuspend' if self.items else 'new'} --help` shows how to change that",
            )
        try:
            from cardwright.exam.planner import plan_to_date  # noqa: PLC0415  (numpy is an extra)
        except ImportError as error:
            raise missing_extra() from error
        # Making the day's plan may make this one as well.
        outcomes, policy = self.outcomes, self.policy
        if self._plan is None:
            self._plan = plan_to_date(self.candidates, self.planned, outcomes, self.today, policy)
        return self._plan

    def lay_out_weeks(self, days: Iterable[PlannedDay]) -> list[PlanWeek]:
        """Group a plan's days into weeks, with the weakest lessons first."""
        return lay_out_weeks(
            self.planned,
            self.blueprint,
            days,
            self.today,
            done=find_seen_lessons(self.items, self.recalls),
            weak=find_weak_lessons(self.items, self.recalls),
        )


def _is_plan(value: Any) -> bool:
    """Tell whether a setting is a plan as `Preparation` keeps it."""
    if not isinstance(value, dict) or not isinstance(value.get("day"), int):
        return False
    forms = ((value.get("habits"), Habits()), (value.get("policy"), DEFAULT_POLICY))
    return all(_has_form(part, dataclasses.asdict(form)) for part, form in forms)


def _has_form(value: Any, form: Mapping[str, Any]) -> bool:
    """Tell whether JSON has the same names, each with a number, or with as many of them."""
    return (
        isinstance(value, dict)
        and value.keys() == form.keys()
        and all(_are_numbers(value[name], form[name]) for name in form)
    )


def _are_numbers(value: Any, like: Any) -> bool:
    if isinstance(like, tuple):
        return (
            isinstance(value, list)
            and len(value) == len(like)
            and all(_are_numbers(number, 0) for number in value)
        )
    return isinstance(value, int | float) and 0 <= value < _MAX_FIGURE


class ExamDay:
    """The prompts of one session that prepare for an exam, as many as fit its minutes."""

    def __init__(self, preparation: Preparation, minutes: float | None) -> None:
        """`minutes` is the length of the session; None means the rest of the day's minutes."""
        self._preparation = preparation
        spent = preparation.count_spent_minutes()
        whole = preparation.goal.minutes_on(preparation.today)
        self._until = max(whole, spent) if minutes is None else spent + minutes
        self.minutes = max(self._until - spent, _SPENT_MINUTES)
        """The length of the session."""

    @property
    def days(self) -> StudyDays:
        """The study days, without those that are off for the exam."""
        return self._preparation.goal.days

    @property
    def is_spent(self) -> bool:
        """Whether the minutes are used up."""
        return self._preparation.count_spent_minutes() >= self._until - _SPENT_MINUTES

    def arrange(self, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """Split prompts into those to ask for the exam, in order, and those of no exam."""
        preparation = self._preparation
        preparation.refresh()
        left = max(self._until - preparation.count_spent_minutes(), 0.0)
        keys = {item.key for item in items}
        today = (worth.candidate.item for worth in preparation.list_today(left))
        of_exam = {candidate.item.key for candidate in preparation.candidates}
        return (
            [item for item in today if item.key in keys],
            [item for item in items if item.key not in of_exam],
        )

    def explain(self, item: Item) -> str:
        """Describe the worth of asking a prompt now; "" if it is not part of the exam."""
        worth = self._preparation.measure(item)
        return explain(worth) if worth else ""


def find_exam_day(
    journal: Journal,
    sources: Sources,
    moment: Moment,
    items: Iterable[Item],
    minutes: float | None = None,
) -> ExamDay | None:
    """Return today's session for the next exam that is set for some of the prompts, if any."""
    today = moment.study_day(journal.rollover_hour)
    packs = {item.pack for item in items}
    goals = (
        goal
        for goal in list_goals(journal, sources)
        if goal.pack in packs and today < goal.exam_day
    )
    nearest = min(goals, key=lambda goal: (goal.exam_day, goal.pack), default=None)
    if nearest is None:
        return None
    return ExamDay(Preparation(journal, sources, moment, nearest), minutes)


def list_goals(journal: Journal, sources: Sources) -> list[Goal]:
    """Return the goals that are set for packs of the project, at most one per pack."""
    settings = journal.store.settings.read()
    namespaces = {
        sources.namespace_of(pack): pack for pack in (*sources.decks, *sources.blueprints)
    }
    return [
        dataclasses.replace(read_goal(value, journal.days), pack=namespaces[namespace])
        for (namespace, name), value in settings.items()
        if name == GOAL and namespace in namespaces
    ]


def put_goal(journal: Journal, namespace: str, goal: Goal | None, moment: Moment) -> None:
    """Set the goal of the pack with a namespace, or clear it."""
    value = goal.as_json() if goal else None
    plans = dict.fromkeys((namespace, name) for name in CACHES)
    journal.store.settings.put({(namespace, GOAL): value, **plans}, moment.at_ms)


def prepare(
    journal: Journal, sources: Sources, moment: Moment, packs: Sequence[str]
) -> Preparation:
    """Return the preparation for the exam of a pack, or for the only exam that is set.

    Raises:
        ProjectError: there is no such pack, no exam is set, or several are and none is named.

    """
    chosen = choose_packs(sources.decks, packs)
    goals = {goal.pack: goal for goal in list_goals(journal, sources)}
    wanted = [goals[pack] for pack in chosen if pack in goals]
    if not wanted:
        pack = packs[0] if packs else next(iter(sources.blueprints or chosen), "PACK")
        help = f"cards exam set {pack} --date 2027-01-31 --minutes 30"
        raise ProjectError("no exam is set", help=help)
    if len(wanted) > 1:
        raise ProjectError(
            f"exams are set for {list_names([goal.pack for goal in wanted])}: name one"
        )
    return Preparation(journal, sources, moment, wanted[0])


def missing_extra() -> ExtraMissingError:
    """Return an error that names the extra needed for plans."""
    help = "pip install 'cardwright[exam]'"
    return ExtraMissingError("a plan needs numpy and icalendar", help=help)

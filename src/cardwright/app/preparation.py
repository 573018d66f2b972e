"""Preparing for an exam: the goal, the state of its prompts, and the prompts to ask today."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from cardwright.app.choice import choose_packs
from cardwright.app.reserved import find_held
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.exam.candidates import (
    Candidate,
    Worth,
    expect_recall,
    explain,
    list_candidates,
    select_items,
)
from cardwright.exam.daily import MAX_ORDER, DailyPlan, read_daily_plan
from cardwright.exam.forecasts import find_forecast, make_forecast, put_forecast
from cardwright.exam.goal import Goal, read_goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.plan import (
    WHOLE,
    ExpectedRecall,
    Plan,
    PlannedDay,
    PlanWeek,
    find_seen_lessons,
    find_weak_lessons,
    lay_out_weeks,
)
from cardwright.exam.policy import Policy, Ranked
from cardwright.exam.unplanned import rank_unplanned
from cardwright.history import (
    MS_PER_DAY,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    SECONDS_PER_MINUTE,
    Act,
    Moment,
)
from cardwright.item import Item
from cardwright.memory import State
from cardwright.progress import announced
from cardwright.project.sources import Sources
from cardwright.study.days import StudyDays
from cardwright.study.expectations import CRAM, STATES, AnswerRecord
from cardwright.study.histories import Histories
from cardwright.study.journal import Journal
from cardwright.study.settings import CACHES, DAILY_PLAN, GOAL, OLD_DAILY_PLAN
from cardwright.study.workload import MIN_ANSWER_MS, measure_habits, read_pace
from cardwright.text import list_names

if TYPE_CHECKING:
    from cardwright.exam.planner import Planner

_MIN_MINUTES: Final = 0.05
"""The length of a session for which no time is left: it asks the learning steps that are due."""
_STEPS: Final = {State.LEARNING, State.RELEARNING}


class Estimate(NamedTuple):
    """What is left to do today, and what is expected on the day of the exam."""

    minutes: float
    """For all of it, of which the last prompt may run over; 0 once the day's minutes are spent."""
    new: int
    learning: int
    """Prompts that were begun or forgotten, and come again in a learning step."""
    reviews: int
    spent_minutes: float
    """On today's answers."""
    on_day: ExpectedRecall | None
    """Recall of the whole exam on its day; None without numpy."""

    @property
    def prompts(self) -> int:
        """The number of prompts."""
        return self.new + self.learning + self.reviews


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
        # Afterwards they are asked, but no forecast counted them.
        held = find_held(sources, journal.store, min(self.today, goal.exam_day))
        found = select_items(sources.items, goal.pack, self.blueprint)
        self.items = [item for item in found if item.key not in held]
        """The prompts of the pack, and those of other packs that name one of its lessons, except
        those held back for mock exams."""
        self._held = len(found) - len(self.items)
        self._journal = journal
        self._moment = moment
        self._day_start_ms = moment.start_of(self.today, journal.rollover_hour)
        self._schedule = journal.schedule_of_namespace(self.namespace)
        self.refresh()

    def refresh(self) -> None:
        """Read the memories, which answers have changed since."""
        self.memories = self._journal.read_memories(self._moment)
        """Every memory, by key."""
        candidates = list_candidates(self.items, self.memories, self.blueprint)
        self._candidates = {candidate.item.key: candidate for candidate in candidates}
        self._steps = {
            key: memory.due_day or 0
            for key in self._candidates
            if (memory := self.memories.get(key)) and memory.state in _STEPS
        }
        """The days on which the next learning steps are due, by key."""

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
    def _daily(self) -> DailyPlan:
        """The plan of the day: the one in the store, or one made now and kept there."""
        settings = self._journal.store.settings.read()
        kept = read_daily_plan(settings.get((self.namespace, DAILY_PLAN)))
        forecast = find_forecast(self._journal.store, self.namespace, self.today)
        expected = forecast.on_day if forecast and forecast.basis == self._basis else None
        if kept and kept.day == self.today and self._is_fit(kept):
            return _expect(kept, expected)
        made = self._make_daily_plan(kept.plan.policy if kept and kept.plan else None)
        value = made.as_json()
        self._journal.store.settings.put(
            {(self.namespace, DAILY_PLAN): value, (self.namespace, OLD_DAILY_PLAN): None},
            self._day_start_ms,
        )
        if made.plan and expected is None:
            forecast = make_forecast(
                self.planned, self.namespace, made.plan, made.basis, self.today, self._moment
            )
            put_forecast(self._journal.store, forecast, self._moment)
        # Its figures are rounded: whoever makes the plan shows the same ones as whoever reads it.
        return _expect(read_daily_plan(value) or made, expected)

    def _is_fit(self, plan: DailyPlan) -> bool:
        """Tell whether a plan of the day was made for this goal and these prompts."""
        is_complete = bool(plan.plan) or not _has_numpy()
        return is_complete and (plan.basis == self._basis and len(self._candidates) <= plan.prompts)

    @cached_property
    def _basis(self) -> str:
        parts = (
            self.planned.as_json(),
            self.planned.calendar,
            self._schedule.parameters,
            sorted(item.key for item in self.items),
        )
        return sha256(repr(parts).encode()).hexdigest()[:16]

    def _make_daily_plan(self, previous: Policy | None) -> DailyPlan:
        plan = None
        if not self._candidates or self.is_over:
            order: list[Ranked] = []
        elif _has_numpy():
            with announced("Planning the days up to the exam"):
                planner = self._make_planner()
                order = planner.start_day(self.today, previous=previous)
                plan = planner.plan()
        else:
            reviews = self._journal.store.list_reviews()
            habits = measure_habits(reviews, self._journal.rollover_hour)
            outcomes = Outcomes(self._schedule.parameters, habits)
            order = rank_unplanned(self.candidates, self.planned, outcomes, self.today)
        return DailyPlan(
            day=self.today,
            basis=self._basis,
            prompts=len(self._candidates),
            order=tuple(order[:MAX_ORDER]),
            plan=plan,
        )

    def _make_planner(self) -> Planner:
        from cardwright.exam.planner import (  # noqa: PLC0415  (numpy is an extra)
            Answer,
            Planner,
            Prompt,
        )

        histories = Histories(self._journal)
        answers = {
            key: [
                Answer(key, self._date(key, day), rating, spent_ms / MS_PER_SECOND)
                for day, spent_ms, rating in _list_answers(records)
            ]
            for key, records in histories.list(self._candidates.__contains__)
        }
        histories.keep()
        prompts = [
            Prompt(
                key,
                candidate.weight,
                candidate.domain,
                candidate.item.siblings if self._buries_siblings(candidate.item) else "",
                stability=0.0 if answers.get(key) else candidate.stability,
                difficulty=candidate.difficulty,
                last_day=candidate.last_day,
            )
            for key, candidate in self._candidates.items()
        ]
        return Planner(
            prompts,
            self.planned.exam_day,
            self.planned.minutes_on,
            set_day=self.planned.set_day,
            parameters=self._schedule.parameters,
            answers=chain.from_iterable(answers.values()),
        )

    def _date(self, key: str, day: int) -> int:
        """Return when an answer was really given, which a clock may have dated in the future."""
        return day if day <= self.today else self._candidates[key].last_day

    def _buries_siblings(self, item: Item) -> bool:
        return self._journal.schedule_of(item.key).options.bury_siblings

    def count_spent_minutes(self) -> float:
        """Return the minutes spent on today's answers."""
        spent_ms = sum(
            review.spent_ms
            for review in self._journal.store.list_reviews(
                since_ms=self._day_start_ms, until_ms=self._day_start_ms + MS_PER_DAY
            )
            if review.act in {Act.ANSWER, Act.CRAM}
        )
        return spent_ms / MS_PER_MINUTE

    def list_today(self, minutes: float) -> list[Worth]:
        """Return the prompts to ask today, in order, as many as fit the minutes.

        The last one may run over. Those answered today are left out, as are those in a learning
        step, for which there is time as well; and a prompt whose siblings are buried is not asked
        on the same day as one of them.
        """
        today, candidates = self.today, self._candidates
        siblings_of = self._journal.limits.siblings_of
        steps = self._list_steps()
        asked = {siblings_of(key) for key, one in self.memories.items() if one.last_day == today}
        asked.update(map(siblings_of, steps))
        chosen: list[Worth] = []
        left_s = minutes * SECONDS_PER_MINUTE - len(steps) * self._step_s
        for ranked in self._daily.order:
            if left_s <= 0:
                break
            found = candidates.get(ranked.key)
            if found is None or found.buried_day == today or ranked.key in self._steps:
                continue
            if found.stability and found.last_day >= today:
                continue
            if found.item.siblings in asked and self._buries_siblings(found.item):
                continue
            asked.add(found.item.siblings)
            left_s -= ranked.seconds
            chosen.append(Worth(found, ranked))
        return chosen

    def _list_steps(self) -> list[str]:
        """Return the keys of the prompts whose next learning step is due today."""
        today, candidates = self.today, self._candidates
        return [
            key
            for key, due_day in self._steps.items()
            if due_day <= today and candidates[key].buried_day != today
        ]

    @cached_property
    def _step_s(self) -> float:
        """The seconds that a learning step takes."""
        return read_pace(self._journal).step_s if self._steps else 0.0

    def estimate(
        self, minutes: float | None = None, keys: Container[str] | None = None
    ) -> Estimate:
        """Return what a session of some minutes asks, or the rest of the day, and the forecast.

        Every front end shows these figures. Only prompts with some `keys` are counted, or all. The
        forecast is the one of this morning, which counts on today's minutes.
        """
        spent_minutes = self.count_spent_minutes()
        if minutes is None:
            minutes = max(self.goal.minutes_on(self.today) - spent_minutes, 0.0)
        asked = [
            worth
            for worth in self.list_today(minutes)
            if keys is None or worth.candidate.item.key in keys
        ]
        learning = sum(keys is None or key in keys for key in self._list_steps())
        seconds = learning * self._step_s + sum(worth.seconds for worth in asked)
        new = sum(not worth.candidate.stability for worth in asked)
        plan = self._daily.plan
        return Estimate(
            seconds / SECONDS_PER_MINUTE if minutes > 0 else 0.0,
            new,
            learning,
            len(asked) - new,
            spent_minutes,
            plan.on_day[WHOLE] if plan else None,
        )

    def measure(self, item: Item) -> Worth | None:
        """Return the worth of asking a prompt today; None if that is not planned."""
        found, ranked = self._candidates.get(item.key), self._ranked.get(item.key)
        return Worth(found, ranked) if found and ranked and not self.is_over else None

    @cached_property
    def _ranked(self) -> dict[str, Ranked]:
        return {ranked.key: ranked for ranked in self._daily.order}

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
            reason, command = "it has no prompts", "new"
            if self._held:
                reason, command = "all its prompts are reserved for mock exams", "exam release"
            if self.items:
                reason, command = "all its prompts are suspended", "unsuspend"
            raise ProjectError(
                f"there is nothing to plan for `{self.goal.pack}`: {reason}",
                help=f"`cards {command} --help` shows how to change that",
            )
        if self._daily.plan is None:
            raise missing_extra()
        return self._daily.plan

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


def _expect(daily: DailyPlan, expected: Mapping[str, ExpectedRecall] | None) -> DailyPlan:
    """Return a plan with what was expected when one was first made today, perhaps elsewhere.

    One that is made later takes what was answered since for known, and counts on today's minutes, too.
    """
    if daily.plan is None or expected is None:
        return daily
    return dataclasses.replace(daily, plan=dataclasses.replace(daily.plan, on_day=expected))


def _has_numpy() -> bool:
    return find_spec("numpy") is not None


def _list_answers(records: Iterable[AnswerRecord]) -> list[tuple[int, int, int]]:
    """Return the study day, milliseconds and rating of each answer since a prompt was last new.

    Answers that took some time, but too little for an answer, are left out.
    """
    found: list[tuple[int, int, int]] = []
    for _, _, day, spent_ms, rating, standing in records:
        if standing < len(STATES) and STATES[standing] is State.NEW:
            found = []
        if standing != CRAM and not 0 < spent_ms < MIN_ANSWER_MS:
            found.append((day, spent_ms, rating))
    return found


class ExamDay:
    """The prompts of one session that prepare for an exam, as many as fit its minutes."""

    def __init__(self, preparation: Preparation, minutes: float | None) -> None:
        """`minutes` is the length of the session; None means the rest of the day's minutes."""
        self.preparation = preparation
        spent = preparation.count_spent_minutes()
        whole = preparation.goal.minutes_on(preparation.today)
        self._until = max(whole, spent) if minutes is None else spent + minutes
        self.minutes = max(self._until - spent, _MIN_MINUTES)
        """The length of the session."""

    @property
    def days(self) -> StudyDays:
        """The study days, without those that are off for the exam."""
        return self.preparation.goal.days

    def arrange(self, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """Split prompts into those to ask for the exam, in order, and those of no exam."""
        preparation = self.preparation
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
        worth = self.preparation.measure(item)
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

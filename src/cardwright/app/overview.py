"""What is due today, by deck or by project, and what needs attention: what the home screen shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cardwright.app.choice import Choice
from cardwright.app.folders import explain_shared, read_folders
from cardwright.app.projects import JointStudy, KnownProject, join_exam_days, list_projects
from cardwright.app.study import Study, find_worth
from cardwright.files import is_on_network
from cardwright.frozen import frozen
from cardwright.history import MS_PER_DAY, SECONDS_PER_MINUTE, make_date
from cardwright.item import Item, Items
from cardwright.memory import State
from cardwright.project.walk import is_project
from cardwright.study.backup import list_backups
from cardwright.study.queue import Counts, Queue, SessionOptions
from cardwright.study.settings import DAILY_PLAN, GOAL
from cardwright.study.workload import read_pace
from cardwright.text import count, format_command

if TYPE_CHECKING:
    from cardwright.app.preparation import ExamDay
    from cardwright.exam.goal import Goal

_STALE_DAYS: Final = 7
_AHEAD_DAYS: Final = 366
"""How far ahead the next review is looked for."""
_AT_ONCE: Final = 100


class Due(NamedTuple):
    """What is due today of a deck, with its sub-decks, or of a project."""

    name: tuple[str, ...]
    """The parts of the deck's full name, or the project's name."""
    counts: Counts
    minutes: float
    project: KnownProject | None = None


class ExamDate(NamedTuple):
    """An exam that is set."""

    title: str
    exam_on: date
    days_left: int


class Attention(NamedTuple):
    """Something to look at, and the command that does something about it."""

    message: str
    command: str


@frozen
class Overview:
    """What is due today, and what needs attention."""

    title: str
    counts: Counts
    minutes: float
    rows: tuple[Due, ...]
    """Decks in their order, or projects by name."""
    is_of_projects: bool
    is_planned: bool
    """Whether the prompts for exams are those of today's plan, which takes time to make."""
    streak: int
    """Study days in a row with an answer, up to today or the last study day."""
    answered_today: bool
    exams: tuple[ExamDate, ...]
    next_on: date | None
    """When the next review is due, if nothing is left today."""
    is_off: bool
    """Whether today is a day off."""
    attention: tuple[Attention, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        rows = [
            {
                "name": "::".join(row.name),
                **row.counts._asdict(),
                "minutes": round(row.minutes, 1),
                **({"folder": str(row.project.folder)} if row.project else {}),
            }
            for row in self.rows
        ]
        return {
            "title": self.title,
            **self.counts._asdict(),
            "minutes": round(self.minutes, 1),
            "off": self.is_off,
            "streak": self.streak,
            "answered_today": self.answered_today,
            "next_on": self.next_on.isoformat() if self.next_on else None,
            "exams": [
                {"title": exam.title, "on": exam.exam_on.isoformat(), "days_left": exam.days_left}
                for exam in self.exams
            ],
            "projects" if self.is_of_projects else "decks": rows,
            "attention": [one._asdict() for one in self.attention],
        }


def survey(study: Study, *, plans: bool) -> Overview:
    """Return what is due in a project, or in several.

    Unless it `plans`, an exam that was not planned yet today is left out of account: that takes
    seconds.
    """
    is_of_projects = isinstance(study, JointStudy)
    parts = study.parts if isinstance(study, JointStudy) else (study,)
    exams = sorted(_list_exams(study, parts), key=lambda exam: exam.goal.exam_day)
    exam_days, is_planned = _find_exam_days(study, exams, plans=plans)
    usual_s = read_pace(study.journal)
    seconds_of = {
        State.NEW: usual_s.new_s,
        State.LEARNING: usual_s.step_s,
        State.REVIEW: usual_s.review_s,
    }
    counts: Counter[tuple[tuple[str, ...], State]] = Counter()
    seconds: dict[tuple[str, ...], float] = defaultdict(float)
    for item, state in _list_left(study, exam_days):
        needed_s = seconds_of[state]
        if state is not State.LEARNING:
            worth = find_worth(exam_days, item)
            needed_s = worth.seconds if worth else needed_s
        parts_of = (str(study.part_of(item).root),) if is_of_projects else item.deck.split("::")
        for depth in range(len(parts_of) + 1):
            path = tuple(parts_of[:depth])
            counts[path, state] += 1
            seconds[path] += needed_s

    def sum_up(path: tuple[str, ...]) -> tuple[Counts, float]:
        found = (counts[path, state] for state in (State.NEW, State.LEARNING, State.REVIEW))
        return Counts(*found), seconds[path] / SECONDS_PER_MINUTE

    if is_of_projects:
        rows = [
            Due((project.name,), *sum_up((str(project.folder),)), project)
            for project in list_projects(study.store)
        ]
    else:
        paths = [path for deck in study.sources.decks.values() for path, _ in deck.walk()]
        due = [path for path, _ in counts if path]
        listed = [path for path in dict.fromkeys((*paths, *due)) if len(path) == 1 or path in due]
        rows = [Due(path, *sum_up(path)) for path in listed]
    whole, minutes = sum_up(())
    streak, answered_today = _find_streak(study)
    return Overview(
        title="all projects" if is_of_projects else study.root.name,
        counts=whole,
        minutes=minutes,
        rows=tuple(rows),
        is_of_projects=is_of_projects,
        is_planned=is_planned,
        streak=streak,
        answered_today=answered_today,
        exams=tuple(
            ExamDate(exam.title, exam.goal.exam_on, exam.goal.exam_day - study.today)
            for exam in exams
        ),
        next_on=None if any(whole) else _find_next(study),
        is_off=study.journal.days.is_off(study.today),
        attention=tuple(dict.fromkeys(_list_attention(study, parts))),
    )


class _Exam(NamedTuple):
    title: str
    goal: Goal
    part: Study
    namespace: str


def _list_exams(study: Study, parts: Iterable[Study]) -> Iterator[_Exam]:
    """Yield the exams that are set and not over."""
    settings = study.store.settings.read()
    if not any(name == GOAL for _, name in settings):
        return
    from cardwright.exam.goal import read_goal  # noqa: PLC0415  (most have no exam)

    for part in parts:
        for pack in dict.fromkeys((*part.sources.decks, *part.sources.blueprints)):
            namespace = part.sources.namespace_of(pack)
            value = settings.get((namespace, GOAL))
            goal = read_goal(value, study.journal.days) if value else None
            if goal is not None and goal.exam_day >= study.today:
                blueprint = part.sources.blueprints.get(pack)
                yield _Exam(blueprint.name if blueprint else pack, goal, part, namespace)


def _find_exam_days(
    study: Study, exams: Iterable[_Exam], *, plans: bool
) -> tuple[list[ExamDay], bool]:
    """Return today's part of each project's next exam, and whether all of them are planned."""
    nearest: dict[Path, _Exam] = {}
    for exam in exams:
        if exam.goal.exam_day > study.today:
            nearest.setdefault(exam.part.root, exam)
    if not nearest:
        return [], True
    from cardwright.exam.daily import read_daily_plan  # noqa: PLC0415  (as above)

    settings = study.store.settings.read()
    found = []
    for exam in nearest.values():
        kept = read_daily_plan(settings.get((exam.namespace, DAILY_PLAN)))
        if plans or (kept and kept.day == study.today):
            found.append(exam.part.find_exam_day(exam.part.choose(Choice())))
    return [one for one in found if one], len(found) == len(nearest)


def _list_left(study: Study, exam_days: list[ExamDay]) -> Iterator[tuple[Item, State]]:
    """Yield the prompts that are left to ask today, with what they count as."""
    items = study.choose(Choice())
    queue = Queue(
        study.journal.read_prospects(
            items if isinstance(items, Items) else Items(items), study.moment
        ),
        study.journal.limits,
        SessionOptions(),
        study.moment,
        study.today,
        arrange=join_exam_days(exam_days) if exam_days else None,
        measure=study.journal.measure_loss,
    )
    return queue.list_states()


def _find_streak(study: Study) -> tuple[int, bool]:
    """Return how many study days in a row have an answer, and whether today is one of them."""
    # `study.stats.find_streak` reads all days: a test holds that both are equal.
    calendar, today = study.journal.days, study.today
    days: set[int] = set()
    out_of_order: set[int] = set()
    first = today
    for day, is_in_order in study.store.list_study_days(study.journal.rollover_hour):
        days.add(day)
        if not is_in_order:
            out_of_order.add(day)
        elif day < first:
            if calendar.count(day + 1, first) > len(out_of_order):
                break
            first = day
    length, day, earliest = 0, today, min(days, default=today)
    while day >= earliest and (day in days or day == today or calendar.is_off(day)):
        length += day in days
        day -= 1
    return length, today in days


def _find_next(study: Study) -> date | None:
    """Return when the next review is due after today, if it is within a year."""
    items, tomorrow = study.items, study.today + 1
    due = (pair for pair in study.store.list_due(study.today + _AHEAD_DAYS) if items.find(pair[1]))
    while some := list(islice(due, _AT_ONCE)):
        found = study.store.list_some([key for _, key in some])
        suspended = {memory.key for memory in found if memory.is_suspended}
        # What was put off today is due tomorrow.
        day = next((max(day, tomorrow) for day, key in some if key not in suspended), None)
        if day is not None:
            study_day = study.journal.days.find_next(day)
            return None if study_day is None else make_date(study_day)
    return None


def _list_attention(study: Study, parts: Iterable[Study]) -> Iterator[Attention]:
    """Yield what needs attention, of what can be told without reading much."""
    store, is_joint = study.store, isinstance(study, JointStudy)
    for what in store.left_out:
        yield Attention(f"{what} is damaged and was left out", "cards doctor")
    for part in parts:
        where = ("-C", part.root) if is_joint else ()
        if part.error_count:
            errors = count(part.error_count, "error")
            message = f"{errors} in the cards of {part.root.name}: some may be missing"
            yield Attention(message, format_command("cards", *where, "check"))
        yield from _check_folders(part)
    yield from (Attention(note, "") for note in study.notes)
    if study.journal.unused_fits:
        yield Attention("fitted parameters are of another memory model", "cards optimize")
    yield from _check_copies(study)
    leeches = sum(study.items.find(key) is not None for key in store.list_leeches())
    if leeches:
        words = ("--all",) if is_joint else ()
        command = format_command("cards", "review", *words, "--leeches")
        shown = "1 leech" if leeches == 1 else f"{leeches:,} leeches"
        yield Attention(f"{shown}: forgotten again and again", command)


def _check_folders(part: Study) -> Iterator[Attention]:
    """Yield the namespaces that are in other folders as well, if they were studied here last."""
    folders = read_folders(part.store)
    for deck in part.sources.decks.values():
        last, *others = folders.get(deck.namespace) or [""]
        for folder in others if last == str(part.root) else ():
            if is_project(Path(folder)):
                yield Attention(explain_shared(deck.namespace, folder), "")


def _check_copies(study: Study) -> Iterator[Attention]:
    """Yield what is wrong with backups and the sync folder: they lack what was answered long ago."""
    store = study.store
    last_id = store.last_id()
    if not last_id:
        return
    last_ms = min(int(last_id[:12], 16), study.moment.at_ms)
    backups = list_backups(store.path)
    if not backups:
        yield Attention("your reviews have no backup yet", "cards backup")
    elif (days := _count_days(backups[0], last_ms)) > _STALE_DAYS:
        yield Attention(f"the newest backup lacks the last {days} days", "cards backup")
    folder = store.settings.read_sync_folder()
    if not folder or is_on_network(folder):
        return
    own = Path(folder) / f"{store.device}.jsonl"
    try:
        is_stale = own.exists() and (days := _count_days(own, last_ms)) > _STALE_DAYS
        if not Path(folder).is_dir():
            yield Attention(f"the sync folder {folder} is not there", "cards doctor")
        elif is_stale:
            yield Attention(f"the last {days} days were not synced", "cards sync")
    except OSError:
        yield Attention(f"the sync folder {folder} cannot be read", "cards doctor")


def _count_days(file: Path, last_ms: int) -> int:
    """Return how many days of answers a file lacks."""
    return int(last_ms - file.stat().st_mtime_ns // 10**6) // MS_PER_DAY

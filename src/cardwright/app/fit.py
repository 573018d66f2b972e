"""Fitting the memory model to the user's own answers."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cardwright.app.choice import choose_packs
from cardwright.app.study import Study
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.history import KEPT_LOG, Review, is_kept, namespace_of
from cardwright.memory import Memory
from cardwright.model import DeckOptions
from cardwright.progress import announced, track
from cardwright.study.journal import make_journal
from cardwright.study.schedule import Schedule
from cardwright.study.settings import PARAMETERS, describe_fit
from cardwright.study.store import Store
from cardwright.study.workload import Workload, measure_habits, simulate_workloads
from cardwright.text import count, list_names

if TYPE_CHECKING:
    from cardwright.study.optimize import Fit

_SEED: Final = 2024
"""Fixed, so that the same reviews give the same figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFit:
    """The result of fitting to the reviews of a pack."""

    trials: int
    """Reviews on a later day than the previous answer."""
    min_trials: int
    """How many are needed to fit."""
    fit: Fit | None
    """None if there were too few reviews."""
    parameters: tuple[float, ...]
    """The parameters now in use or, in a dry run, those that would be."""
    recomputed: int | None
    """How many memories were recomputed with new parameters; None if nothing was changed."""
    workloads: Sequence[Workload]
    prompts: int
    """How many prompts the workloads cover."""
    desired_retention: float
    is_kept: bool
    """Whether it is a history that was kept and belongs to no pack, so that nothing is changed."""

    def as_json(self) -> dict[str, Any]:
        """Return all figures as JSON."""
        fit = self.fit
        return {
            "reviews": self.trials,
            "held_out": fit.held_out if fit else 0,
            "before": asdict(fit.before) if fit else None,
            "after": asdict(fit.after) if fit else None,
            "is_better": fit.is_better if fit else False,
            "parameters": self.parameters,
            "workload": [workload._asdict() for workload in self.workloads],
        }


class _Subject(NamedTuple):
    """What to fit parameters for."""

    name: str
    namespace: str
    source: str
    """The namespace of the reviews to fit to."""
    is_kept: bool


def list_kept(store: Store, packs: Container[str] = ()) -> dict[str, str]:
    """Return the namespaces of histories that were kept, and belong to no pack, by short names."""
    found = {}
    for namespace in sorted(filter(is_kept, store.list_namespaces())):
        name = namespace.removeprefix(KEPT_LOG)
        found[namespace if name in packs or name in found else name] = namespace
    return found


def _choose_subjects(study: Study, names: Sequence[str], source: str) -> list[_Subject]:
    decks = study.sources.decks
    kept = list_kept(study.store, decks)
    if source and source not in kept:
        known = list_names(list(kept), none="none was")
        raise ProjectError(f"no history `{source}` was kept ({known})")
    others = {} if source or (decks and not names) else kept
    return [
        _Subject(name, others[name], others[name], is_kept=True)
        if name in others
        else _Subject(
            name,
            study.sources.namespace_of(name),
            kept[source] if source else study.sources.namespace_of(name),
            is_kept=False,
        )
        for name in choose_packs([*decks, *others], names)
    ]


def fit_packs(
    study: Study, packs: Sequence[str], *, source: str = "", is_dry_run: bool = False
) -> Iterator[tuple[str, PackFit]]:
    """Fit to the reviews of packs, or of all with enough, and start to use better parameters.

    `packs` can also name histories that were kept, for which nothing is changed. With a `source`, the
    reviews of that kept history take the place of those of the packs.

    Raises:
        ProjectError: there is no such pack or history.
        ExtraMissingError: fsrs-rs-python is not installed.
        StoreError: the store cannot be read or written.

    """
    try:
        from cardwright.study.optimize import (  # noqa: PLC0415  (fsrs-rs-python is an extra)
            MIN_TRIALS,
            fit,
            list_trials,
        )
    except ImportError as error:
        raise ExtraMissingError(
            f"fitting needs another package ({error})", help="pip install fsrs-rs-python"
        ) from error
    subjects = _choose_subjects(study, packs, source)
    reviews: dict[str, list[Review]] = {subject.source: [] for subject in subjects}
    for review in track(study.store.list_reviews(), "Reading your reviews"):
        if (found_reviews := reviews.get(namespace_of(review.key))) is not None:
            found_reviews.append(review)
    rollover_hour = study.journal.rollover_hour
    trials = {name: list_trials(found, rollover_hour) for name, found in reviews.items()}
    enough = [subject for subject in subjects if len(trials[subject.source]) >= MIN_TRIALS]
    for subject in subjects if packs else enough or subjects:
        schedule = study.journal.schedule_of_namespace(subject.namespace)
        tried = trials[subject.source]
        found, recomputed = None, None
        if subject in enough:
            steps = len(schedule.options.relearning_steps_minutes)
            with announced(f"Fitting to {count(len(tried), 'answer')}"):
                found = fit(tried, schedule.parameters, steps)
            schedule = Schedule(schedule.options, found.parameters, rollover_hour)
            if found.is_better and not is_dry_run and not subject.is_kept:
                fitted_on = study.moment.local.date().isoformat()
                setting = describe_fit(found.parameters, fitted_on, len(tried))
                recomputed = _put_parameters(study, subject.name, setting)
        with announced("Simulating the days to come"):
            workloads, prompts = _simulate(study, subject, schedule, reviews[subject.source])
        yield (
            subject.name,
            PackFit(
                trials=len(tried),
                min_trials=MIN_TRIALS,
                fit=found,
                parameters=schedule.parameters,
                recomputed=recomputed,
                workloads=workloads,
                prompts=prompts,
                desired_retention=schedule.options.desired_retention,
                is_kept=subject.is_kept,
            ),
        )


def restore_defaults(study: Study, packs: Sequence[str]) -> dict[str, int | None]:
    """Go back to the default parameters for packs, or for all.

    Returns how many memories were recomputed for each pack; None if it used the defaults already.

    Raises:
        ProjectError: there is no such pack.
        StoreError: the store cannot be read or written.

    """
    chosen = choose_packs(study.sources.decks, packs)
    settings = study.store.settings.read()
    found: dict[str, int | None] = {}
    for pack in chosen:
        is_set = (study.sources.namespace_of(pack), PARAMETERS) in settings
        found[pack] = _put_parameters(study, pack, None) if is_set else None
    return found


def _simulate(
    study: Study, subject: _Subject, schedule: Schedule, reviews: Sequence[Review]
) -> tuple[list[Workload], int]:
    """Return the workloads of the prompts that are not suspended, and their number."""
    journal = study.journal
    schedules: dict[DeckOptions, Schedule] = {}

    def schedule_of(key: str) -> Schedule:
        """Return the schedule of a prompt's deck with the parameters of `schedule`."""
        options = journal.schedule_of(key).options
        if options not in schedules:
            made = Schedule(options, schedule.parameters, schedule.rollover_hour)
            schedules[options] = made
        return schedules[options]

    known = _list_memories(study, subject.namespace, schedule, schedule_of)
    keys = [item.key for item in study.items if item.pack == subject.name]
    if subject.is_kept:
        keys = list(known)
    memories = [known.get(key) or Memory(key=key) for key in keys]
    asked = [(memory, schedule_of(memory.key)) for memory in memories if not memory.is_suspended]
    habits = measure_habits(reviews, schedule.rollover_hour)
    retention = schedule.options.desired_retention
    workloads = simulate_workloads(asked, journal.limits, study.today, retention, habits, _SEED)
    return workloads, len(asked)


def _list_memories(
    study: Study, namespace: str, schedule: Schedule, schedule_of: Callable[[str], Schedule]
) -> dict[str, Memory]:
    """Return the memories of a namespace under schedules, which may not be those in use."""
    if schedule.parameters == study.journal.schedule_of_namespace(namespace).parameters:
        return {
            memory.key: memory
            for memory in study.store.list_memories()
            if namespace_of(memory.key) == namespace
        }
    return {
        key: schedule_of(key).replay(key, (act[2:8] for act in acts))
        for key, acts in groupby(study.store.list_acts(namespace), key=itemgetter(0))
    }


def _put_parameters(study: Study, pack: str, setting: dict[str, Any] | None) -> int:
    """Store or remove the parameters of a pack; return how many memories were recomputed."""
    namespace = study.sources.namespace_of(pack)
    study.store.settings.put({(namespace, PARAMETERS): setting}, study.moment.at_ms)
    study.journal = make_journal(study.store, study.sources.decks, study.items)
    return len(study.store.list_keys(namespace))

"""Fitting the memory model to the user's own answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from cardwright.app.choice import choose_packs
from cardwright.app.study import Study
from cardwright.error import ExtraMissingError
from cardwright.history import Review, namespace_of
from cardwright.memory import Memory
from cardwright.model import DeckOptions
from cardwright.study.journal import make_journal
from cardwright.study.schedule import Schedule
from cardwright.study.settings import PARAMETERS, describe_fit
from cardwright.study.workload import Workload, measure_habits, simulate_workloads

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


def fit_packs(
    study: Study, packs: Sequence[str], *, is_dry_run: bool = False
) -> Iterator[tuple[str, PackFit]]:
    """Fit to the reviews of packs, or of all with enough, and start to use better parameters.

    Raises:
        ProjectError: there is no such pack.
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
    chosen = choose_packs(study.sources.decks, packs)
    reviews: dict[str, list[Review]] = {pack: [] for pack in chosen}
    names = {study.sources.namespace_of(pack): pack for pack in chosen}
    for review in study.store.list_reviews():
        if pack := names.get(namespace_of(review.key)):
            reviews[pack].append(review)
    rollover_hour = study.journal.rollover_hour
    trials = {pack: list_trials(found, rollover_hour) for pack, found in reviews.items()}
    enough = [pack for pack, found in trials.items() if len(found) >= MIN_TRIALS]
    for pack in trials if packs else enough or trials:
        schedule = study.journal.schedule_of_namespace(study.sources.namespace_of(pack))
        found, recomputed = None, None
        if pack in enough:
            steps = len(schedule.options.relearning_steps_minutes)
            found = fit(trials[pack], schedule.parameters, steps)
            schedule = Schedule(schedule.options, found.parameters, rollover_hour)
            if found.is_better and not is_dry_run:
                fitted_on = study.moment.local.date().isoformat()
                setting = describe_fit(found.parameters, fitted_on, len(trials[pack]))
                recomputed = _put_parameters(study, pack, setting)
        workloads, prompts = _simulate(study, pack, schedule, reviews[pack])
        yield (
            pack,
            PackFit(
                trials=len(trials[pack]),
                min_trials=MIN_TRIALS,
                fit=found,
                parameters=schedule.parameters,
                recomputed=recomputed,
                workloads=workloads,
                prompts=prompts,
                desired_retention=schedule.options.desired_retention,
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
    study: Study, pack: str, schedule: Schedule, reviews: Sequence[Review]
) -> tuple[list[Workload], int]:
    """Return the workloads of a pack's prompts that are not suspended, and their number."""
    journal = study.journal
    schedules: dict[DeckOptions, Schedule] = {}

    def schedule_of(key: str) -> Schedule:
        """Return the schedule of a prompt's deck with the parameters of `schedule`."""
        options = journal.schedule_of(key).options
        if options not in schedules:
            made = Schedule(options, schedule.parameters, schedule.rollover_hour)
            schedules[options] = made
        return schedules[options]

    known = _list_memories(study, pack, schedule, schedule_of)
    keys = [item.key for item in study.items if item.pack == pack]
    memories = [known.get(key) or Memory(key=key) for key in keys]
    asked = [(memory, schedule_of(memory.key)) for memory in memories if not memory.is_suspended]
    habits = measure_habits(reviews, schedule.rollover_hour)
    retention = schedule.options.desired_retention
    workloads = simulate_workloads(asked, journal.limits, study.today, retention, habits, _SEED)
    return workloads, len(asked)


def _list_memories(
    study: Study, pack: str, schedule: Schedule, schedule_of: Callable[[str], Schedule]
) -> dict[str, Memory]:
    """Return the memories of a pack under schedules, which may not be those in use."""
    namespace = study.sources.namespace_of(pack)
    if schedule.parameters == study.journal.schedule_of_namespace(namespace).parameters:
        return {memory.key: memory for memory in study.store.list_memories()}
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

"""Fitting the memory model to the user's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from cardwright.app.choice import choose_packs
from cardwright.app.study import Study
from cardwright.error import ExtraMissingError
from cardwright.history import Review, pack_of
from cardwright.memory import Memory
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
    for review in study.store.list_reviews():
        pack = pack_of(review.key)
        if pack in reviews:
            reviews[pack].append(review)
    rollover_hour = study.journal.rollover_hour
    trials = {pack: list_trials(found, rollover_hour) for pack, found in reviews.items()}
    enough = [pack for pack, found in trials.items() if len(found) >= MIN_TRIALS]
    for pack in trials if packs else enough or trials:
        schedule = study.journal.schedule_of_pack(pack)
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
    settings = study.store.read_settings()
    return {
        pack: _put_parameters(study, pack, None) if (pack, PARAMETERS) in settings else None
        for pack in chosen
    }


def _simulate(
    study: Study, pack: str, schedule: Schedule, reviews: Sequence[Review]
) -> tuple[list[Workload], int]:
    """Return the workloads of a pack's prompts that are not suspended, and their number."""
    known = _list_memories(study, pack, schedule)
    keys = [item.key for item in study.items if item.pack == pack]
    memories = [known.get(key) or Memory(key=key) for key in keys]
    asked = [memory for memory in memories if not memory.is_suspended]
    habits = measure_habits(reviews, schedule.rollover_hour)
    return simulate_workloads(asked, study.today, schedule, habits, _SEED), len(asked)


def _list_memories(study: Study, pack: str, schedule: Schedule) -> dict[str, Memory]:
    """Return the memories of a pack under a schedule, which may not be the one in use."""
    if schedule.parameters == study.journal.schedule_of_pack(pack).parameters:
        return {memory.key: memory for memory in study.store.list_memories()}
    return {
        prompt: schedule.replay(prompt, (act[2:6] for act in acts))
        for prompt, acts in groupby(study.store.list_acts(pack), key=itemgetter(0))
    }


def _put_parameters(study: Study, pack: str, setting: dict[str, Any] | None) -> int:
    """Store or remove the parameters of a pack; return how many memories were recomputed."""
    study.store.put_settings({(pack, PARAMETERS): setting})
    study.journal = make_journal(study.store, study.sources.decks)
    return sum(memory.key.startswith(f"{pack}:") for memory in study.store.list_memories())

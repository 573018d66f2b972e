"""`cards optimize`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.cli.study import Study
    from cardwright.history import Memory, Review
    from cardwright.study.optimize import Fit
    from cardwright.study.schedule import Schedule
    from cardwright.study.workload import Workload

_PARAMETERS: Final = "parameters"
_SEED: Final = 2024
"""Whichever it is, the same reviews must give the same figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What fitting came to for a pack."""

    trials: int
    fit: Fit | None
    """None: there was too little to fit to."""
    parameters: tuple[float, ...]
    """Those in force, or that would be but for --dry-run."""
    changed: str
    """What was done to put them in force, in words; "" if nothing was."""
    workloads: Sequence[Workload]
    prompts: int
    """Of which the workloads are."""
    desired_retention: float


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--defaults", is_flag=True, help="Go back to the default parameters.")
@json_option
@db_option
@click.pass_obj
def optimize(
    folder: Path,
    packs: tuple[str, ...],
    dry_run: bool,
    defaults: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Fit the memory model to your own answers.

    The parameters of FSRS-6 are fitted to the first four fifths of your reviews, as Anki fits
    them, and judged by the rest. If they foretell it better than those in force, they take their
    place, fitted to all reviews. Then you see what each desired retention would cost in a year.

    \b
    cards optimize
    cards optimize mlpro --dry-run
    cards optimize mlpro --defaults
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import fail
    from cardwright.cli.study import open_study
    from cardwright.study.fsrs import DEFAULT_PARAMETERS

    if dry_run and defaults:
        raise click.UsageError("--dry-run and --defaults exclude each other")
    rows: dict[str, Any] = {}
    with open_study(folder, db, read_clock()) as study:
        decks = study.index.decks
        unknown = next((pack for pack in packs if pack not in decks), None)
        if unknown is not None:
            fail(f"there is no pack `{unknown}` (packs: {', '.join(decks)})")
        if defaults:
            settings = study.store.read_settings()
            for pack in packs or decks:
                rows[pack] = {"parameters": DEFAULT_PARAMETERS}
                is_fitted = (pack, _PARAMETERS) in settings
                changed = _put_parameters(study, pack, None) if is_fitted else ""
                if not as_json:
                    click.echo(f"{pack}: the default parameters are in force{changed}")
        else:
            for pack, outcome in _optimize(study, packs, dry_run=dry_run):
                rows[pack] = _describe(outcome)
                if not as_json:
                    _print(pack, outcome)
    if as_json:
        import json

        click.echo(json.dumps(rows, indent=2))


def _optimize(
    study: Study, packs: Sequence[str], *, dry_run: bool
) -> Iterator[tuple[str, _Outcome]]:
    """Fit to the reviews of packs; when none is named, of those with enough, if there are any."""
    from cardwright.cli.say import fail

    try:
        from cardwright.study.optimize import MIN_TRIALS, fit
    except ImportError as error:
        fail(f"fitting needs another package ({error})\n  help: pip install fsrs-rs-python")
    from cardwright.study.optimize import list_trials
    from cardwright.study.schedule import Schedule

    reviews: dict[str, list[Review]] = {pack: [] for pack in packs or study.index.decks}
    for review in study.store.list_reviews():
        pack = review.key.partition(":")[0]
        if pack in reviews:
            reviews[pack].append(review)
    rollover_hour = study.journal.rollover_hour
    trials = {pack: list_trials(found, rollover_hour) for pack, found in reviews.items()}
    enough = [pack for pack, found in trials.items() if len(found) >= MIN_TRIALS]
    for pack in trials if packs else enough or trials:
        schedule = study.journal.schedule_of(f"{pack}:")
        found, changed = None, ""
        if pack in enough:
            steps = len(schedule.options.relearning_steps_minutes)
            found = fit(trials[pack], schedule.parameters, steps)
            schedule = Schedule(schedule.options, found.parameters, rollover_hour)
            if found.is_better and not dry_run:
                changed = _put_fit(study, pack, found.parameters, len(trials[pack]))
        workloads, prompts = _simulate(study, pack, schedule, reviews[pack])
        yield (
            pack,
            _Outcome(
                trials=len(trials[pack]),
                fit=found,
                parameters=schedule.parameters,
                changed=changed,
                workloads=workloads,
                prompts=prompts,
                desired_retention=schedule.options.desired_retention,
            ),
        )


def _simulate(
    study: Study, pack: str, schedule: Schedule, reviews: Sequence[Review]
) -> tuple[list[Workload], int]:
    """Return workloads, and of how many prompts: those of a pack that are not suspended."""
    from cardwright.history import Memory
    from cardwright.study.workload import measure_habits, simulate_workloads

    known = _list_memories(study, pack, schedule)
    refs = [item.key for item in study.items if item.pack == pack]
    memories = [known.get(ref) or Memory(key=ref) for ref in refs]
    asked = [memory for memory in memories if not memory.is_suspended]
    habits = measure_habits(reviews, schedule.rollover_hour)
    return simulate_workloads(asked, study.today, schedule, habits, _SEED), len(asked)


def _list_memories(study: Study, pack: str, schedule: Schedule) -> dict[str, Memory]:
    """Return the memories of a pack under a schedule, which may be one that is not in force."""
    from itertools import groupby
    from operator import itemgetter

    if schedule.parameters == study.journal.schedule_of(f"{pack}:").parameters:
        return {memory.key: memory for memory in study.store.list_memories()}
    return {
        prompt: schedule.replay(prompt, (act[2:6] for act in acts))
        for prompt, acts in groupby(study.store.list_acts(pack), key=itemgetter(0))
    }


def _put_fit(study: Study, pack: str, parameters: Sequence[float], trials: int) -> str:
    from cardwright.study.fsrs import MODEL

    setting = {
        "model": MODEL,
        "parameters": parameters,
        "fitted_on": study.moment.local.date().isoformat(),
        "reviews": trials,
    }
    return _put_parameters(study, pack, setting)


def _put_parameters(study: Study, pack: str, setting: dict[str, Any] | None) -> str:
    """Store the parameters of a pack, or none; return how many memories changed with them."""
    from cardwright.cli.say import count
    from cardwright.study.journal import make_journal

    study.store.put_settings({(pack, _PARAMETERS): setting})
    study.journal = make_journal(study.store, study.index.decks)
    made = sum(memory.key.startswith(f"{pack}:") for memory in study.store.list_memories())
    return f"; {count(made, 'memory')} computed anew"


def _describe(outcome: _Outcome) -> dict[str, Any]:
    fit = outcome.fit
    return {
        "reviews": outcome.trials,
        "held_out": fit.held_out if fit else 0,
        "before": asdict(fit.before) if fit else None,
        "after": asdict(fit.after) if fit else None,
        "is_better": fit.is_better if fit else False,
        "parameters": outcome.parameters,
        "workload": [workload._asdict() for workload in outcome.workloads],
    }


def _print(pack: str, outcome: _Outcome) -> None:
    from cardwright.cli.say import count
    from cardwright.study.optimize import MIN_TRIALS
    from cardwright.terminal.workload import print_workloads

    fit = outcome.fit
    click.echo(
        f"{pack}: {count(outcome.trials, 'review')} on a later day than the answer before"
        + (f", the last {fit.held_out:,} of them held out" if fit else "")
    )
    if fit is None:
        click.echo(f"  {MIN_TRIALS} are needed: the parameters stay as they are")
    else:
        click.echo("             log loss   RMSE(bins)")
        for name, score in (("in force", fit.before), ("fitted", fit.after)):
            click.echo(f"  {name:<8}  {score.log_loss:9.4f}  {score.rmse_bins:11.4f}")
        if not fit.is_better:
            click.echo("  those in force foretell better, and stay")
        else:
            where = "are in force" if outcome.changed else "would be put in force"
            click.echo(
                f"  the fitted ones foretell better: fitted to all, they {where}{outcome.changed}"
            )
            click.echo(f"  {', '.join(f'{number:.4f}' for number in outcome.parameters)}")
    print_workloads(outcome.workloads, outcome.desired_retention, outcome.prompts)

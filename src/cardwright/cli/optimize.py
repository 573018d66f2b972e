"""`cards optimize`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from cardwright.app.fit import PackFit, fit_packs, list_kept, restore_defaults
from cardwright.app.study import Study
from cardwright.cli.environment import open_bare_study, open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.user_folders import default_store_path
from cardwright.error import ProjectError
from cardwright.project.walk import find_project
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.terminal.stats import draw_workloads
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--from", "source", metavar="HISTORY", help="Fit to a history that was kept instead.")
@click.option("--defaults", is_flag=True, help="Go back to the default parameters.")
@json_option
@db_option
@click.pass_obj
def optimize(
    folder: Path,
    packs: tuple[str, ...],
    dry_run: bool,
    source: str | None,
    defaults: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Fit the memory model to your own answers.

    The parameters of FSRS-6 are fitted to the first four fifths of your reviews, as in Anki, and
    tested on the rest. If they predict the rest better than the current ones, they are fitted to
    all reviews and used from then on. Also shows the workload over a year for each desired
    retention.

    PACK can also be a history that `cards import --keep` kept, in a project or outside; nothing is
    changed then. With --from, the parameters that fit such a history are used for your packs.

    \b
    cards optimize
    cards optimize mlpro --dry-run
    cards optimize mlpro --defaults
    cards optimize review_log
    cards optimize mlpro --from review_log
    """
    if sum(map(bool, (dry_run or source, defaults))) > 1:
        raise click.UsageError("--defaults goes with neither --dry-run nor --from")
    rows: dict[str, Any] = {}
    with _open_study(folder, db) as study:
        if defaults:
            for pack, recomputed in restore_defaults(study, packs).items():
                rows[pack] = {"parameters": DEFAULT_PARAMETERS}
                if not as_json:
                    say(f"{pack}: the default parameters are used{_format_recomputed(recomputed)}")
        else:
            for pack, found in fit_packs(study, packs, source=source or "", is_dry_run=dry_run):
                rows[pack] = found.as_json()
                if not as_json:
                    _show(pack, found)
    if as_json:
        say_json(rows)


@contextmanager
def _open_study(folder: Path, db: Path | None) -> Iterator[Study]:
    """Open the store with the project of a folder, or without one if the store keeps a history."""
    try:
        find_project(folder)
    except ProjectError:
        if not (db or default_store_path()).exists():
            raise
        with open_bare_study(db) as study:
            if not list_kept(study.store):
                raise
            yield study
    else:
        with open_study(folder, db) as study:
            yield study


def _show(pack: str, found: PackFit) -> None:
    fit = found.fit
    say(
        f"{pack}: {count(found.trials, 'review')} on a later day than the previous answer"
        + (f", the last {fit.held_out:,} of them held out" if fit else "")
    )
    if fit is None:
        say(f"  at least {found.min_trials} are needed; nothing was changed")
    else:
        say("             log loss   RMSE(bins)")
        for name, score in (("current", fit.before), ("fitted", fit.after)):
            say(f"  {name:<8}  {score.log_loss:9.4f}  {score.rmse_bins:11.4f}")
        if not fit.is_better:
            say("  the current parameters predict better, and are kept")
        elif found.is_kept:
            say("  the fitted ones predict better; fitted to all reviews, they are")
            say(f"  {', '.join(f'{number:.4f}' for number in found.parameters)}")
            say(f"  `cards optimize PACK --from {pack}` uses them for a pack")
        else:
            where = "would be used" if found.recomputed is None else "are now used"
            recomputed = _format_recomputed(found.recomputed)
            say(
                f"  the fitted ones predict better; fitted to all reviews, they {where}{recomputed}"
            )
            say(f"  {', '.join(f'{number:.4f}' for number in found.parameters)}")
    say(draw_workloads(found.workloads, found.desired_retention, found.prompts))


def _format_recomputed(memories: int | None) -> str:
    return "" if memories is None else f"; {count(memories, 'memory')} recomputed"

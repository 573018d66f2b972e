"""`cards optimize`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cardwright.app.fit import PackFit, fit_packs, restore_defaults
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.terminal.stats import draw_workloads
from cardwright.text import count


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

    The parameters of FSRS-6 are fitted to the first four fifths of your reviews, as in Anki, and
    tested on the rest. If they predict the rest better than the current ones, they are fitted to
    all reviews and used from then on. Also shows the workload over a year for each desired
    retention.

    \b
    cards optimize
    cards optimize mlpro --dry-run
    cards optimize mlpro --defaults
    """
    if dry_run and defaults:
        raise click.UsageError("use only one of --dry-run and --defaults")
    rows: dict[str, Any] = {}
    with open_study(folder, db) as study:
        if defaults:
            for pack, recomputed in restore_defaults(study, packs).items():
                rows[pack] = {"parameters": DEFAULT_PARAMETERS}
                if not as_json:
                    say(f"{pack}: the default parameters are used{_format_recomputed(recomputed)}")
        else:
            for pack, found in fit_packs(study, packs, is_dry_run=dry_run):
                rows[pack] = found.as_json()
                if not as_json:
                    _show(pack, found)
    if as_json:
        say_json(rows)


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

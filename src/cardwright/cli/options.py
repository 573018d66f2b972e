"""`cards options`, and the option that all commands of study share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NoReturn

import click

db_option = click.option(
    "--db",
    envvar="CARDS_DB",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The review store, also CARDS_DB; default: reviews.db in your data folder.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
_ROLLOVER: Final = "rollover_hour"
_STEPS: Final = ("learning_steps_minutes", "relearning_steps_minutes")
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}
_DAY_MINUTES: Final = 1440


@click.command()
@click.argument("words", nargs=-1, metavar="[PACK] [NAME=VALUE]...")
@json_option
@db_option
@click.pass_obj
def options(folder: Path, words: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show how decks are studied, or change it for yourself.

    A deck's own options stand in its deck.yaml. What you set here holds for you alone, before
    them; an empty VALUE takes it back. Memories are computed anew at the next command.

    \b
    cards options
    cards options mlpro new_per_day=10 desired_retention=0.92
    cards options mlpro learning_steps_minutes=1,10 fuzz=
    cards options rollover_hour=5
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import fail
    from cardwright.cli.study import open_study
    from cardwright.study.journal import make_journal

    pack = words[0] if words and "=" not in words[0] else ""
    changes: dict[tuple[str, str], Any] = {}
    for word in words[1:] if pack else words:
        name, has_value, text = word.partition("=")
        if not has_value:
            _refuse(f"`{word}` is no NAME=VALUE")
        if (name == _ROLLOVER) != (not pack):
            _refuse(
                f"`{name}` is set for all packs: name none"
                if name == _ROLLOVER
                else f"`{name}` is set for a pack: name it first"
            )
        changes[pack, name] = _read_value(name, text.strip()) if text.strip() else None
    with open_study(folder, db, read_clock()) as study:
        if pack and pack not in study.index.decks:
            fail(f"there is no pack `{pack}` (packs: {', '.join(study.index.decks)})")
        study.store.put_settings(changes)
        journal = make_journal(study.store, study.index.decks)
        settings = study.store.read_settings()
        rows: dict[str, dict[str, Any]] = {"": {_ROLLOVER: journal.rollover_hour}}
        for name, given in journal.options.items():
            rows[name] = {
                field: getattr(given, field) for field in type(given).__dataclass_fields__
            }
    if as_json:
        import json

        click.echo(json.dumps(rows, indent=2))
        return
    for name, values in rows.items():
        click.echo(f"{name or 'all packs'}:")
        for field, value in values.items():
            mine = "  (yours)" if (name, field) in settings else ""
            click.echo(f"  {field:<25} {_show(value)}{mine}")


def _read_value(name: str, text: str) -> Any:
    """Return a value as it is kept; ends when it cannot be one."""
    from cardwright.project.deck import OPTION_BOUNDS

    if name in _STEPS:
        steps = [] if text == "none" else [_read_number(name, part) for part in text.split(",")]
        if not all(0 < step < _DAY_MINUTES for step in steps):
            _refuse(f"{name}: minutes, more than 0 and less than a day, or none")
        return steps
    bounds: dict[str, tuple[float, float]] = {**OPTION_BOUNDS, _ROLLOVER: (0, 23)}
    if name in bounds:
        least, most = bounds[name]
        number = _read_number(name, text)
        if not least <= number <= most:
            _refuse(f"{name}: from {least:g} to {most:g}")
        return number if name == "desired_retention" else int(number)
    if name in {"bury_siblings", "fuzz"}:
        if text.lower() not in _FLAGS:
            _refuse(f"{name}: true or false")
        return _FLAGS[text.lower()]
    known = ", ".join((*bounds, *_STEPS, "bury_siblings", "fuzz"))
    return _refuse(f"there is no option `{name}`; there are: {known}")


def _read_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _refuse(f"{name}: `{text}` is no number")


def _refuse(message: str) -> NoReturn:
    raise click.UsageError(message)


def _show(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value) or "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"

"""`cards options`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from cardwright.app.choice import choose_packs
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.project.deck import OPTION_BOUNDS
from cardwright.study.journal import make_journal
from cardwright.study.settings import AUTOPLAY, ROLLOVER_HOUR, Settings

_STEPS: Final = ("learning_steps_minutes", "relearning_steps_minutes")
_SHARED: Final = (ROLLOVER_HOUR, AUTOPLAY)
"""These apply to all packs."""
_FLAGS: Final = ("bury_siblings", "fuzz", AUTOPLAY)
_BOOLEANS: Final = {"true": True, "yes": True, "false": False, "no": False}
_DAY_MINUTES: Final = 1440


@click.command()
@click.argument("words", nargs=-1, metavar="[PACK] [NAME=VALUE]...")
@json_option
@db_option
@click.pass_obj
def options(folder: Path, words: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show the study options of your decks, or override them for yourself.

    A deck's own options are in its deck.yaml. What you set here applies only to you and takes
    precedence; an empty VALUE removes it. Memories are updated by the next command that needs them.

    \b
    cards options
    cards options mlpro new_per_day=10 desired_retention=0.92
    cards options mlpro learning_steps_minutes=1,10 fuzz=
    cards options rollover_hour=5 autoplay=true
    """
    pack = words[0] if words and "=" not in words[0] else ""
    changes: dict[tuple[str, str], Any] = {}
    for word in words[1:] if pack else words:
        name, has_value, text = word.partition("=")
        if not has_value:
            _refuse(f"`{word}` is not NAME=VALUE")
        if (name in _SHARED) != (not pack):
            _refuse(
                f"`{name}` applies to all packs: leave out the pack"
                if name in _SHARED
                else f"`{name}` applies to one pack: name it first"
            )
        changes[pack, name] = _read_value(name, text.strip()) if text.strip() else None
    with open_study(folder, db) as study:
        choose_packs(study.sources.decks, [pack] if pack else [])
        study.store.put_settings(changes)
        journal = make_journal(study.store, study.sources.decks)
        settings = study.store.read_settings()
    rows: dict[str, dict[str, Any]] = {
        "": {ROLLOVER_HOUR: journal.rollover_hour, AUTOPLAY: Settings(settings).autoplay}
    }
    for name, given in journal.options.items():
        rows[name] = {field.name: getattr(given, field.name) for field in fields(given)}
    if as_json:
        say_json(rows)
        return
    for name, values in rows.items():
        say(f"{name or 'all packs'}:")
        for field, value in values.items():
            mine = "  (yours)" if (name, field) in settings else ""
            say(f"  {field:<25} {_format_value(value)}{mine}")


def _read_value(name: str, text: str) -> Any:
    """Return a value as it is stored.

    Raises:
        UsageError: it is not valid for the option, or there is no such option.

    """
    if name in _STEPS:
        steps = [] if text == "none" else [_read_number(name, part) for part in text.split(",")]
        if not all(0 < step < _DAY_MINUTES for step in steps):
            _refuse(f"{name}: minutes, more than 0 and less than a day, or none")
        return steps
    bounds: dict[str, tuple[float, float]] = {**OPTION_BOUNDS, ROLLOVER_HOUR: (0, 23)}
    if name in bounds:
        low, high = bounds[name]
        number = _read_number(name, text)
        if not low <= number <= high:
            _refuse(f"{name}: a number from {low:g} to {high:g}")
        return number if name == "desired_retention" else int(number)
    if name in _FLAGS:
        if text.lower() not in _BOOLEANS:
            _refuse(f"{name}: true or false")
        return _BOOLEANS[text.lower()]
    known = ", ".join((*bounds, *_STEPS, *_FLAGS))
    return _refuse(f"there is no option `{name}` (options: {known})")


def _read_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _refuse(f"{name}: `{text}` is not a number")


def _refuse(message: str) -> NoReturn:
    raise click.UsageError(message)


def _format_value(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value) or "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"

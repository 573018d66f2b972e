"""`cards options`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import click

from cardwright.app.choice import choose_deck
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.model import DeckOptions
from cardwright.project.deck import OPTION_BOUNDS, is_step
from cardwright.project.sources import Sources
from cardwright.project.table import parse_within
from cardwright.study.decks import list_options, name_deck
from cardwright.study.settings import AUTOPLAY, ROLLOVER_HOUR, Settings
from cardwright.text import parse_number

_STEPS: Final = ("learning_steps_minutes", "relearning_steps_minutes")
_SHARED: Final = (ROLLOVER_HOUR, AUTOPLAY)
"""These apply to all packs."""
_FLAGS: Final = ("bury_siblings", "fuzz", AUTOPLAY)
_BOOLEANS: Final = {"true": True, "yes": True, "false": False, "no": False}


@click.command()
@click.argument("words", nargs=-1, metavar="[DECK] [NAME=VALUE]...")
@json_option
@db_option
@click.pass_obj
def options(folder: Path, words: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show the study options of your decks, or override them for yourself.

    A deck's own options are in its deck.yaml. What you set here applies only to you and takes
    precedence; an empty VALUE removes it, and steps can be `none`. What changes is shown. DECK is a pack or a sub-deck,
    which inherits what is not set for it. A prompt counts towards the daily limits of its deck and
    of all decks above.

    \b
    cards options
    cards options mlpro new_per_day=10 desired_retention=0.92
    cards options mlpro learning_steps_minutes=1,10 fuzz=
    cards options mlpro relearning_steps_minutes=none
    cards options "ML-PRO::2 MLOps" new_per_day=5
    cards options rollover_hour=5 autoplay=true
    """
    chosen, given = _read_words(words)
    with open_study(folder, db, is_writing=bool(given)) as study:
        sources = study.sources
        deck = shown = ""
        if chosen:
            pack, full_name = choose_deck(sources.decks, chosen)
            deck = name_deck(sources.namespace_of(pack), full_name)
            shown = full_name if "::" in full_name else pack
        before = Settings(study.store.settings.read())
        changes = {(deck, name): value for name, value in given.items()}
        study.store.settings.put(changes, study.moment.at_ms)
        settings = Settings(study.store.settings.read())
    if not given:
        _show_all(sources, settings, as_json=as_json)
        return
    old, new = (_read_options(sources, deck, some) for some in (before, settings))
    if as_json:
        say_json(
            [
                {"deck": shown, "option": name, "before": old[name], "after": new[name]}
                for name in given
            ]
        )
        return
    say(f"{shown or 'all packs'}:")
    for name in given:
        change = f"{_format_value(old[name])} → " if old[name] != new[name] else "still "
        _show(name, new[name], is_own=settings.has(deck, name), change=change)


def _read_words(words: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Return the deck that is named, or "", and the values that are given, by option.

    Raises:
        UsageError: one of the words has no meaning.

    """
    chosen = words[0] if words and "=" not in words[0] else ""
    given: dict[str, Any] = {}
    for word in words[1:] if chosen else words:
        name, has_value, text = word.partition("=")
        if not has_value:
            _refuse(f"`{word}` is not NAME=VALUE")
        if (name in _SHARED) != (not chosen):
            _refuse(
                f"`{name}` applies to all packs: leave out the deck"
                if name in _SHARED
                else f"`{name}` applies to one pack or deck: name it first"
            )
        given[name] = _read_value(name, text.strip()) if text.strip() else None
    return chosen, given


def _show_all(sources: Sources, settings: Settings, *, as_json: bool) -> None:
    shared = _read_shared(settings)
    rows = list(_list_rows(sources, settings))
    if as_json:
        names = [field.name for field in fields(DeckOptions)]
        say_json(
            {
                "": shared,
                **{row.name: {name: getattr(row.options, name) for name in names} for row in rows},
            }
        )
        return
    say("all packs:")
    for name, value in shared.items():
        _show(name, value, is_own=settings.has("", name))
    for row in rows:
        say(f"{row.name}:")
        for field in fields(DeckOptions):
            value = getattr(row.options, field.name)
            is_own = settings.has(row.deck, field.name)
            if is_own or row.above is None or value != getattr(row.above, field.name):
                _show(field.name, value, is_own=is_own)


def _read_shared(settings: Settings) -> dict[str, Any]:
    return {ROLLOVER_HOUR: settings.rollover_hour, AUTOPLAY: settings.autoplay}


def _read_options(sources: Sources, deck: str, settings: Settings) -> dict[str, Any]:
    """Return the options that apply to a deck, or to all packs if it is ""."""
    if not deck:
        return _read_shared(settings)
    found: dict[str, DeckOptions] = {}
    for top in sources.decks.values():
        found |= list_options(top, settings, is_complete=True)
    return {field.name: getattr(found[deck], field.name) for field in fields(DeckOptions)}


class _Row(NamedTuple):
    """A pack, or a sub-deck whose options differ from those of the deck above."""

    name: str
    """The pack, or the sub-deck's full name."""
    deck: str
    """Its name in settings."""
    options: DeckOptions
    above: DeckOptions | None


def _list_rows(sources: Sources, settings: Settings) -> Iterator[_Row]:
    for pack, deck in sources.decks.items():
        found = list_options(deck, settings, is_complete=True)
        for path, _ in deck.walk():
            name = name_deck(deck.namespace, "::".join(path))
            above = found.get(name.rpartition("::")[0])
            is_own = any(settings.has(name, field.name) for field in fields(DeckOptions))
            if above is None or found[name] != above or is_own:
                shown = pack if above is None else "::".join(path)
                yield _Row(shown, name, found[name], above)


def _show(name: str, value: Any, *, is_own: bool, change: str = "") -> None:
    say(f"  {name:<25} {change}{_format_value(value)}{'  (yours)' if is_own else ''}")


def _read_value(name: str, text: str) -> Any:
    """Return a value as it is stored.

    Raises:
        UsageError: it is not valid for the option, or there is no such option.

    """
    if name in _STEPS:
        steps = [] if text == "none" else [_read_number(name, part) for part in text.split(",")]
        if not all(map(is_step, steps)):
            _refuse(f"{name}: minutes, more than 0 and less than a day, or none")
        return steps
    bounds: dict[str, tuple[float, float]] = {**OPTION_BOUNDS, ROLLOVER_HOUR: (0, 23)}
    if name in bounds:
        low, high = bounds[name]
        _read_number(name, text)
        is_whole = name != "desired_retention"
        number = parse_within(text, low, high, whole=is_whole)
        if number is None:
            noun = "whole number" if is_whole else "number"
            _refuse(f"{name}: a {noun} from {low:g} to {high:g}")
        return number
    if name in _FLAGS:
        if text.lower() not in _BOOLEANS:
            _refuse(f"{name}: true or false")
        return _BOOLEANS[text.lower()]
    known = ", ".join((*bounds, *_STEPS, *_FLAGS))
    return _refuse(f"there is no option `{name}` (options: {known})")


def _read_number(name: str, text: str) -> float:
    number = parse_number(text)
    return _refuse(f"{name}: `{text}` is not a number") if number is None else number


def _refuse(message: str) -> NoReturn:
    raise click.UsageError(message)


def _format_value(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value) or "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"

"""What a store keeps besides reviews: the names and forms of the user's settings.

Each is a JSON value under a name, of one namespace, of one deck (`study.decks`) or, under "", of all
of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cardwright.model import DeckOptions
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MODEL, Fsrs

ROLLOVER_HOUR: Final = "rollover_hour"
"""The local hour at which a study day begins; of all packs."""
AUTOPLAY: Final = "autoplay"
"""Whether sounds are played without being asked for; of all packs."""
PARAMETERS: Final = "parameters"
"""Fitted FSRS parameters, with the model that they are for."""
GOAL: Final = "goal"
"""The exam that is set, as `exam.goal.Goal.as_json` writes it."""
DAILY_PLAN: Final = "daily_plan"
OLD_DAILY_PLAN: Final = "exam_day"
"""What an exam's preparation measured and chose today: a cache."""
_DEFAULT_ROLLOVER_HOUR: Final = 4


class Settings:
    """The settings of a store, read once."""

    def __init__(self, values: Mapping[tuple[str, str], Any]) -> None:
        """Take what `Store.read_settings` returned."""
        self._values = values
        self._fits = {
            namespace: _read_fit(value)
            for (namespace, name), value in values.items()
            if name == PARAMETERS
        }

    @property
    def rollover_hour(self) -> int:
        """The local hour at which a study day begins."""
        hour: int = self._values.get(("", ROLLOVER_HOUR), _DEFAULT_ROLLOVER_HOUR)
        return hour

    @property
    def autoplay(self) -> bool:
        """Whether sounds are played as soon as their side is shown."""
        return bool(self._values.get(("", AUTOPLAY), False))

    def has(self, deck: str, name: str) -> bool:
        """Return whether the user set this for a deck."""
        return (deck, name) in self._values

    def override(self, deck: str, options: DeckOptions) -> DeckOptions:
        """Return the options of a deck with those that the user set in their place."""
        own = {
            field.name: _to_tuple(self._values[deck, field.name])
            for field in dataclasses.fields(DeckOptions)
            if (deck, field.name) in self._values
        }
        return dataclasses.replace(options, **own)

    def parameters_of(self, namespace: str) -> tuple[float, ...]:
        """Return the FSRS parameters of a namespace: fitted ones that are valid, or the defaults."""
        return self._fits.get(namespace) or DEFAULT_PARAMETERS

    @property
    def unused_fits(self) -> list[str]:
        """The namespaces whose fitted parameters are of another model, or not valid."""
        return [namespace for namespace, parameters in self._fits.items() if parameters is None]


def describe_fit(parameters: Sequence[float], fitted_on: str, reviews: int) -> dict[str, Any]:
    """Return fitted parameters as the setting PARAMETERS; `fitted_on` is an ISO date."""
    return {
        "model": MODEL,
        "parameters": parameters,
        "fitted_on": fitted_on,
        "reviews": reviews,
    }


def _read_fit(setting: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return fitted parameters; None when they are of another model, or not valid in this one."""
    try:
        return Fsrs(setting["parameters"]).parameters if setting["model"] == MODEL else None
    except (KeyError, TypeError, ValueError):
        return None


def _to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

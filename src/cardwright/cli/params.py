"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import isfinite
from typing import Any, Final, TypeVar

import click

from cardwright.app.choice import Choice
from cardwright.cli.lazy import Text
from cardwright.cli.paths import StoreFile
from cardwright.text import to_nfc

_MAX_MINUTES: Final = 366 * 24 * 60
_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Name(Text):
    """A name of something in the sources, which are read in NFC."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name in NFC."""
        return to_nfc(super().convert(value, param, ctx))


class _Minutes(click.FloatRange):
    """A number of minutes: above zero, and at most a year."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or fail."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not a number of minutes.", param, ctx)
        return number


NAME = _Name()
MINUTES = _Minutes(0, _MAX_MINUTES, min_open=True)

db_option = click.option(
    "--db",
    envvar="CARDS_DB",
    show_envvar=True,
    type=StoreFile(),
    is_eager=True,  # known before the paths that must not be the store are checked
    help="The review store (default: reviews.db in your data folder).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
plain_option = click.option(
    "--plain", is_flag=True, help="Ask line by line, without a full screen."
)
all_option = click.option(
    "--all", "in_all", is_flag=True, help="Of all projects that you have studied."
)
pack_argument = click.argument("pack", required=False)


def choice_options(command: _Command) -> _Command:
    """Add the argument and options that select prompts, passed on as one `choice`."""

    @wraps(command)
    def gather(*context: Any, **given: Any) -> Any:
        choice = Choice(
            decks=given.pop("decks"),
            lessons=given.pop("lessons"),
            tags=given.pop("tags"),
            kinds=given.pop("kinds"),
            is_flagged=given.pop("is_flagged"),
            is_leech=given.pop("is_leech"),
        )
        return command(*context, choice=choice, **given)

    for option in (
        click.option("--leeches", "is_leech", is_flag=True, help="Only leeches."),
        click.option("--flagged", "is_flagged", is_flag=True, help="Only flagged prompts."),
        click.option("--kind", "kinds", multiple=True, help="Only cards of this kind."),
        click.option("--tag", "tags", type=NAME, multiple=True, help="Only cards with this tag."),
        click.option(
            "--lesson", "lessons", type=NAME, multiple=True, help="Only cards of this lesson."
        ),
        click.argument("decks", type=NAME, nargs=-1, metavar="[DECK]..."),
    ):
        gather = option(gather)
    return gather  # type: ignore[return-value]

"""`cards check`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import click

from cardwright.app.project import count_problems, open_project
from cardwright.cli.output import say, say_pieces, warn
from cardwright.diagnostic import format_github, format_json, format_pieces
from cardwright.model import Kind
from cardwright.text import count

_SCRIPT: Final = re.compile(r"<script|javascript:|\bon[a-z]{3,20}\s*=", re.IGNORECASE)
_STYLES: Final = {
    "place": "bold",
    "error": "bold red",
    "warning": "bold yellow",
    "help": "bold cyan",
}


@click.command()
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="Output format; `github` annotates pull requests.",
)
@click.option("--json", "layout", flag_value="json", help="Same as --format json.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--all", "is_whole", is_flag=True, help="Show every problem, even if many are similar."
)
@click.pass_obj
def check(folder: Path, layout: str, strict: bool, is_whole: bool) -> None:
    """Report every problem, with its location and a fix.

    If more than three problems are similar, only the first is shown, with a count.

    \b
    cards check
    cards check --all
    cards check --strict --format github
    """
    project = open_project(folder, highlights=False)
    if layout == "json":
        say(format_json(project.problems))
    elif layout == "github":
        say(format_github(project.problems), end="\n" if project.problems else "")
    else:
        pieces = format_pieces(project.problems, project.texts.line, is_folded=not is_whole)
        say_pieces(pieces, _STYLES, end="\n" if project.problems else "")
        for kind in project.adopted:
            warn(
                f"note type {kind.anki_name} of {kind.spans[''].path} is adopted: "
                f"its templates and stylesheet ship as they are{_warn_of_scripts(kind)}"
            )
        cards = count(len(project.collection.cards), "card")
        warn(f"{cards}: {count_problems(project.problems)}")
    if project.errors or (strict and project.problems):
        sys.exit(1)


def _warn_of_scripts(kind: Kind) -> str:
    """Return a clause if the templates of an adopted note type may run scripts."""
    templates = [side.template for side in kind.sides if side.template]
    has_script = any(_SCRIPT.search(made.front + made.back) for made in templates)
    return ", with scripts that run in Anki" if has_script else ""

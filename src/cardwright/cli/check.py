"""`cards check`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from cardwright.app.project import count_problems, describe_adopted
from cardwright.cli.output import say, say_json_list, say_pieces, warn
from cardwright.cli.project import open_user_project
from cardwright.files import find_real
from cardwright.report import as_json, format_github, format_pieces
from cardwright.text import count

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

    If more than three problems are similar, only the first is shown, with a count; of one code,
    the first hundred.

    \b
    cards check
    cards check --all
    cards check --strict --format github
    """
    project = open_user_project(folder, highlights=False)
    if layout == "json":
        say_json_list(as_json(problem) for problem in project.problems)
    elif layout == "github":
        end = "\n" if project.problems else ""
        place = _find_place(project.root)
        text = format_github(project.problems, folder=place, is_folded=not is_whole)
        say(text, end=end, is_command=True)
    else:
        pieces = format_pieces(project.problems, project.texts.line, is_folded=not is_whole)
        say_pieces(pieces, _STYLES, end="\n" if project.problems else "")
        for note in describe_adopted(project.adopted):
            warn(note)
        cards = count(len(project.collection.heads), "card")
        warn(f"{cards}: {count_problems(project.problems)}")
    if project.errors or (strict and project.problems):
        sys.exit(1)


def _find_place(root: Path) -> str:
    """Return the folder of a project within the repository that GitHub has checked out."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    with suppress(OSError, ValueError):
        within = root.relative_to(find_real(workspace or root)).as_posix()
        return "" if within == "." else f"{within}/"
    return ""

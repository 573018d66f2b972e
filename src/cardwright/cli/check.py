"""`cards check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How problems are shown; github: as annotations of a pull request.",
)
@click.option("--json", "layout", flag_value="json", help="Same as --format json.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.pass_obj
def check(folder: Path, layout: str, strict: bool) -> None:
    """Tell everything that is wrong, in place.

    \b
    cards check
    cards check --strict --format github
    """
    from cardwright.cli.project import count_problems, open_project
    from cardwright.cli.say import count
    from cardwright.diagnostic import format_github, format_json, format_text

    project = open_project(folder)
    if layout == "json":
        click.echo(format_json(project.problems))
    elif layout == "github":
        click.echo(format_github(project.problems), nl=bool(project.problems))
    else:
        click.echo(format_text(project.problems, project.texts.line), nl=bool(project.problems))
        cards = count(len(project.collection.cards), "card")
        click.echo(f"{cards}: {count_problems(project.problems)}", err=True)
    if project.errors or (strict and project.problems):
        sys.exit(1)

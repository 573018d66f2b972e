"""`cards check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cardwright.app.project import count_problems, open_project
from cardwright.cli.output import say, warn
from cardwright.diagnostic import format_github, format_json, format_text
from cardwright.text import count


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
@click.pass_obj
def check(folder: Path, layout: str, strict: bool) -> None:
    """Report every problem, with its location and a fix.

    \b
    cards check
    cards check --strict --format github
    """
    project = open_project(folder)
    if layout == "json":
        say(format_json(project.problems))
    elif layout == "github":
        say(format_github(project.problems), end="\n" if project.problems else "")
    else:
        text = format_text(project.problems, project.texts.line)
        say(text, end="\n" if project.problems else "")
        for kind in project.adopted:
            warn(
                f"note type {kind.anki_name} of {kind.spans[''].path} is adopted: "
                "its templates and stylesheet ship as they are"
            )
        cards = count(len(project.collection.cards), "card")
        warn(f"{cards}: {count_problems(project.problems)}")
    if project.errors or (strict and project.problems):
        sys.exit(1)

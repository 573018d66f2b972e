"""`cards projects`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.garbage import gc_paused
from cardwright.app.overview import survey
from cardwright.app.projects import find_known, forget_project, open_joint_study, relink_project
from cardwright.cli.environment import open_user_store, read_clock
from cardwright.cli.lazy import Text
from cardwright.cli.output import find_width, say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.user_folders import default_store_path
from cardwright.terminal.home import draw_projects


@click.group(invoke_without_command=True)
@json_option
@db_option
@click.pass_context
def projects(context: click.Context, as_json: bool, db: Path | None) -> None:
    """List the projects that you have studied on this machine.

    For each pack, your store remembers the folder in which it was last studied. `cards review --all`
    reviews all of them. What it remembers is not shared with your other machines.

    \b
    cards projects
    cards projects relink garden ~/notes/garden
    cards projects forget garden
    """
    if context.invoked_subcommand:
        return
    with (
        open_joint_study(context.obj, db or default_store_path(), read_clock()) as study,
        gc_paused(),
    ):
        found = survey(study, plans=True)
    if as_json:
        say_json(
            [
                {
                    "name": row.project.name,
                    "folder": str(row.project.folder),
                    "is_there": row.project.is_there,
                    "namespaces": row.project.namespaces,
                    "also_elsewhere": row.project.others,
                    **row.counts._asdict(),
                    "minutes": round(row.minutes, 1),
                }
                for row in found.rows
                if row.project
            ]
        )
        return
    if not found.rows:
        say("No project is known yet: run `cards` once in the folder of each.")
        return
    say(draw_projects(found, find_width()))


@projects.command()
@click.argument("name", type=Text())
@db_option
def forget(name: str, db: Path | None) -> None:
    """Forget the folder of a project.

    NAME is the project's name, its folder, or the namespace of one of its packs. Files and reviews
    stay as they are. Studying there makes it known again.

    \b
    cards projects forget garden
    """
    with open_user_store(db) as store:
        found = find_known(store, name)
        forget_project(store, found)
    say(f"forgot {found.folder}; its files and your reviews stay")


@projects.command()
@click.argument("name", type=Text())
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@db_option
def relink(name: str, folder: Path, db: Path | None) -> None:
    """Tell where a project is now.

    \b
    cards projects relink garden ~/notes/garden
    """
    with open_user_store(db) as store:
        found = find_known(store, name)
        root = relink_project(store, found, folder, read_clock())
    say(f"{found.name} is in {root}")

"""`cards export`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_user_store
from cardwright.cli.output import say
from cardwright.cli.params import db_option
from cardwright.cli.paths import OutputFile
from cardwright.files import write_file
from cardwright.study.transfer import write_csv, write_json_lines
from cardwright.text import count


@click.command()
@click.argument(
    "file", required=False, type=OutputFile(b'{"id": "', b"id,prompt,", is_printed_otherwise=True)
)
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV; the default if FILE ends in .csv.")
@db_option
def export(file: Path | None, as_csv: bool, db: Path | None) -> None:
    """Write all reviews to a file, without loss.

    Writes JSON Lines to FILE, or to standard output. `cards import` reads them, here or on another
    machine.

    \b
    cards export reviews.jsonl
    cards export reviews.csv
    """
    with open_user_store(db) as store:
        reviews = store.list_log()
        is_csv = as_csv or (file is not None and file.suffix.lower() == ".csv")
        lines = (
            write_csv(reviews, with_intervals=store.has_intervals())
            if is_csv
            else write_json_lines(reviews)
        )
        if file is None:
            for line in lines:
                say(line, end="")
            return
        write_file(file, "".join(lines))
        say(f"{file}: {count(store.count_reviews(), 'review')}")

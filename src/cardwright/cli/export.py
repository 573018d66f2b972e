"""`cards export`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--csv", "as_csv", is_flag=True, help="As CSV; default for a FILE that ends so.")
@db_option
def export(file: Path | None, as_csv: bool, db: Path | None) -> None:
    """Write every review ever made, without loss.

    As JSON Lines, to FILE or to the terminal. `cards import` takes it in again, here or on
    another machine.

    \b
    cards export reviews.jsonl
    cards export reviews.csv
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import count
    from cardwright.cli.study import open_user_store
    from cardwright.files import write_file
    from cardwright.study.transfer import write_csv, write_json_lines

    with open_user_store(db, read_clock()) as store:
        reviews = store.list_reviews(with_undone=True)
        is_csv = as_csv or (file is not None and file.suffix.lower() == ".csv")
        lines = write_csv(reviews) if is_csv else write_json_lines(reviews)
        if file is None:
            for line in lines:
                click.echo(line, nl=False)
            return
        write_file(file, "".join(lines))
        click.echo(f"{file}: {count(store.count_reviews(), 'review')}")

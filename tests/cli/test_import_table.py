"""`cards import --map`: histories of other programs, for prompts of the project and for others."""

from __future__ import annotations

import csv
import json
import re
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest

from anki_backend import Anki
from cardwright.history import Moment, Review
from cardwright.study.store import open_store
from learner import FORGETFUL, study
from project_files import Run, Write

MAP = "prompt=card_id,rating=review_rating,at=review_time,duration_ms=review_duration"
WOOD = """\
kind: basic
cards:
  - {id: oak, question: Which tree?, answer: An oak.}
  - {id: elm, kind: term, term: Elm, definition: A tree., reverse: true}
"""
OFFSET_MINUTES = Moment.from_datetime(datetime.now().astimezone()).utc_offset_minutes
"""Anki counts days in the zone of the machine it runs on."""


@pytest.fixture(autouse=True)
def store(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write({"cards/trees/wood.yaml": WOOD})
    path = tmp_path / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(path))
    monkeypatch.setenv("CARDS_NOW", "2024-09-01T12:00:00+00:00")
    return path


def write_table(path: Path, reviews: list[Review]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["card_id", "review_rating", "review_time", "review_duration"])
        for review in reviews:
            card = int(review.key.removeprefix("trees:p").partition("/")[0]) + 10**12
            rating = int(review.rating or 0)
            out.writerow([card, rating, review.moment.local.isoformat(), review.duration_ms])
    return path


def read_log(path: Path) -> list[Review]:
    with open_store(path) as opened:
        return list(opened.list_log())


def test_prompts_of_the_project_are_found_by_every_name(
    run: Run, tmp_path: Path, store: Path
) -> None:
    table = tmp_path / "log.csv"
    names = ["oak", "trees:oak", "trees:oak/recall", "trees:elm/recall", "trees:elm/reverse", "ash"]
    rows = [f"{name},good,{1_700_000_000 + number}" for number, name in enumerate(names)]
    table.write_text("\n".join(["card,grade,when", *rows]), "utf-8")
    words = ("import", str(table), "--map", "prompt=card,rating=grade,at=when")

    done = run(*words)

    assert done.stdout == f"{table}: 5 answers of 3 prompts\n"
    assert done.stderr == (
        "note: left out: 1 answer of 1 card that are not in a project here; --keep keeps them\n"
    )
    assert [review.key for review in read_log(store)] == [
        *["trees:oak/recall"] * 3,
        *("trees:elm/recall", "trees:elm/reverse"),
    ]
    assert json.loads(run("history", "oak", "--json").stdout)["reps"] == 3
    assert run(*words).stdout == f"{table}: nothing new (5 known)\n"
    done = run(*words, "--keep")
    assert done.stdout == f"{table}: 1 answer of 1 other card, kept as log (5 known)\n"
    assert json.loads(run(*words, "--keep", "--json").stdout) == {
        "taken": 0,
        "clashes": [],
        "files": [
            {
                "file": str(table),
                "added": 0,
                "prompts": 3,
                "known": 6,
                "kept": 0,
                "kept_as": "log.log",
                "left": 0,
                "others": 1,
            }
        ],
    }
    # What another program recorded of the same answer is not a second one.
    exported = tmp_path / "out.csv"
    run("export", str(exported))
    again = ("import", str(exported), "--map", "prompt=prompt,rating=rating,at=at")
    assert run(*again).stdout == f"{exported}: nothing new (6 known)\n"
    assert "packs-elsewhere" not in run("doctor", "--json").stdout


def test_what_was_kept_is_given_to_a_card_that_is_written_later(
    run: Run, write: Write, tmp_path: Path
) -> None:
    table = tmp_path / "log.csv"
    table.write_text("id,r,t\nash,3,0\nash,4,1000000\nyew,3,0\n", "utf-8")
    words = ("import", str(table), "--map", "prompt=id,rating=r,at=t", "--keep")
    assert run(*words).stdout == f"{table}: 3 answers of 2 other cards, kept as log\n"
    write({"cards/trees/ash.yaml": WOOD.replace("oak", "ash").replace("elm", "fir")})

    assert run(*words).stdout == f"{table}: 2 answers of 1 prompt (1 known)\n"

    assert json.loads(run("stats", "--json").stdout)["answers"] == 3
    assert run(*words).stdout == f"{table}: nothing new (3 known)\n"
    assert json.loads(run("stats", "--json").stdout)["answers"] == 3
    assert json.loads(run("history", "ash", "--json").stdout)["reps"] == 2
    assert "memories match a replay" in run("doctor", "--verify").stdout


def test_if_a_row_is_bad_all_are_named_and_nothing_is_imported(
    run: Run, tmp_path: Path, store: Path
) -> None:
    table = tmp_path / "log.csv"
    table.write_text("id,r,t\noak,3,0\nelm,3,0\noak,6,0\noak,3,soon\n", "utf-8")

    good = tmp_path / "good.csv"
    good.write_text("id,r,t\noak,3,9\n", "utf-8")

    words = ("import", str(good), str(table), "--map", "prompt=id,rating=r,at=t")
    said = run(*words, exit_code=1).stderr

    assert said == (
        f"error: {table}:3: column `id` cannot be `elm`, which has several prompts:"
        " trees:elm/recall, trees:elm/reverse\n"
        f"{table}:4: column `r` cannot be '6'\n"
        f"{table}:5: column `t` cannot be 'soon'\n"
        "  help: nothing was imported\n"
    )
    assert read_log(store) == []


HUGE = 400_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"id,r,t\noak,3," + b'"\n",' * HUGE, ":2: not valid CSV: a row is too long"),
        (b"id,r,t\noak,3," + b'"' + b"a\n" * HUGE, ": not valid CSV: field larger"),
        (b"id,r,t\noak,3," + b"x" * HUGE, ":2: not valid CSV: a line is too long"),
        (b"id,r,t" + b",x" * HUGE, ":1: not valid CSV: a line is too long"),
        (b"id,r" + b",x" * 30_000, ":1: there is no column"),
        (b"id,r,t\n" + b"oak,3,soon\n" * HUGE, ": the rest was not read"),
        ("id,r,t\noak,3,0\n".encode("utf-16"), ":1: there is no column"),
        (b"id,r,t\noak,3,1e308\n", "column `t` cannot be '1e308'"),
        (b"id,r,t\noak,3,-1\n", "column `t` cannot be '-1'"),
        (b"id,r,t\noak,3,inf\n", "column `t` cannot be 'inf'"),
        (b"id,r,t\noak,3,999999999999999999\n", "column `t` cannot be"),
        (b"id,r,t\noak,3,9999-12-31T23:59:59-23:59\n", "column `t` cannot be"),
        (b"id,r,t\noak,3,0001-01-01\n", "column `t` cannot be"),
        (b"id,r,t\noak,3,1969-12-31T00:00:00Z\n", "column `t` cannot be"),
        (b"id,r,t\n=cmd|' /C calc'!A0,\x1b[31m3,0\n", "column `r` cannot be '\\x1b[31m3'"),
        (b"id,r,t\noak,\x00,0\n", "column `r` cannot be '\\x00'"),
        (b"id,r,t,d\noak,3,0,-5\n", "column `d` cannot be '-5'"),
        (b"id,r,t,d\noak,3,0,nan\n", "column `d` cannot be 'nan'"),
        (b"", ":1: there is no column"),
    ],
    ids=range(19),
)
def test_a_table_of_a_stranger_is_refused_in_little_memory(
    run: Run, tmp_path: Path, store: Path, data: bytes, said: str
) -> None:
    table = tmp_path / "log.csv"
    table.write_bytes(data)
    columns = "prompt=id,rating=r,at=t" + (",duration_s=d" if b",d\n" in data[:9] else "")
    tracemalloc.start()
    try:
        done = run("import", str(table), "--map", columns, exit_code=1)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()
    assert f"error: {table}" in done.stderr
    assert said in done.stderr
    assert len(done.stderr) < 4_000
    assert read_log(store) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--map", "prompt=a"], "--map: name the columns of rating, at too"),
        (["--keep"], "--keep is for files of Anki, and for tables with --map"),
    ],
)
def test_options_that_cannot_be_meant(
    run: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "log.csv").write_text("x", "utf-8")

    assert said in run("import", str(tmp_path / "log.csv"), *words, exit_code=2).stderr


def test_a_log_without_a_project_is_kept_and_fitted_as_anki_fits_it(
    run: Run, tmp_path: Path, store: Path
) -> None:
    reviews = study(FORGETFUL, 150, 60, 3, OFFSET_MINUTES)
    table = write_table(tmp_path / "Review log.csv", reviews)
    (empty := tmp_path / "empty").mkdir()
    said = run("optimize", folder=empty, exit_code=1).stderr
    assert "no project here" in said

    done = run("import", str(table), "--map", MAP, "--keep", folder=empty)

    answers = f"{len(reviews):,} answers of 150 other cards"
    assert done.stdout == f"{table}: {answers}, kept as review-log\n"
    assert "note: `cards optimize review-log` fits the memory model" in done.stderr
    again = run("import", str(table), "--map", MAP, "--keep", folder=empty)
    assert again.stdout == f"{table}: nothing new ({len(reviews):,} known)\n"
    found = json.loads(run("optimize", "review-log", "--json", folder=empty).stdout)["review-log"]
    assert found["is_better"]
    assert found["reviews"] > 500
    assert found["parameters"] == pytest.approx(fit_in_anki(tmp_path / "anki", reviews), abs=1e-6)
    shown = run("optimize", folder=empty).stdout
    assert "`cards optimize PACK --from review-log` uses them for a pack" in shown
    assert re.search(r"the work for 1[0-9]{2} prompts over a year", shown)
    assert "are now used" in run("optimize", "trees", "--from", "review-log").stdout
    with open_store(store) as opened:
        assert set(opened.settings.read()) == {("trees", "parameters")}
        assert opened.settings.read()["trees", "parameters"]["parameters"] == found["parameters"]
    assert "no history `x` was kept" in run("optimize", "--from", "x", exit_code=1).stderr
    assert "(packs: trees, review-log)" in run("optimize", "x", exit_code=1).stderr


def fit_in_anki(folder: Path, reviews: list[Review]) -> list[float]:
    """Return the parameters that Anki fits to the same answers."""
    col = Anki(folder).col
    cards: dict[str, int] = {}
    rows = []
    for review in reviews:
        kind = 1
        if review.key not in cards:
            note = col.new_note(col.models.by_name("Basic"))  # type: ignore[arg-type]
            note["Front"] = review.key
            col.add_note(note, 1)  # type: ignore[arg-type]
            cards[review.key], kind = note.cards()[0].id, 0
        rating = int(review.rating or 0)
        rows.append((review.at_ms, cards[review.key], -1, rating, 1, 1, 2500, 8000, kind))
    assert col.db
    col.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", rows)
    fitted = col._backend.compute_fsrs_params(
        search="deck:*",
        current_params=[],
        ignore_revlogs_before_ms=0,
        num_of_relearning_steps=1,
        health_check=False,
    )
    col.close()
    return list(fitted.params)

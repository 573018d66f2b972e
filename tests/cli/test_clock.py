"""Times given by the user keep their offset and are not in the future."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardwright.cli.environment import parse_time, read_clock
from project_files import Run, Write

CARD = "kind: basic\ncards:\n  - {id: oak, question: Which tree?, answer: An oak.}\n"


@pytest.fixture(autouse=True)
def project_and_store(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"cards/trees/wood.yaml": CARD})
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-04-01T00:00:00Z")


def read_answers(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("export").stdout.splitlines()]


@pytest.mark.parametrize(
    ("text", "offset_minutes"),
    [
        ("2026-03-02T08:00+09:00", 540),
        ("2026-03-02T08:00-03:30", -210),
        ("2026-03-02T08:00Z", 0),
    ],
)
def test_a_time_keeps_its_offset(text: str, offset_minutes: int) -> None:
    assert parse_time(text).utc_offset_minutes == offset_minutes


def test_the_clock_keeps_the_offset_it_is_set_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDS_NOW", "2026-03-02T08:00:00+09:00")

    assert read_clock().utc_offset_minutes == 540
    assert read_clock().local.hour == 8


def test_an_answer_keeps_the_offset_it_was_given_in(run: Run) -> None:
    run("answer", "oak", "easy", "--at", "2026-03-02T08:00+09:00")

    (answer,) = read_answers(run)
    assert str(answer["at"]).endswith("+09:00")


def test_an_answer_in_the_future_is_refused(run: Run) -> None:
    said = run("answer", "oak", "good", "--at", "2062-03-01T10:00Z", exit_code=2).stderr

    assert "2062-03-01T10:00Z is in the future" in said
    assert read_answers(run) == []


def test_a_clock_slightly_ahead_is_forgiven(run: Run) -> None:
    run("answer", "oak", "good", "--at", "2026-04-01T00:00:30Z")

    assert len(read_answers(run)) == 1


def test_a_release_says_that_the_clock_is_behind_that_of_the_last_one(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for time_s, answer in ((1_800_000_000, "an oak"), (1_800_000_000, "an elm")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time_s))
        write({"cards/trees/wood.yaml": CARD.replace("An oak", answer)})
        assert run("release", "trees").stderr == ""
    write({"cards/trees/wood.yaml": CARD})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "315532800")
    said = run("release", "trees").stderr

    assert "SOURCE_DATE_EPOCH says 1980-01-01" in said
    assert "the last release was at 2027-01-15" in said

"""`cards answer`, `export`, `import` and `sync` at the limits, and among files of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardwright.history import Review
from cardwright.study.store import open_store
from project_files import Run, Write

resource = pytest.importorskip("resource", reason="limits of processes are another matter there")

NOW = "2026-04-01T00:00:00Z"
PACK, CARD, SIDE = "a" * 200, "b" * 80, "s" * 80
"""The name of a pack without a namespace may be as long as that of any folder."""
WOOD = "kind: basic\ncards:\n  - {id: oak, question: Which tree?, answer: An oak.}\n"
OTHER = f"kind: mine\ncards:\n  - {{id: {CARD}, front: Which tree?, back: An oak.}}\n"
KIND = f"""\
title: Mine
fields:
  front: {{type: inline, required: true}}
  back: {{type: inline, required: true}}
sides:
  {SIDE}: {{ask: "{{{{front}}}}", show: [back]}}
"""


@pytest.fixture(autouse=True)
def project_and_store(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        {
            "cards/trees/wood.yaml": WOOD,
            f"cards/{PACK}/other.yaml": OTHER,
            f"decks/{PACK}/deck.yaml": "name: Other\n",
            "kinds/mine.yaml": KIND,
        }
    )
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", NOW)


def read_log(path: Path) -> list[Review]:
    with open_store(path) as store:
        return list(store.list_log())


CLOCKS = st.sampled_from(
    [
        NOW,
        "1970-01-01T00:00:00Z",
        "6429-10-17T02:45:55.327Z",
        "1970-01-02T00:00:00+23:59",
        "1969-01-01",
    ]
)
DATES = st.sampled_from(
    [
        "1970-01-01T00:00:00Z",
        "2026-03-01T08:00+14:00",
        "2026-03-01T08:00-12:00",
        "2026-03-01T08:00",
        "2026-03-01T08:00:00.0009+00:00:30",
    ]
) | st.datetimes().map(lambda at: f"{at.isoformat()}+05:45")
MS = st.sampled_from(["0", "59999", str(2**53), str(2**53 + 1), "-1", str(10**30), "1e3"])
ANSWERS = st.tuples(st.sampled_from(["oak", CARD]), st.sampled_from("14"), MS, DATES | st.none())
MARKS = st.tuples(st.sampled_from(["suspend", "flag", "reset", "bury"]), st.just("oak"))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(ANSWERS | MARKS, CLOCKS), min_size=2, max_size=4))
def test_what_commands_accept_reaches_every_machine(
    run: Run,
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    acts: list[tuple[tuple[str | None, ...], str]],
) -> None:
    from cardwright.cli.main import cards

    folder = tmp_path_factory.mktemp("agreement")
    here, there, third = (folder / f"{name}.db" for name in ("here", "there", "third"))
    for act, clock in acts:
        words = [word for word in act if word is not None]
        if act[0] in {"oak", CARD}:
            at = ["--at", words[3]] if len(words) > 3 else []
            words = ["answer", *words[:2], "--ms", words[2], *at]
        monkeypatch.setenv("CARDS_NOW", clock)
        done = CliRunner().invoke(cards, ["-C", str(project), *words, "--db", str(here)])
        assert isinstance(done.exception, SystemExit | None), done.exception
        # Refused, or recorded.
        assert done.exit_code in {0, 2}
    monkeypatch.setenv("CARDS_NOW", NOW)

    run("export", str(folder / "x.jsonl"), "--db", str(here))
    run("import", str(folder / "x.jsonl"), "--db", str(there))
    (folder / "shared").mkdir()
    for path in (here, third, there, here):
        run("sync", str(folder / "shared"), "--db", str(path))
    log = read_log(here)
    assert read_log(there) == read_log(third) == log
    for path in (here, there, third):
        # The doctor has its doubts about some of the clocks.
        done = CliRunner().invoke(cards, ["-C", str(project), "doctor", "--db", str(path)])
        assert "memories match a replay" in done.output


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_not_a_file_is_not_imported(run: Run, tmp_path: Path, put: object) -> None:
    put(tmp_path / "x.jsonl")  # type: ignore[operator]

    said = run("import", str(tmp_path / "x.jsonl"), exit_code=1).stderr

    assert "x.jsonl:1: cannot be read (not a regular file)\n  help: import a file that" in said


REVIEW = {
    "id": "01a0c8f5e400-0a1b2c3d",
    "prompt": "trees:oak/recall",
    "act": "answer",
    "rating": 3,
    "at": "2026-03-02T09:00:00.000+01:00",
    "duration_ms": 1200,
    "undoes": None,
}
LINE = json.dumps(REVIEW).encode()
HEADING = ",".join(REVIEW).encode()
LIMIT = 300_000_000
IMPORT = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))
from cardwright.cli.main import cards
for name in sys.argv[1:]:
    try:
        cards(["import", name])
    except SystemExit as done:
        print(done.code)
"""
HOSTILE = (
    (LINE + b"\n", 2**36),
    (LINE[:-1], 2**28),
    (HEADING + b'\n"' + b"x" * 200_000, 2**28),
    (HEADING + b"\n" + b"a,b,c,d,e,f,g\n" * 1_000_000, 0),
    (LINE[:-1] + b',"x":' + b"[" * 3_000_000, 0),
    (LINE[:-1] + b',"x":' + b"9" * 3_000_000 + b"}", 0),
    (b"\x00\xff" * 2_000_000, 0),
)
"""Contents, and the sizes that files are filled up to with zeros."""


def test_an_import_needs_little_memory_and_takes_all_or_nothing(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jsonl" for number in range(len(HOSTILE))]
    for file, (content, size) in zip(files, HOSTILE, strict=True):
        with file.open("wb") as out:
            out.write(content)
            out.truncate(max(size, len(content)))

    done = subprocess.run(
        [sys.executable, "-c", IMPORT, *map(str, files)], capture_output=True, text=True, check=True
    )

    assert done.stdout == "1\n" * len(files)
    assert all(f"error: {file}:" in done.stderr for file in files)
    assert len(done.stderr) < 20_000
    assert read_log(tmp_path / "reviews.db") == []


def test_a_sync_that_left_something_out_says_so_after_its_work(run: Run, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "zz.jsonl").write_bytes(LINE + b"\n" + LINE[:40])
    run("answer", "oak", "good")

    done = run("sync", str(shared), exit_code=1)
    as_json = run("sync", str(shared), "--json", exit_code=1)

    assert done.stdout == "1 new review from others; 1 review for them\n"
    assert "zz.jsonl:2: not a JSON object, and cut off\n  help: everything else" in done.stderr
    assert json.loads(as_json.stdout)["problems"] == [
        f"{shared / 'zz.jsonl'}:2: not a JSON object, and cut off"
    ]
    (shared / "zz.jsonl").write_bytes(LINE + b"\n")
    assert run("sync", str(shared)).stdout == "nothing new\n"


def test_reviews_that_conflict_are_both_kept(run: Run, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_bytes(LINE)
    theirs.write_bytes(LINE.replace(b": 3,", b": 1,"))
    run("import", str(ours))

    done = run("import", str(theirs), "--json")

    assert json.loads(done.stdout) == {"taken": 0, "clashes": [REVIEW["id"]]}
    assert "1 review had another version, and both count from now on" in done.stderr
    assert run("import", str(theirs)).stderr == ""
    reviews = json.loads(run("history", "oak", "--json").stdout)["reviews"]
    assert sorted(r["rating"] for r in reviews if not r["undone"] and r["rating"]) == [1, 3]


OLD = '{"id": "old"}'
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
from cardwright.cli.main import main
sys.argv = ["cards", *sys.argv[2:]]
main()
"""


@pytest.mark.parametrize(("command", "room"), [("sync", 0), ("sync", 3_000), ("export", 3_000)])
def test_on_a_full_disk_nothing_is_lost(tmp_path: Path, run: Run, command: str, room: int) -> None:
    """Until the store's own pages do not fit either, what others gave is kept."""
    shared = tmp_path / "shared"
    shared.mkdir()
    run("sync", str(shared))
    (ours,) = shared.iterdir()
    rows = ({**REVIEW, "id": f"{place:012x}-0a"} for place in range(40))
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    run("import", str(tmp_path / "x.jsonl"))
    target = shared if command == "sync" else tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl").write_text(OLD, "utf-8")

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(room), command, str(target)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert ours.read_bytes() == b""
    assert (tmp_path / "out.jsonl").read_text("utf-8") == OLD
    assert sorted(path.name for path in shared.iterdir()) == [ours.name]
    assert len(read_log(tmp_path / "reviews.db")) == 40
    run(command, str(target))
    assert len((ours if command == "sync" else target).read_bytes().splitlines()) == 40

"""`cards namespace`: what it writes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.app.project import open_project
from cardwright.project.document import Document
from cardwright.project.entry import read_entry
from cardwright.project.namespace import insert_namespace
from cardwright.project.write import WriteError
from project_files import Run, Write

CARD = "kind: basic\nsources: [A book]\ncards: [{id: oak, question: Oak?, answer: A tree}]\n"


def test_a_pack_gets_a_new_one(write: Write, run: Run) -> None:
    root = write(
        {"cards/trees/a.yaml": CARD, "decks/trees/deck.yaml": "name: Trees\norder: [cloze]\n"}
    )
    assert "missing-namespace" in run("check").output

    told = run("namespace", "trees").output

    made = re.fullmatch(r"decks/trees/deck\.yaml: namespace: (trees-[a-km-z2-9]{5})\n", told)
    assert made
    manifest = (root / "decks/trees/deck.yaml").read_text("utf-8")
    assert manifest == f"name: Trees\nnamespace: {made[1]}\norder: [cloze]\n"
    assert open_project(root).problems == []
    assert made[1] in run("namespace").output


def test_a_released_pack_keeps_its_own_even_in_a_folder_of_another_name(
    write: Write, run: Run, project: Path
) -> None:
    write({"cards/trees/a.yaml": CARD, "decks/trees/deck.yaml": "name: Trees\n"})
    told = run("release", "trees")
    assert "missing-namespace" in told.stderr
    for folder in ("cards", "decks"):
        (project / folder / "trees").rename(project / folder / "woods")
    assert [problem.code for problem in open_project(project).problems] == ["namespace-changed"]

    assert run("namespace", "woods").output == (
        "decks/woods/deck.yaml: namespace: trees, as released\n"
    )

    assert open_project(project).problems == []
    assert run("diff").output == "woods: no changes\n"


def test_a_released_name_is_a_namespace_even_with_an_underscore(write: Write, run: Run) -> None:
    root = write({"cards/my_trees/a.yaml": CARD, "decks/my_trees/deck.yaml": "name: My trees\n"})
    run("release", "my_trees")
    run("namespace", "my_trees")

    assert "my_trees" not in {
        problem.span.path.split("/")[1] for problem in open_project(root).problems
    }


def test_one_that_is_there_is_not_replaced(write: Write, run: Run, project: Path) -> None:
    write({"cards/trees/a.yaml": CARD})
    before = (project / "decks/trees/deck.yaml").read_bytes()

    told = run("namespace", "trees", exit_code=1).output

    assert "`trees` has the namespace `trees`" in told
    assert (project / "decks/trees/deck.yaml").read_bytes() == before
    assert "nowhere" in run("namespace", "nowhere", exit_code=1).output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: Trees", "name: Trees\n+\n"),
        (
            "\ufeffname: Trees # big\r\norder: [x]\r\n",
            "\ufeffname: Trees # big\r\n+\r\norder: [x]\r\n",
        ),
        ("order: [x]\rname: 'a\r  b'\rdecks: []", "order: [x]\rname: 'a\r  b'\r+\rdecks: []"),
        (
            "--- # a\n  name: |\n    Trees\n  order: [x]\n",
            "--- # a\n  name: |\n    Trees\n  +\n  order: [x]\n",
        ),
        ("name: >-\n  Trees", "name: >-\n  Trees\n+\n"),
        ("{order: [x], name: Trees}\n", "{order: [x], +, name: Trees}\n"),
        ("name:\n  Trees\n# end\n", "name:\n  Trees\n+\n# end\n"),
    ],
)
def test_everything_else_stays_as_it_is(before: str, after: str) -> None:
    made = insert_namespace(before.encode(), "deck.yaml", "trees-k3v9")

    assert made.decode() == after.replace("+", "namespace: trees-k3v9")


@given(st.text("name: Trs|>-\n\r #'\"{}[],&*?", max_size=40))
def test_a_manifest_gets_its_namespace_or_is_refused(text: str) -> None:
    raw = f"name: {text}".encode()
    try:
        made = insert_namespace(raw, "deck.yaml", "x-2")
    except WriteError:
        return
    entry = read_entry(Document("deck.yaml", made))
    assert entry
    assert entry.text("namespace") == "x-2"
    assert made.replace(b"namespace: x-2", b"", 1).strip().startswith(raw.strip()[:5])

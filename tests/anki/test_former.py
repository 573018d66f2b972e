"""The ledger keeps what releases have changed, so that older notes are recognised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki.ledger import Ledger, Published, format_ledger, pack_content, read_ledger
from cardwright.anki.note import hash_content
from project_files import Release, Run, Write

VALUES = st.sampled_from(["oak", "elm", ["a", "b"], True])
CONTENTS = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
        "tags": st.lists(st.sampled_from(["x", "y"]), unique=True),
    },
    optional={"extra": st.just("more") | st.just("less"), "media": st.just({"a.png": "0f"})},
)


def publish(content: dict[str, Any], before: Published | None = None) -> Published:
    return Published(
        id="oak",
        guid_ref="trees:oak",
        kind="basic",
        mod_s=1,
        hash=hash_content(content),
        packed=pack_content(content),
        html_hash=hash_content(content),
        former=before.keep_former(content, hash_content(content)) if before else (),
    )


@settings(max_examples=50)
@given(st.lists(CONTENTS, min_size=1, max_size=6))
def test_every_earlier_content_can_be_restored(
    tmp_path_factory: pytest.TempPathFactory, contents: list[dict[str, Any]]
) -> None:
    note: Published | None = None
    for content in contents:
        note = publish(content, note)
    assert note
    path = tmp_path_factory.getbasetemp() / "ledger.jsonl"
    path.write_text("".join(format_ledger(Ledger(pack="trees", notes={"oak": note}))), "utf-8")
    ledger, problems = read_ledger(path, "trees", "ledger.jsonl")

    assert not problems
    found = list(ledger.notes["oak"].list_contents())
    wanted = [
        one for number, one in enumerate(contents) if not number or contents[number - 1] != one
    ]
    assert found == wanted[::-1]
    assert len(ledger.notes["oak"].former) == len(wanted) - 1


def test_a_release_keeps_what_it_changes(run: Run, write: Write, release: Release) -> None:
    deck = "kind: basic\nsources: [https://example.org]\ncards:\n  - {id: oak, question: Q?, answer: %s}\n"
    for number, answer in enumerate(("one", "one", "two", "three"), 1):
        write({"cards/trees/a.yaml": deck % answer})
        if number == 2:
            write({"cards/trees/b.yaml": deck.replace("oak", "elm") % "other"})
        root = release(f"v{number}", 1_700_000_000 + number).parent
    rows = [
        json.loads(line) for line in (root / "decks/trees/ledger.jsonl").read_text().splitlines()
    ]
    oak, elm = (next(row for row in rows if row.get("note") == name) for name in ("oak", "elm"))
    assert [one["matter"] for one in oak["former"]] == [
        {"fields": {"answer": "one"}},
        {"fields": {"answer": "two"}},
    ]
    assert all(len(one["html"]) == 32 for one in oak["former"])
    assert "former" not in elm
    assert run("check").exit_code == 0


@pytest.mark.parametrize(
    "former",
    ["[1]", '[{"html": ""}]', '[{"matter": {"fields": 1}}]', '{"matter": {}}', '[{"matter": 5}]'],
)
def test_a_damaged_one_is_reported(tmp_path: Path, former: str) -> None:
    content: dict[str, Any] = {"fields": {}, "tags": []}
    text = "".join(format_ledger(Ledger(pack="trees", notes={"oak": publish(content)})))
    path = tmp_path / "ledger.jsonl"
    path.write_text(text.removesuffix("}\n") + f', "former": {former}}}\n', "utf-8")
    _, problems = read_ledger(path, "trees", "ledger.jsonl")
    assert [(one.code, one.span.line) for one in problems] == [("ledger-mismatch", 2)]


def test_what_a_newer_version_added_is_refused(tmp_path: Path) -> None:
    empty = Ledger(pack="trees", notes={"oak": publish({"fields": {}, "tags": []})})
    text = "".join(format_ledger(empty))
    path = tmp_path / "ledger.jsonl"
    path.write_text(text.removesuffix("}\n") + ', "former": [{"matter": {}, "why": 1}]}\n', "utf-8")
    _, [problem] = read_ledger(path, "trees", "ledger.jsonl")
    assert problem.help == "update Cardwright"

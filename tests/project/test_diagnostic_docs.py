"""The reference of diagnostics is complete, and its examples behave as described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cardwright.app.project import open_project
from cardwright.diagnostic import SEVERITIES
from project_files import add_namespace

PAGE = Path(__file__).parents[2] / "docs" / "diagnostics.md"
INTRO, *ENTRIES = re.split(r"(?m)^## (?=\S+$)", PAGE.read_text("utf-8"))
TEXTS = dict(entry.split("\n", 1) for entry in ENTRIES)
EXAMPLE = re.compile(r"(?ms)^(Bad|Good):\n\n```yaml\n(.*?)^```$")
FILE = re.compile(r"(?m)^# ((?:cards|decks|kinds)/\S+)\n")
WITHOUT_EXAMPLE = {
    "adopted-damaged": "no author writes the file",
    "card-moved": "needs a release",
    "deck-renamed": "needs a release",
    "file-too-large": "an example would be too long",
    "guid-changed": "needs a release",
    "kind-changed": "needs a release",
    "ledger-mismatch": "needs a release",
    "not-utf8": "a page in UTF-8 cannot contain it",
    "namespace-changed": "needs a release",
    "note-type-changed": "needs a release",
    "media-format": "a picture is not text",
    "media-too-large": "too long for a page",
    "outside-project": "a link is not text",
    "stale-schema": "depends on the kinds",
    "unfinished-release": "needs a release",
    "vanished-id": "needs a release",
}


def test_every_code_has_one_entry_in_order() -> None:
    assert [entry.split("\n", 1)[0] for entry in ENTRIES] == sorted(SEVERITIES)


@pytest.mark.parametrize("code", TEXTS)
def test_an_entry_tells_severity_and_meaning(code: str) -> None:
    assert re.match(rf"\n\*\*{SEVERITIES[code].capitalize()}\.\*\* [A-Z`]", TEXTS[code])


@pytest.mark.parametrize("code", TEXTS)
def test_examples_do_what_they_say(code: str, tmp_path: Path) -> None:
    examples = EXAMPLE.findall(TEXTS[code])

    if code in WITHOUT_EXAMPLE:
        assert examples == []
        return
    assert [word for word, _ in examples] == ["Bad", "Good"]
    assert find_codes(tmp_path / "bad", examples[0][1], code) == {code}
    assert find_codes(tmp_path / "good", examples[1][1], code) == set()


def test_the_introduction_shows_what_check_shows(tmp_path: Path) -> None:
    cases = (PAGE.parents[1] / "tests/cases/diagnostics/keys.md").read_text("utf-8")
    text = re.search(r"(?s)```text\n(.*?)```", INTRO)
    manifest = re.search(r"(?s)```yaml\n(.*?)```", INTRO)

    assert text
    assert text[1] in cases
    assert manifest
    assert find_codes(tmp_path, manifest[1]) == set()


def find_codes(root: Path, example: str, code: str = "") -> set[str]:
    """Return the codes that a project with an example's files yields."""
    files = {
        "cards/trees/wood.yaml": "cards: [{id: yew, kind: route, about: needles, go: the yew}]\n",
        "cards/trees/media/oak.png": "GIF89a",
        "decks/trees/deck.yaml": "name: Trees\n",
    }
    head, *named = FILE.split(example)
    given = dict(zip(named[::2], named[1::2], strict=True))
    if head:
        given["cards/trees/wood.yaml"] = head
    for name, content in {**files, **given}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A namespace is written once, and is in the way of everything else.
        text = content if code == "missing-namespace" else add_namespace(name, content)
        path.write_text(text, "utf-8")
    found = {problem.code for problem in open_project(root).problems}
    # An example has fewer questions than three mock exams.
    return found if code == "few-questions" else found - {"few-questions"}

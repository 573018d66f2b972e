"""Addresses in cards, decks and blueprints: whatever they are, nothing is raised or hidden."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.app.project import open_project
from cardwright.markdown.links import is_followable, split_address
from cardwright.markdown.render import Renderer
from cardwright.web.preview import make_page
from project_files import Run, Write

BROKEN = ("http://[::1", "http://[1.2.3.4]/x", "https://℀.com/", "http://a:65536/", "http://]/")
PIECES = (
    *("http://", "HTTPS://", "mailto:", "ftp://", "//", "[", "]", "[::1]", ":", "@", "%", "%5B"),
    *(
        "/",
        "?",
        "#",
        "\\",
        "℀",
        "\ufe68",
        "٣",
        "99999999999",
        "9" * 5_000,
        "www.",
        "a.b",
        "xn--",
        " ",
    ),
    *(
        "\x00",
        "\x85",
        "\ufeff",
        "\u202e",
        "\x1b]8;;",
        "{{c1::",
        "}}",
        "](",
        "<",
        ">",
        "$",
        "|",
        "`",
        "\n",
    ),
)
ADDRESSES = st.sampled_from(BROKEN) | st.lists(
    st.sampled_from(PIECES) | st.text(max_size=3), max_size=6
).map("".join)
UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def write_yaml(value: object) -> str:
    """Write a value as YAML in the form of JSON; what YAML cannot hold as it is, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@pytest.mark.parametrize("address", BROKEN)
def test_no_browser_can_follow_it(address: str) -> None:
    assert split_address(address) is None
    assert "<a " not in Renderer().render_inline(f"[x](<{address}>)").html


@pytest.mark.parametrize(
    "address",
    [
        *("http://[::1]:8080/x", "https://bücher.de/?a[]=b", "https://a.example#[", "mailto:a@b"),
        *("https://user:p[w@example.com/", "https://例え.テスト/", "doi:10.1/[x]", "https://a.b:"),
    ],
)
def test_a_browser_can_follow_it(address: str) -> None:
    assert split_address(address) is not None
    assert is_followable(address)


def test_a_card_with_such_sources_is_built_and_shown_without_links(write: Write, run: Run) -> None:
    card = {"id": "oak", "question": "What is an oak?", "answer": "A tree.", "sources": BROKEN}
    write({"cards/trees/wood.yaml": write_yaml({"kind": "basic", "cards": [card]})})

    assert run("check", "--all").stderr.endswith("1 card: 0 errors, 5 warnings\n")
    run("build")
    run("preview")
    assert all(address in run("show", "oak").stdout for address in BROKEN)


@settings(max_examples=60)
@given(address=ADDRESSES)
@example("http://[::1")
def test_nothing_hides_the_other_problems(address: str) -> None:
    texts = [f"[x]({address})", f"<{address}>", f"[x][r]\n\n[r]: <{address}>", f"![x]({address})"]
    row: dict[str, object] = {"question": "What is an oak?", "answer": "A tree."}
    made = [{**row, "id": f"oak-{i}", "extra": text} for i, text in enumerate(texts)]
    made += [
        {**row, "id": "url", "sources": [{"url": address}, {"url": address, "title": "Oak"}]},
        {**row, "id": "word", "sources": [address]},
        {**row, "id": "Bad Id"},
    ]
    deck = {"name": "Trees", "namespace": "trees", "description": texts[0], "color": "red"}
    domain = {
        "id": "wood",
        "name": address,
        "weight": 100,
        "lessons": [{"id": "1", "title": "Oaks"}],
    }
    blueprint = {"name": "Exam", "questions": 0, "domains": [domain], "url": address}
    files = {
        "cards/trees/wood.yaml": {"kind": "basic", "cards": made},
        "decks/trees/deck.yaml": deck,
        "decks/trees/blueprint.yaml": blueprint,
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(write_yaml(content), "utf-8")
        project = open_project(root)
        page = make_page(project, ["trees"], is_watched=False)

    found = {(problem.code, problem.span.path) for problem in project.problems}
    assert ("bad-id", "cards/trees/wood.yaml") in found
    assert ("unknown-key", "decks/trees/deck.yaml") in found
    assert ("bad-value", "decks/trees/blueprint.yaml") in found
    assert page.prompt_count >= len(texts)

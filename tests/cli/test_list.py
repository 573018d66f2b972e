"""`cards list --csv` and `--markdown`: whoever wants to leave takes everything along."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cardwright.app.card_export import list_rows, write_markdown
from cardwright.model import Collection
from cardwright.project.load import load
from project_files import Run, Write

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
TREES = {
    "decks/trees/deck.yaml": """
name: Trees
namespace: trees-x1
decks:
  - {name: Old, select: {file: old/*.yaml}}
  - {name: New, select: {}}
""",
    "cards/trees/old/oak.yaml": """
lesson: "1.1"
cards:
  - id: oak
    kind: basic
    question: |
      "Which" tree, with
      acorns; and `a,b`?
    answer: "=1+1 ![leaf](<media/oak leaf.png>){width=30} and ![](../pine.png)"
    tags: [wood::hard, old]
    guid: 'a"b,c'
    sources:
      - https://example.com/oak
      - {title: "A [book]", url: "https://example.com/book", checked: 2026-04-30}
    extra: '`![](media/none.png)`'
    formerly: [eiche]
  - id: elm
    kind: choice
    question: Which?
    options:
      - {right: An **elm**, reason: It is.}
      - {wrong: "An oak, or not", reason: "No: no."}
""",
    "cards/trees/words.yaml": """
cards:
  - {id: holz, kind: vocabulary, word: das Holz, translation: 木}
  - {id: old-one, kind: basic, question: "- a list?", answer: "@x", retired: Not *true*.}
""",
}


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv_has_every_text(write: Write, run: Run) -> None:
    root = write(TREES)
    (root / "cards/trees/old/media").mkdir()
    (root / "cards/trees/old/media/oak leaf.png").write_bytes(PNG)
    (root / "cards/trees/pine.png").write_bytes(PNG)

    result = run("list", "--csv")

    oak, elm, holz, old = read_csv(result.stdout)
    assert oak["question"] == '"Which" tree, with\nacorns; and `a,b`?'
    assert oak["answer"] == (
        "=1+1 ![leaf](<cards/trees/old/media/oak leaf.png>){width=30} and ![](cards/trees/pine.png)"
    )
    assert oak["extra"] == "`![](media/none.png)`"
    assert oak["sources"] == (
        "https://example.com/oak\nA [book] <https://example.com/book> (checked 2026-04-30)"
    )
    wanted = ("trees:oak", "basic", "Trees::Old", "wood::hard old", "1.1", 'a"b,c', "eiche")
    names = ("ref", "kind", "deck", "tags", "lesson", "guid", "formerly")
    assert tuple(oak[name] for name in names) == wanted
    assert oak["file"] == "cards/trees/old/oak.yaml"
    assert elm["options"] == (
        "right: An **elm**\nreason: It is.\nwrong: An oak, or not\nreason: No: no."
    )
    assert (holz["word"], holz["translation"], holz["question"]) == ("das Holz", "木", "")
    assert old["retired"] == "Not *true*."
    assert len({row["guid"] for row in (oak, elm, holz, old)}) == 4
    assert "3 texts start with =, +, - or @" in result.stderr
    assert [row["ref"] for row in read_csv(run("list", "--csv", "--tag", "old").stdout)] == [
        "trees:oak"
    ]
    assert run("list", "--csv", "--json", exit_code=2)


def test_a_file_gets_the_texts_byte_for_byte(write: Write, tmp_path: Path) -> None:
    """Even in a CI, where a log must not contain commands, and with the line ends of RFC 4180."""
    question = "a\u00adb\n\n::add-mask::x ##[group]"
    root = write(
        {
            "cards/trees/a.yaml": f"cards: [{{id: a, kind: basic, question: {json.dumps(question)}, answer: 木}}]"
        }
    )
    command = [sys.executable, "-m", "cardwright", "-C", str(root), "list", "--csv"]
    path = tmp_path / "cards.csv"
    environment = {"CI": "true", "GITHUB_ACTIONS": "true", "PYTHONPATH": "src"}
    with path.open("wb") as stream:
        subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, check=True, env=environment)
    log = subprocess.run(command, capture_output=True, check=True, env=environment).stdout.decode()

    text = path.read_bytes().decode()
    assert read_csv(text)[0]["question"] == question
    assert (text.count("\r\n"), text.count("\n")) == (2, 4)
    assert "\n::add-mask" not in log
    assert "##[" not in log


PIECES = st.sampled_from(
    [
        *(
            "word",
            "a *b*",
            "# Heading",
            "## trees:elm",
            "- item",
            "-   **kind**: x",
            "1. one",
            "> said",
        ),
        *(
            "```",
            "~~~",
            "\tcode",
            "    code",
            "<!-- open",
            "<div>",
            "<script>",
            "---",
            "===",
            "***",
        ),
        *("| a | b |", "| - | - |", "", "", "$$", "\\", "&copy;", "\u00a0", "  deep", "- ", "+ x"),
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=6).map("\n".join).map(str.strip).filter(bool)


@given(first=TEXTS, second=TEXTS)
def test_no_text_breaks_the_structure_of_markdown(first: str, second: str) -> None:
    collection = load_trees()
    oak, elm = (
        replace(card, fields={"question": text, "answer": text})
        for card, text in zip(collection.cards, (first, second), strict=True)
    )
    parser = MarkdownIt("commonmark").enable("table")

    tokens = parser.parse("".join(write_markdown(collection, [oak, elm])))

    top = [token for token in tokens if token.level == 0 and token.nesting >= 0]
    assert [token.tag for token in top] == ["h1", "h2", "ul", "h2", "ul"]
    heads = [
        following.content
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]
    assert heads == ["Trees", "trees:oak", "trees:elm"]
    starts = [place for place, token in enumerate(tokens) if token.level == 1]
    items = [
        tokens[start + 1 : end]
        for start, end in pairwise(starts)
        if tokens[start].type == "list_item_open"
    ]
    assert len(items) == 2 * len(("kind", "question", "answer", "guid", "file"))
    for item, text in (
        (items[1], first),
        (items[2], first),
        (items[6], second),
        (items[7], second),
    ):
        shown = parser.renderer.render(item, parser.options, {})
        label, _, rest = shown.partition(":")
        assert label.endswith(("<strong>question</strong>", "<strong>answer</strong>"))
        wanted = parser.render(f"{text}\n")
        assert squeeze(rest.removeprefix("</p>")) in (squeeze(wanted), squeeze(wanted[3:]))


def squeeze(html: str) -> str:
    """Return HTML without paragraph tags at its ends and breaks between elements."""
    return html.strip().removeprefix("<p>").removesuffix("</p>").strip()


@cache
def load_trees() -> Collection:
    text = (
        "kind: basic\ncards: [{id: oak, question: a, answer: b}, {id: elm, question: a, answer: b}]"
    )
    with TemporaryDirectory() as folder:
        for name, content in (
            ("cards/trees/a.yaml", text),
            ("decks/trees/deck.yaml", "name: Trees"),
        ):
            Path(folder, name).parent.mkdir(parents=True)
            Path(folder, name).write_text(content, "utf-8")
        return load(Path(folder))[0]


def test_a_field_named_like_a_column_has_its_own(write: Write) -> None:
    root = write(
        {
            "kinds/ref.yaml": "fields: {deck: {required: true}, b: {}}\nsides: {a: {ask: '{{deck}}', show: [b]}}",
            "cards/trees/a.yaml": "cards: [{id: a, kind: ref, deck: Kings}]",
        }
    )
    collection, _ = load(root)

    header, row = list_rows(collection, collection.cards)

    assert len(set(header)) == len(header)
    assert row[header.index("deck (field)")] == "Kings"

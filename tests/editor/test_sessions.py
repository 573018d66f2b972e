"""What people do in an editor, with the real server in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from editor_client import AnswerError, Editor
from project_files import Run, Write

CARDS = "kind: basic\ntags: [wood]\ncards:\n- id: oak\n  question: Oak?\n  answer: A tree.\n"
CARD = "- id: beech\n  question: Which tree is **smooth**?\n  answer: |\n    The beech 🌳.\n"


def test_a_card_is_typed_letter_by_letter(editor: Editor, write: Write) -> None:
    path = write({"cards/trees/a.yaml": CARDS}) / "cards/trees/a.yaml"
    uri = editor.open(path)
    assert editor.list_codes(uri) == []

    seen = set()
    for number, letter in enumerate(CARD):
        editor.type(uri, letter)
        # Nobody waits for each letter.
        seen |= set(editor.list_codes(uri)) if number % 4 == 0 else set()

    assert editor.list_codes(uri) == []
    assert {"syntax-error", "missing-field", "empty-field"} <= seen
    assert "internal" not in " ".join(editor.logged)
    shown = editor.ask_at("cards/preview", uri, len(editor.texts[uri]) - 3)
    assert (shown["ref"], shown["range"]["start"]["line"]) == ("trees:beech", 6)
    assert "The beech 🌳." in shown["html"]
    # Nothing was written.
    assert path.read_text("utf-8") == CARDS


def test_a_mistake_is_shown_explained_and_fixed(editor: Editor, write: Write) -> None:
    path = write({"cards/trees/a.yaml": CARDS.replace("answer:", "anwser:")}) / "cards/trees/a.yaml"
    uri = editor.open(path)
    missing, unknown = editor.read_problems(uri)
    assert (missing["code"], unknown["code"]) == ("missing-field", "unknown-key")
    assert unknown["message"] == "unknown key `anwser`\nhelp: did you mean `answer`?"
    assert unknown["range"]["start"] == {"line": 5, "character": 2}

    (fix,) = editor.list_actions(uri, unknown)
    assert fix["title"] == "Write `answer`"
    editor.apply(fix["edit"])

    assert (editor.list_codes(uri), editor.texts[uri]) == ([], CARDS)


def test_a_fix_keeps_quotes_after_a_byte_order_mark(editor: Editor, write: Write) -> None:
    text = "\ufeff" + edit(CARDS, "kind: basic", 'kind: "basci"')
    uri = editor.open(write({"cards/trees/a.yaml": text}) / "cards/trees/a.yaml")
    (problem,) = editor.read_problems(uri)

    (fix,) = editor.list_actions(uri, problem)
    editor.apply(fix["edit"])

    assert editor.texts[uri] == edit(text, "basci", "basic")


def edit(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


FIXES = [
    # what is written, the code, what the fix writes
    ("kind: basic", "kind: basik", "unknown-kind", "kind: basic"),
    ("id: oak", "id: Oak Tree", "bad-id", "id: oak-tree"),
    ("id: oak", 'id: "Oak Tree"', "bad-id", 'id: "oak-tree"'),
    ("- id: oak\n  question", "- question", "missing-field", "- id: oak\n  question"),
    ("  answer: A tree.\n", "", "missing-field", "  question: Oak?\n  answer: "),
    ("tags: [wood]", "allow: [near-duplicat]", "bad-value", "allow: [near-duplicate]"),
    ("answer: A", "answer: '![](Oak.png)'\n  extra: A", "media-missing", "'![](oak.png)'"),
]


@pytest.mark.parametrize(("old", "wrong", "code", "right"), FIXES)
def test_a_fix_is_offered(
    editor: Editor, write: Write, old: str, wrong: str, code: str, right: str
) -> None:
    root = write({"cards/trees/a.yaml": edit(CARDS, old, wrong), "cards/trees/oak.png": ""})
    uri = editor.open(root / "cards/trees/a.yaml")
    problem = next(one for one in editor.read_problems(uri) if one["code"] == code)

    fix = next(
        one for one in editor.list_actions(uri, problem) if one["diagnostics"][0]["code"] == code
    )
    editor.apply(fix["edit"])

    assert right in editor.texts[uri]
    assert problem["message"] not in [one["message"] for one in editor.read_problems(uri)]


def test_a_missing_key_goes_into_braces_too(editor: Editor, write: Write) -> None:
    text = "kind: basic\r\ncards:\r\n- {question: 👍?, answer: b}\r\n- id: c\r\n  question: d\r\n"
    uri = editor.open(write({"cards/trees/a.yaml": text}) / "cards/trees/a.yaml")
    for problem in reversed(editor.read_problems(uri)):
        editor.apply(editor.list_actions(uri, problem)[0]["edit"])

    assert "- {id: , question: 👍?, answer: b}\r\n" in editor.texts[uri]
    assert editor.texts[uri].endswith("- id: c\r\n  question: d\r\n  answer: \r\n")


def test_an_undo_takes_problems_back_in_all_files(editor: Editor, write: Write) -> None:
    other = CARDS.replace("oak", "elm").replace("Oak", "Elm")
    root = write({"cards/trees/a.yaml": CARDS, "cards/trees/b.yaml": other})
    first, second = (
        editor.open(root / "cards/trees/a.yaml"),
        editor.open(root / "cards/trees/b.yaml"),
    )
    assert editor.list_codes(first) == editor.list_codes(second) == []

    start = editor.texts[second].index("elm")
    editor.replace(second, start, start + 3, "oak")
    (problem,) = editor.read_problems(second)
    assert problem["code"] == "duplicate-id"
    related = problem["relatedInformation"][0]["location"]
    assert (related["uri"], related["range"]["start"]) == (first, {"line": 3, "character": 6})

    # Renaming the other one helps as well, and so does undoing.
    start = editor.texts[first].index("oak")
    editor.replace(first, start, start + 3, "ash")
    editor.read_problems(first)
    assert editor.list_codes(second) == []
    editor.replace(first, start, start + 3, "oak")
    # An error between two files is shown in both.
    assert editor.list_codes(first) == ["duplicate-id"]
    assert editor.list_codes(second) == ["duplicate-id"]
    editor.replace(
        second, editor.texts[second].index("oak"), editor.texts[second].index("oak") + 3, "elm"
    )
    assert editor.list_codes(second) == []


def test_an_unsaved_text_counts_until_its_file_is_closed(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    first = editor.open(root / "cards/trees/a.yaml")
    # A file that was never saved counts, too.
    second = editor.open(root / "cards/trees/new.yaml", CARDS.replace("Oak?", "Elm?"))
    assert editor.list_codes(second) == ["duplicate-id"]

    editor.close_file(second)
    editor.type(first, "# x\n")
    editor.read_problems(first)

    assert editor.diagnostics[second] == []
    # A file that another program writes is read again.
    (root / "cards/trees/b.yaml").write_text(CARDS.replace("Oak?", "Ash?"), "utf-8")
    other = (root / "cards/trees/b.yaml").as_uri()
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": other, "type": 1}]})
    editor.read_problems(first)
    editor.type(first, "# y\n")
    editor.read_problems(first)
    assert [one["code"] for one in editor.diagnostics[other]] == ["duplicate-id"]


def test_manifests_blueprints_and_kinds_are_checked_while_they_are_written(
    editor: Editor, write: Write
) -> None:
    blueprint = (
        "name: A\ndomains:\n- {id: w, name: W, weight: 100, lessons: [{id: '1', title: T}]}\n"
    )
    kind = (
        "title: Land\nabout: A.\nsources: optional\nfields: {land: {type: inline, required: true, help: H}}\n"
        "sides: {one: {ask: '{{land}}', show: [land]}}\n"
    )
    root = write(
        {
            "cards/trees/a.yaml": CARDS.replace("tags", "lesson: '1'\ntags"),
            "decks/trees/blueprint.yaml": blueprint,
            "kinds/land.yaml": kind,
        }
    )
    uris = [
        editor.open(root / name)
        for name in ("decks/trees/deck.yaml", "decks/trees/blueprint.yaml", "kinds/land.yaml")
    ]
    before = [editor.list_codes(uri) for uri in uris]

    editor.type(uris[0], "order: [basci]\n")
    editor.type(uris[1], "colour: red\n")
    editor.type(uris[2], "colour: red\n")

    after = [editor.list_codes(uri) for uri in uris]
    new = [sorted(set(b) - set(a)) for a, b in zip(before, after, strict=True)]
    assert new == [["unknown-kind"], ["unknown-key"], ["unknown-key"]]


def test_a_published_card_is_renamed(editor: Editor, write: Write, run: Run) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    manifest = root / "decks/trees/deck.yaml"
    manifest.write_text(manifest.read_text("utf-8") + "select: {id: [oak]}\n", "utf-8")
    run("release", "trees")
    uri, deck = editor.open(root / "cards/trees/a.yaml"), editor.open(manifest)
    at = editor.texts[uri].index("oak") + 1
    assert editor.ask_at("textDocument/prepareRename", uri, at)["placeholder"] == "oak"
    assert editor.ask_at("textDocument/prepareRename", uri, 2) is None

    made = editor.ask_at("textDocument/rename", uri, at, newName="common-oak")
    editor.apply(made)

    assert editor.texts[uri] == CARDS.replace("id: oak", "id: common-oak") + "  formerly: [oak]\n"
    assert editor.texts[deck].endswith("select: {id: [common-oak]}\n")
    assert editor.list_codes(uri) == editor.list_codes(deck) == []
    # A second rename keeps the first id first: it is the card's identity. This one was never published.
    editor.apply(editor.ask_at("textDocument/rename", uri, at, newName="quercus"))
    assert editor.texts[uri].endswith("  formerly: [oak]\n")
    assert editor.list_codes(uri) == []
    # From the manifest, too.
    at = editor.texts[deck].index("quercus")
    editor.apply(editor.ask_at("textDocument/rename", deck, at, newName="robur"))
    assert "id: robur" in editor.texts[uri]
    for name in ("Not An Id", ""):
        with pytest.raises(AnswerError, match="is not a valid id"):
            editor.ask_at("textDocument/rename", deck, at, newName=name)


def test_an_id_that_is_in_use_is_refused(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS + CARD})
    uri = editor.open(root / "cards/trees/a.yaml")

    with pytest.raises(AnswerError, match=r"`beech` is already used at cards/trees/a\.yaml:7:7"):
        editor.ask_at("textDocument/rename", uri, CARDS.index("oak"), newName="beech")
    with pytest.raises(AnswerError, match="only the id of a card"):
        editor.ask_at("textDocument/rename", uri, CARDS.index("Oak?"), newName="beech")
    made = editor.ask_at("textDocument/rename", uri, CARDS.index("oak"), newName="ash")
    assert list(made["changes"]) == [uri]
    editor.apply(made)
    assert "formerly" not in editor.texts[uri]


def test_a_published_id_that_was_changed_by_hand_is_moved_to_formerly(
    editor: Editor, write: Write, run: Run
) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    run("release", "trees")
    uri = editor.open(root / "cards/trees/a.yaml")
    start = editor.texts[uri].index("oak")
    editor.replace(uri, start, start + 3, "oaks")
    editor.read_problems(uri)
    ledger = (root / "decks/trees/ledger.jsonl").as_uri()
    assert [one["code"] for one in editor.diagnostics[ledger]] == ["vanished-id"]
    (here,) = editor.diagnostics[uri]
    assert here["message"].startswith("`oak` was published but no longer exists")
    assert here["range"]["start"] == {"line": 3, "character": 6}
    assert here["relatedInformation"][0]["location"]["uri"] == ledger

    place = {"line": 3, "character": 6}
    (fix,) = editor.list_actions(uri, {"range": {"start": place, "end": place}})
    assert fix["title"] == "It was `oak`: add it to `formerly`"
    editor.apply(fix["edit"])

    assert editor.list_codes(uri) == []
    assert editor.diagnostics[ledger] == []


@pytest.fixture
def lessons(write: Write) -> Path:
    """A project with an exam, media, twins and a kind of its own."""
    return write(
        {
            "cards/trees/a.yaml": CARDS,
            "cards/trees/media/oak.png": "",
            "cards/trees/media/no.txt": "",
            "decks/trees/blueprint.yaml": "name: A\ndomains:\n- id: w\n  name: Wood\n  weight: 100\n"
            "  lessons:\n  - {id: '1.1', title: Leaves}\n  - {id: '1.2', title: Bark}\n"
            "objectives:\n- {id: og-1, lesson: '1.1', about: Tell leaves apart.}\n",
            "kinds/leaf.yaml": "title: Leaf\nabout: A leaf and its tree.\nsources: optional\n"
            "fields:\n  leaf: {type: inline, required: true, help: Its form.}\n"
            "  aim: {type: objective, help: What for.}\n"
            "sides:\n  one: {ask: '{{leaf}}', show: [leaf]}\n",
        }
    )


HEAD = "kind: basic\ncards:\n- id: x\n"
COMPLETIONS = [
    (
        "cards/trees/x.yaml",
        f"{HEAD}  ¦",
        {"question", "answer", "lesson", "tags", "formerly"},
        {"id"},
    ),
    ("cards/trees/x.yaml", f"{HEAD}  kind: leaf\n  ¦", {"leaf", "aim"}, {"question", "kind"}),
    ("cards/trees/x.yaml", f"{HEAD}  kind: ¦", {"basic", "leaf", "cloze"}, {"id"}),
    ("cards/trees/x.yaml", "kind: ¦", {"basic", "leaf"}, set()),
    ("cards/trees/x.yaml", "¦", {"kind", "cards", "tags"}, {"question"}),
    ("cards/trees/x.yaml", f"{HEAD}  lesson: ¦", {"1.1", "1.2"}, set()),
    ("cards/trees/x.yaml", f'{HEAD}  lesson: "1.2¦"', {"1.2"}, {"1.1"}),
    ("cards/trees/x.yaml", f"{HEAD}  objectives: [og¦", {"og-1"}, set()),
    ("cards/trees/x.yaml", f"{HEAD}  kind: leaf\n  aim: ¦", {"og-1"}, set()),
    ("cards/trees/x.yaml", f"{HEAD}  tags:\n  - w¦", {"wood"}, set()),
    ("cards/trees/x.yaml", f"{HEAD}  reserved: ¦", {"mock"}, set()),
    ("cards/trees/x.yaml", f"{HEAD}  allow: [near¦]", {"near-duplicate"}, {"bad-id"}),
    ("cards/trees/x.yaml", f"{HEAD}  answer: |\n    ![](¦", {"media/"}, {"a.yaml", "question"}),
    ("cards/trees/x.yaml", f"{HEAD}  answer: '![](media/o¦", {"oak.png"}, {"no.txt"}),
    ("cards/trees/x.yaml", f"{HEAD}  answer: '![](../../../¦", set(), {"cards/", "project/"}),
    ("cards/trees/x.yaml", f"{HEAD}  answer: |\n    a ¦", set(), {"question", "tags"}),
    ("cards/trees/x.yaml", f"{HEAD}  sources:\n  - u¦", {"url"}, {"question"}),
    ("cards/trees/x.yaml", f"{HEAD}- {{id: y, kind: choice, opt¦}}", {"options"}, set()),
    ("decks/trees/deck.yaml", "name: A\nselect: {lesson: [¦]}", {"1.1"}, {"wood"}),
    ("decks/trees/deck.yaml", "name: A\nselect:\n  id: o¦", {"oak"}, set()),
    ("decks/trees/deck.yaml", "name: A\nselect:\n  file: ¦", {"a.yaml"}, set()),
    ("decks/trees/deck.yaml", "name: A\ndecks:\n- sel¦", {"select"}, set()),
    ("decks/trees/deck.yaml", "name: A\norder: [¦]", {"leaf"}, set()),
    ("decks/trees/deck.yaml", "name: A\nchecks:\n  no-right-if: ¦", {"warning", "off"}, set()),
    ("decks/trees/deck.yaml", "name: A\noptions:\n  fuzz: ¦", {"true", "false"}, set()),
    ("decks/trees/blueprint.yaml", "objectives:\n- id: a\n  lesson: ¦", {"1.1"}, set()),
    ("decks/trees/blueprint.yaml", "signals:\n- measure: {kinds: [¦]}", {"leaf"}, set()),
    (
        "kinds/leaf.yaml",
        "fields: {leaf: {}, aim: {}}\nsides:\n  one:\n    when: ¦",
        {"leaf", "aim"},
        set(),
    ),
    ("kinds/leaf.yaml", "fields:\n  leaf:\n    type: ¦", {"inline", "options"}, set()),
    ("README.yaml", "¦", set(), {"kind"}),
]


@pytest.mark.parametrize(("name", "text", "offered", "not_offered"), COMPLETIONS)
def test_completion(
    editor: Editor, lessons: Path, name: str, text: str, offered: set[str], not_offered: set[str]
) -> None:
    whole = (lessons / name).read_text("utf-8") if (lessons / name).exists() else ""
    uri = editor.open(lessons / name, whole)
    # The project was read before it broke.
    if whole:
        editor.read_problems(uri)
    editor.replace(uri, 0, len(whole), text.replace("¦", ""))

    found = set(editor.complete(uri, text.index("¦")))

    assert offered <= found
    assert not found & not_offered


def test_what_is_offered_replaces_the_word_there(editor: Editor, lessons: Path) -> None:
    uri = editor.open(lessons / "cards/trees/x.yaml", f"{HEAD}  👍: '1'\n  lesson: '1.'\n  qu\n")

    def accept(label: str, index: int) -> None:
        found = editor.ask_at("textDocument/completion", uri, index)["items"]
        item = next(one for one in found if one["label"] == label)
        # Neovim 0.7 looks for the word by itself where there is a text to filter by.
        assert "filterText" not in item
        editor.apply({"changes": {uri: [item["textEdit"]]}})

    accept("question", editor.texts[uri].index("qu") + 2)
    accept("1.2", editor.texts[uri].index("1.'") + 2)
    assert editor.texts[uri].endswith("  lesson: '1.2'\n  question: \n")
    editor.type(uri, "  lesson: ")
    accept("1.1", len(editor.texts[uri]))
    assert editor.texts[uri].endswith('  lesson: "1.1"')
    editor.type(uri, "\n  objectives: [og-")
    accept("og-1", len(editor.texts[uri]))
    assert editor.texts[uri].endswith("[og-1")
    editor.type(uri, ", 'og")
    accept("og-1", len(editor.texts[uri]))
    assert editor.texts[uri].endswith("[og-1, 'og-1'")


def test_an_objective_is_found_by_its_text_too(editor: Editor, lessons: Path) -> None:
    blueprint = lessons / "decks/trees/blueprint.yaml"
    text = blueprint.read_text("utf-8") + "- {id: og-2, lesson: '1.2', about: Know bark.}\n"
    blueprint.write_text(text, "utf-8")
    head = f"lesson: '1.2'\n{HEAD}  objectives: ["
    uri = editor.open(lessons / "cards/trees/x.yaml", head)
    # Those of the file's own lesson come first.
    assert editor.complete(uri) == ["og-2", "og-1"]
    editor.type(uri, "Leav")

    found = editor.ask_at("textDocument/completion", uri, len(editor.texts[uri]))

    (item,) = found["items"]
    assert (item["label"], item["filterText"]) == ("og-1", "Tell leaves apart.")
    # What is typed on is asked about again.
    assert found["isIncomplete"]
    editor.apply({"changes": {uri: [item["textEdit"]]}})
    assert editor.texts[uri] == f"{head}og-1"


def test_fields_come_with_their_help(editor: Editor, lessons: Path) -> None:
    uri = editor.open(lessons / "cards/trees/x.yaml", "kind: leaf\ncards:\n- id: x\n  ")
    first = editor.ask_at("textDocument/completion", uri, len(editor.texts[uri]))["items"][0]

    assert (first["label"], first["detail"], first["kind"]) == ("leaf", "required", 10)
    assert first["documentation"] == "Its form."


HOVERS = [
    ("id: oak", 5, "**trees:oak** · Basic", "Oak?", "A tree.", "not published yet", "#wood"),
    ("question:", 2, "**question** (required)"),
    ("tags:", 2, "**tags**", "`::` makes a hierarchy"),
    ("kind: basic", 8, "**Basic**"),
    ("lesson: '1.1'", 10, "lesson **1.1 Leaves**"),
    ("[og-1]", 3, "objective **og-1**", "Tell leaves apart."),
]


@pytest.mark.parametrize("case", HOVERS)
def test_hover(editor: Editor, lessons: Path, case: tuple[str, int, *tuple[str, ...]]) -> None:
    words, offset, *shown = case
    text = CARDS.replace("tags", "lesson: '1.1'\nobjectives: [og-1]\ntags")
    uri = editor.open(lessons / "cards/trees/a.yaml", text)
    editor.read_problems(uri)

    found = editor.ask_at("textDocument/hover", uri, text.index(words) + offset)

    assert all(word in found["contents"]["value"] for word in shown), found
    assert editor.ask_at("textDocument/hover", uri, text.index("A tree") + 2) is None


def test_a_hovered_cloze_hides_and_shows_its_gaps(editor: Editor, write: Write) -> None:
    text = "kind: cloze\ncards:\n- id: oak\n  text: An {{c1::oak::tree}} has {{c2::lobes}}.\n"
    uri = editor.open(write({"cards/trees/a.yaml": text}) / "cards/trees/a.yaml")
    shown = editor.ask_at("textDocument/hover", uri, text.index("oak"))["contents"]["value"]

    assert "An [tree] has lobes.\n\n---\n\nAn oak has lobes." in shown
    assert "An oak has […].\n\n---\n\nAn oak has lobes." in shown


def test_definitions(editor: Editor, lessons: Path, run: Run) -> None:
    run("release", "trees")
    text = (
        "kind: leaf\nlesson: '1.1'\ncards:\n- id: ash\n  formerly: [oak]\n  leaf: '![](media/oak.png)'\n"
        "  aim: og-1\n  twins: both\n- {id: elm, leaf: b, twins: both}\n"
    )
    uri = editor.open(lessons / "cards/trees/a.yaml", text)
    deck = editor.open(
        lessons / "decks/trees/deck.yaml", "name: A\nselect: {id: [ash], kind: leaf}\n"
    )
    blueprint = (lessons / "decks/trees/blueprint.yaml").as_uri()

    def define(words: str, where: str = uri) -> list[tuple[str, int]]:
        found = editor.ask_at(
            "textDocument/definition", where, editor.texts[where].index(words) + 1
        )
        return [(one["uri"], one["range"]["start"]["line"]) for one in found]

    assert define("leaf") == [((lessons / "kinds/leaf.yaml").as_uri(), 0)]
    assert define("'1.1'") == [(blueprint, 6)]
    assert define("og-1") == [(blueprint, 9)]
    assert define("oak]")[0][0] == (lessons / "decks/trees/ledger.jsonl").as_uri()
    assert define("media/") == [
        ((lessons / "cards/trees/media/oak.png").as_uri(), 0)
    ] or not define("media/")
    assert define("both") == [(uri, 3), (uri, 8)]
    assert define("ash]", deck) == [(uri, 3)]
    assert define("id: ash") == []


def test_symbols(editor: Editor, lessons: Path) -> None:
    uri = editor.open(lessons / "cards/trees/a.yaml", CARDS + CARD + "- {question: c}\n")
    symbols = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    names = [(one["name"], one["detail"], one["range"]["end"]["line"]) for one in symbols]
    assert names == [
        ("oak", "Oak?", 5),
        ("beech", "Which tree is **smooth**?", 9),
        ("{question: c}", "c", 10),
    ]

    uri = editor.open(lessons / "decks/trees/blueprint.yaml")
    symbols = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [one["name"] for one in symbols] == ["name", "domains", "objectives"]
    assert [one["name"] for one in symbols[1]["children"]] == ["w"]


ODD_TEXTS: list[Callable[[str], str]] = [
    str,
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\r"),
    lambda text: f"\ufeff{text}",
]


@pytest.mark.parametrize("convert", ODD_TEXTS, ids=["lf", "crlf", "cr", "bom"])
def test_places_are_counted_in_utf_16(
    editor: Editor, write: Write, convert: Callable[[str], str]
) -> None:
    text = convert("kind: basic\ncards:\n- {id: a, question: 👍𝔘é?, colour: red, answer: 👩‍👩‍👧}\n")
    path = write({"cards/trees/a.yaml": text}) / "cards/trees/a.yaml"
    uri = editor.open(path)
    (problem,) = editor.read_problems(uri)
    assert problem["range"] == {
        "start": {"line": 2, "character": 28},
        "end": {"line": 2, "character": 34},
    }

    start = text.index("colour")
    editor.replace(uri, start, start + len("colour: red, "), "")
    assert editor.list_codes(uri) == []
    editor.replace(uri, 0, text.index("kind"), "")
    editor.replace(
        uri, editor.texts[uri].index("basic"), editor.texts[uri].index("basic") + 5, "x🌳"
    )
    (problem,) = editor.read_problems(uri)
    assert problem["range"] == {
        "start": {"line": 0, "character": 6},
        "end": {"line": 0, "character": 9},
    }

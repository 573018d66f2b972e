"""What editors, files and strangers get wrong, and what the server may not do."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import click
import pytest

from cardwright.app.project import Project, check_project
from cardwright.cli.main import cards
from cardwright.editor.server import Server
from cardwright.editor.wire import Message, read_messages
from cardwright.study.alias import Alias
from cardwright.study.store import open_store
from editor_client import AnswerError, Editor, find_position
from editor_edits import edit_at_random
from media_files import PNG
from project_files import Run, Write

CARDS = "kind: basic\ncards:\n- id: oak\n  question: Oak?\n  answer: A tree.\n"
EVIL = "\x1b]0;evil\x07\u202e<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    source = str(Path(__file__).parents[2] / "src")
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, "CARDS_DB": str(tmp_path / "reviews.db")}


def frame(*messages: dict[str, Any]) -> bytes:
    """Return messages as the protocol sends them."""
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    return b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies)


def test_files_outside_of_projects_are_left_alone(editor: Editor, tmp_path: Path) -> None:
    lone = tmp_path / "lone.yaml"
    for uri in (editor.open(lone, "a: [b"), editor.open(tmp_path / "x" / "y.yaml", "")):
        assert editor.complete(uri) == []
        assert editor.ask_at("textDocument/hover", uri, 0) is None
        assert editor.ask_at("cards/preview", uri, 0) is None
        assert editor.ask_at("textDocument/definition", uri, 0) is None
    untitled = {"uri": "untitled:Untitled-1", "languageId": "yaml", "version": 1, "text": "kind: "}
    editor.tell("textDocument/didOpen", {"textDocument": untitled})
    position = {"line": 0, "character": 6}
    params = {"textDocument": {"uri": untitled["uri"]}, "position": position}
    assert editor.ask("textDocument/completion", params) is None


def test_projects_do_not_mix(editor: Editor, write: Write, tmp_path: Path) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    other = tmp_path / "other"
    for name, text in {
        "cards/trees/a.yaml": CARDS.replace("basic", "leaf"),
        "decks/trees/deck.yaml": "name: B\nnamespace: other\n",
        "kinds/leaf.yaml": "title: L\nabout: A.\nsources: optional\nfields: {question: {type: inline, required: true, help: H},"
        " answer: {type: inline, help: H}}\nsides: {one: {ask: '{{question}}', show: [answer]}}\n",
    }.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text, "utf-8")
    first, second = (
        editor.open(root / "cards/trees/a.yaml"),
        editor.open(other / "cards/trees/a.yaml"),
    )

    assert editor.list_codes(first) == editor.list_codes(second) == []
    at = editor.texts[second].index("leaf")
    assert "leaf" in editor.complete(second, at)
    assert "leaf" not in editor.complete(first, at)


def test_a_project_with_broken_files_still_helps(editor: Editor, write: Write) -> None:
    root = write(
        {
            "cards/trees/a.yaml": CARDS,
            "cards/trees/broken.yaml": "cards: [\n",
            "cards/trees/bytes.yaml": "",
            "decks/trees/deck.yaml": "name: [\n",
            "kinds/land.yaml": "title: [\n",
        }
    )
    (root / "cards/trees/bytes.yaml").write_bytes(b"\xff\xfe\0")
    uri = editor.open(root / "cards/trees/a.yaml", CARDS + "- id: elm\n  kind: land\n  ")

    assert {"question", "answer"} & set(editor.complete(uri)) == set()
    assert "tags" in editor.complete(uri)
    editor.read_problems(uri)
    broken = {name.rpartition("/")[2] for name, found in editor.diagnostics.items() if found}
    assert {"broken.yaml", "bytes.yaml", "deck.yaml", "land.yaml"} <= broken
    assert editor.ask_at("cards/preview", uri, CARDS.index("oak"))["ref"] == "trees:oak"


def test_hostile_cards_are_shown_but_nothing_of_them_runs(editor: Editor, write: Write) -> None:
    field = json.dumps(f"{EVIL} ![](http://127.0.0.1:1/x.png) [a](command:x)")
    text = f"kind: basic\ntags: [a]\ncards:\n- id: oak\n  question: {field}\n  answer: {field}\n"
    text += f"- id: elm\n  question: {'x' * 100_000}\n  answer: |\n    {'[' * 3_000}\n- {{id: ash, kind: {EVIL!r}}}\n"
    text = text.replace(r"\u001b", "").replace(r"\u0007", "").replace(r"\u202e", "")
    uri = editor.open(write({"cards/trees/a.yaml": text}) / "cards/trees/a.yaml")

    shown = json.dumps(editor.read_problems(uri), ensure_ascii=False)
    hovered = editor.ask_at("textDocument/hover", uri, text.index("oak"))["contents"]["value"]
    view = editor.ask_at("cards/preview", uri, text.index("oak"))
    long = editor.ask_at("textDocument/hover", uri, text.index("elm"))["contents"]["value"]

    for sign in "\x1b\x07\u202e":
        assert sign not in shown + hovered + view["html"]
    assert "![" not in hovered
    assert "](command:" not in hovered
    assert "<img" not in hovered
    assert "<script>alert" not in view["html"]
    assert "<img src=x" not in view["html"]
    assert "127.0.0.1" not in view["html"].replace(EVIL, "").split("<img")[-1].split(">")[0]
    assert len(long) < 10_000


def test_control_characters_never_reach_the_editor(editor: Editor, write: Write) -> None:
    text = f"kind: {EVIL}\n{EVIL}: {EVIL}\ncards:\n- id: {EVIL}\n  {EVIL}: 1\n"
    uri = editor.open(write({"cards/trees/a.yaml": ""}) / "cards/trees/a.yaml", text)

    shown = json.dumps(
        [
            editor.read_problems(uri),
            editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}}),
        ]
    )
    for index in range(0, len(text), 3):
        shown += json.dumps(editor.ask_at("textDocument/hover", uri, index))
        shown += json.dumps(editor.ask_at("textDocument/completion", uri, index))
    assert "\\u202e" not in shown.replace("\\\\u202e", "")
    assert "\\u0007" not in shown.replace("\\\\u0007", "")


def test_the_preview_follows_the_card(editor: Editor, write: Write) -> None:
    text = (
        CARDS
        + "- id: elm\n  kind: cloze\n  text: '{{c1::Elm}}, ![](elm.png)'\n- id: ash\n  retired: why\n  question: Q\n  answer: A\n"
    )
    root = write({"cards/trees/a.yaml": text})
    (root / "cards/trees/elm.png").write_bytes(PNG)
    uri = editor.open(root / "cards/trees/a.yaml")

    oak = editor.ask_at("cards/preview", uri, text.index("A tree"))
    elm = editor.ask_at("cards/preview", uri, text.index("Elm"))
    ash = editor.ask_at("cards/preview", uri, len(text) - 1)
    assert [one["ref"] for one in (oak, elm, ash)] == ["trees:oak", "trees:elm", "trees:ash"]
    assert oak["range"] == {
        "start": {"line": 2, "character": 0},
        "end": {"line": 4, "character": 17},
    }
    assert oak["html"].count('<section class="prompt"') == 1
    assert 'src="data:image/png;base64,' in elm["html"]
    assert "http" not in oak["html"]
    assert ".nightMode" in oak["style"]
    assert editor.ask_at("cards/preview", uri, 0) is None
    editor.type(uri, "- [")
    assert editor.ask_at("cards/preview", uri, text.index("A tree")) is None


def test_the_lens_is_off_unless_it_is_asked_for(
    editor: Editor, write: Write, run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write({"cards/trees/a.yaml": CARDS + CARDS.replace("oak", "elm").split("cards:\n")[1]})
    monkeypatch.setenv("CARDS_DB", env["CARDS_DB"])
    for rating in ("good", "again", "good"):
        run("answer", "oak", rating)
    store = Path(env["CARDS_DB"])
    # The pack has got a namespace since, which continues its history.
    (root / "decks/trees/deck.yaml").write_text("name: T\nnamespace: woods-a1b2\n", "utf-8")
    with closing(open_store(store, "laptop")) as opened, opened.transaction():
        opened.add_aliases([Alias("alias-1", 1, "woods-a1b2", "trees")])
    before = store.read_bytes()
    with Editor(root, env=env, options={"codeLens": True}) as other:
        uri = other.open(root / "cards/trees/a.yaml")
        lenses = other.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
        assert [(one["range"]["start"]["line"], one["command"]["title"]) for one in lenses] == [
            (2, "asked 3 times, 67% right")
        ]
        assert store.read_bytes() == before
        store.write_bytes(b"damaged")
        assert other.ask("textDocument/codeLens", {"textDocument": {"uri": uri}}) == []
        assert other.close() == (0, "")
    uri = editor.open(root / "cards/trees/a.yaml")
    assert "codeLensProvider" not in editor.initialized["capabilities"]
    assert editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}}) is None


def test_nonsense_is_answered_and_survived(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    uri = editor.open(root / "cards/trees/a.yaml")
    for raw in (b"{", b"[]", b'"a"', b"\xff", b'{"method": 1, "id": 2}', b"[" * 100_000):
        editor.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw))
    editor.send_raw(b"content-type: x\r\ncontent-length: 2\r\n\r\n{}")
    editor.tell("no/such", {})
    editor.tell("$/setTrace", {"value": "off"})
    editor.tell("textDocument/didChange", {"textDocument": {"uri": "file:///none"}})
    editor.tell(
        "textDocument/didChange",
        {"textDocument": {"uri": uri}, "contentChanges": [{"range": {}, "text": 1}]},
    )
    editor.tell("textDocument/didOpen", [1])
    for method, params in (
        ("no/such", {}),
        ("textDocument/hover", {}),
        ("textDocument/hover", None),
        ("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": "x"}}),
        ("initialize", {}),
    ):
        with pytest.raises(AnswerError):
            editor.ask(method, params)
    # Half of a pair of surrogates, as an editor in JavaScript may send it.
    end = len(editor.texts[uri])
    editor.replace(uri, end, end, "# \ud83d\n")
    assert editor.list_codes(uri) == ["not-utf8"]
    editor.replace(uri, end, len(editor.texts[uri]), "")
    assert editor.list_codes(uri) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes")
def test_no_file_is_waited_for(editor: Editor, write: Write) -> None:
    folder = write({"cards/trees/oak.yaml": CARDS}) / "cards" / "trees"
    os.mkfifo(folder / "pipe.yaml")
    os.mkfifo(folder / "pipe.png")
    (folder / "endless.yaml").symlink_to("/dev/zero")

    for name in ("pipe.yaml", "endless.yaml"):
        uri = editor.open(folder / name, CARDS.replace("A tree.", "'![](pipe.png)'"))
        assert editor.ask_at("textDocument/hover", uri, len("kind")) is not None


def test_what_was_cancelled_is_not_answered(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    uri = editor.open(root / "cards/trees/a.yaml")
    editor.read_problems(uri)
    params = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
    editor.send_raw(
        frame(
            {"id": 9001, "method": "cards/preview", "params": params},
            {"id": 9002, "method": "cards/preview", "params": params},
            {"method": "$/cancelRequest", "params": {"id": 9002}},
        )
    )

    assert editor.await_answer(9001, "cards/preview") is None
    with pytest.raises(AnswerError, match="cancelled"):
        editor.await_answer(9002, "cards/preview")


def test_what_needs_only_the_text_is_answered_during_the_first_check(
    editor: Editor, write: Write
) -> None:
    names = [f"cards/trees/{number}.yaml" for number in range(30)]
    root = write({name: CARDS.replace("oak", f"oak-{name[12:-5]}") for name in names})
    uri = (root / names[0]).as_uri()
    text = (root / names[0]).read_text("utf-8")
    editor.texts[uri], editor.versions[uri] = text + "- id: elm\n  ", 2
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    this = {"textDocument": {"uri": uri}}
    end = find_position(text, len(text))
    change = {"range": {"start": end, "end": end}, "text": "- id: elm\n  "}
    changed = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}
    field = {**this, "position": {"line": end["line"] + 1, "character": 2}}
    help = {**this, "position": {"line": end["line"] - 1, "character": 3}}
    at_id = {**this, "position": {"line": 2, "character": 7}}
    editor.send_raw(
        frame(
            {"method": "textDocument/didOpen", "params": {"textDocument": document}},
            {"id": 9011, "method": "textDocument/hover", "params": at_id},
            {"id": 9012, "method": "textDocument/documentSymbol", "params": this},
            {"id": 9013, "method": "textDocument/definition", "params": at_id},
            {"method": "textDocument/didChange", "params": changed},
            {"id": 9014, "method": "textDocument/documentSymbol", "params": this},
            {"id": 9015, "method": "textDocument/completion", "params": field},
            {"id": 9016, "method": "textDocument/hover", "params": help},
        )
    )

    symbols = editor.await_answer(9012, "textDocument/documentSymbol")
    assert [one["name"] for one in symbols] == ["oak-0"]
    with pytest.raises(AnswerError, match="the text has changed"):
        editor.await_answer(9013, "textDocument/definition")
    symbols = editor.await_answer(9014, "textDocument/documentSymbol")
    assert [one["name"] for one in symbols] == ["oak-0", "elm"]
    keys = editor.await_answer(9015, "textDocument/completion")
    assert "question" in [one["label"] for one in keys["items"]]
    shown = editor.await_answer(9016, "textDocument/hover")
    assert shown["contents"]["value"].startswith("**answer** (required)")
    # This one is about the card, so it needed the check, and the text has changed before its end.
    with pytest.raises(AnswerError, match="the text has changed"):
        editor.await_answer(9011, "textDocument/hover")
    assert set(editor.list_codes(uri)) == {"missing-field"}


def test_it_ends_when_the_process_of_its_editor_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardwright.editor.server._PARENT_S", 0.01)
    reader, writer = os.pipe()
    answers, answer = os.pipe()
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent,
        FileIO(reader) as input,
        FileIO(writer, "w") as stays_open,
        FileIO(answers) as told,
        FileIO(answer, "w") as output,
        ThreadPoolExecutor() as pool,
    ):
        store = tmp_path / "none.db"
        server = Server(output, time.monotonic, cache_folder=None, store_path=store)
        status = pool.submit(server.serve, input)
        params = {"processId": parent.pid, "capabilities": {}}
        stays_open.write(frame({"id": 1, "method": "initialize", "params": params}))
        assert b"capabilities" in told.read(10_000)
        assert not status.done()
        parent.communicate(b"\n")
        assert status.result(60) == 1
        # The thread that reads must end before its stream does.
        stays_open.write(frame({"method": "exit", "params": {}}))


def test_problems_go_when_a_project_cannot_be_read_any_more(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write({"cards/trees/a.yaml": CARDS.replace("answer", "anwser")})
    checks = iter([check_project])

    def check(*args: Any, **options: Any) -> Project:
        for found in checks:
            return found(*args, **options)
        raise OSError("the disk is gone")

    monkeypatch.setattr("cardwright.editor.workspace.check_project", check)
    folder = [{"uri": root.as_uri(), "name": "trees"}]
    params: dict[str, Any] = {"capabilities": {}, "workspaceFolders": folder}
    begin = {"id": 1, "method": "initialize", "params": params}
    changed = {"method": "workspace/didChangeWatchedFiles", "params": {"changes": []}}
    # This has its turn after a check.
    event: dict[str, Any] = {"event": {"added": [], "removed": []}}
    then = {"method": "workspace/didChangeWorkspaceFolders", "params": event}
    output = BytesIO()
    # So much time passes between two messages that a check is due.
    clock = map((10.0).__pow__, itertools.count())
    server = Server(output, lambda: next(clock), cache_folder=None, store_path=root / "none.db")
    server.serve(BytesIO(frame(begin, then, changed, then)))

    told = [one for one in read_messages(BytesIO(output.getvalue())) if isinstance(one, Message)]
    uri = (root / "cards/trees/a.yaml").as_uri()
    shown = [one.params["diagnostics"] for one in told if one.params.get("uri") == uri]
    assert [len(problems) for problems in shown] == [2, 0]
    assert any("the disk is gone" in str(one.params.get("message")) for one in told)


def test_it_ends_when_its_editor_does(write: Write, env: dict[str, str]) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    with Editor(root, env=env) as editor:
        editor.leave()
        assert editor.wait() == (1, "")
    with Editor(root, env=env) as editor:
        editor.send_raw(b"nothing of the sort\r\n\r\n")
        assert editor.wait() == (1, "")


def test_what_was_sent_before_the_end_is_still_done(write: Write, env: dict[str, str]) -> None:
    root = write({"cards/trees/a.yaml": CARDS})
    with Editor(root, env=env) as editor:
        key = editor.start("shutdown", None)
        editor.leave()
        assert editor.await_answer(key, "shutdown") is None
        assert editor.wait() == (0, "")


def test_people_are_told_that_it_is_not_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("cardwright.cli.lsp.sys.stdin", Terminal())
    with pytest.raises(click.UsageError, match="an editor starts this"):
        cards.main(["lsp"], standalone_mode=False)


def test_random_edits_are_survived(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS, "cards/trees/b.yaml": CARDS.replace("oak", "elm")})
    uris = [
        editor.open(root / name)
        for name in ("cards/trees/a.yaml", "cards/trees/b.yaml", "decks/trees/deck.yaml")
    ]
    editor.logged.clear()
    edit_at_random(editor, uris, random.Random(1), 200)
    for uri in uris:
        editor.replace(uri, 0, len(editor.texts[uri]), "")
    # What it holds is what the editor shows.
    editor.type(uris[0], CARDS)
    assert editor.list_codes(uris[0]) == []
    assert not [text for text in editor.logged if "Error" in text]


def test_a_file_is_helped_once_its_folders_make_a_project(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "cards/trees/a.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CARDS, "utf-8")
    uri = editor.open(path)
    place = CARDS.index("question")
    assert editor.ask_at("textDocument/hover", uri, place) is None
    (tmp_path / "decks").mkdir()
    editor.tell("workspace/didChangeWatchedFiles", {"changes": []})
    editor.read_problems(uri)
    assert editor.ask_at("textDocument/hover", uri, place) is not None


def test_nothing_is_told_any_more_of_a_folder_that_has_gone(editor: Editor, write: Write) -> None:
    root = write({"cards/trees/a.yaml": CARDS, "cards/trees/b.yaml": CARDS})
    folder = {"uri": root.as_uri(), "name": "trees"}
    b = (root / "cards/trees/b.yaml").as_uri()

    def change_folders(**changed: list[dict[str, str]]) -> None:
        event = {"added": [], "removed": [], **changed}
        editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})

    a = editor.open(root / "cards/trees/a.yaml")
    editor.read_problems(a)
    assert editor.diagnostics[b]
    # A folder that is no longer part of the workspace counts while a file of it is open.
    change_folders(removed=[folder])
    editor.type(a, "# y\n")
    editor.read_problems(a)
    assert editor.diagnostics[b]
    editor.close_file(a)
    change_folders(removed=[folder])
    editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": a}})
    assert editor.diagnostics[b] == []

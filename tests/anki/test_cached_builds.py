"""With a cache, whatever happened to the sources or to it, packages have the same bytes as without one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki.diff import compare_with_ledger
from cardwright.anki.package import write_package
from cardwright.anki.publish import prepare_build
from cardwright.anki.record import Record
from cardwright.anki.release import NothingToReleaseError, Release, prepare_release
from cardwright.app.build import build_packs, load_record
from cardwright.app.project import Project, open_project
from cardwright.app.release import write_release
from cardwright.markdown.render import Renderer
from cardwright.project.cache import CACHE_NAME
from media_files import JPEG, MP3, PNG
from project_files import Write, change_file

BUILT_S = 1_700_000_000
CARDS = [
    "kind: basic\nlesson: '1.1'\ntags: [wood]\ncards:\n- {id: oak, question: Oak?, answer: A *tree*}\n",
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: '![](media/elm.png)', formerly: [elm]}\n",
    (
        "kind: basic\ncards:\n- {id: oak, question: 'Hear ![](media/elm.mp3)', answer: A}\n"
        "- {id: yew, question: 'And ![](media/elm.png)?', answer: '`a`', sources: [https://e.org/yew]}\n"
    ),
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: A *tree*, retired: felled}\n",
    "kind: cloze\nlesson: '1.1'\ncards:\n- {id: gaps, text: '{{c2::Oak}} and {{c1::elm}}'}\n",
    "kind: mine\ncards:\n- {id: own, front: Oak, back: Tree, guid: abc}\n",
    (
        "kind: choice\ncards:\n- id: pick\n  question: Which?\n  options:\n"
        "  - {right: Oak, reason: Wood}\n  - {wrong: Stone, reason: '![](media/elm.mp3)'}\n"
    ),
    (
        "kind: sign\ntags: [adopted]\ncards:\n- {id: one, guid: one, sign: A sign, tree: Elm}\n"
        "- {id: two, guid: two, sign: '![](media/elm.png)', tree: 'T', extra: More}\n"
    ),
    None,
]
KINDS = [
    (
        "kind: mine\nfields:\n  front: {type: inline, required: true}\n  back: {required: true}\n"
        "sides:\n  there: {ask: 'So {{front}}', show: [back]}\n"
    ),
    (
        "kind: mine\nfields:\n  back: {type: inline, required: true}\n  front: {type: inline, required: true}\n"
        "sides:\n  there: {ask: '{{front}}', show: [back]}\n  back: {ask: '{{back}}', show: [front]}\n"
    ),
]
SIGNS = [
    (
        "anki: {id: 1342697561419, name: Signs}\nfields:\n  sign: {type: inline, label: Front}\n"
        "  tree: {type: inline, label: Back}\n  more: {label: More, holds: extra}\n"
        "sides:\n  forward:\n    ask: '{{sign}}'\n    show: [tree]\n"
        "    anki: {name: Card 1, front: '{{Front}}', back: '{{FrontSide}}{{Back}}'}\n"
    ),
]
SIGNS.append(SIGNS[0].replace("{{Front}}', back", "{{#Back}}{{Front}}{{/Back}}', back"))
NOTE: dict[str, object] = {"mod": 1_600_000_000, "deck": "Trees", "tags": ["adopted"]}
ADOPTED: list[list[dict[str, object]]] = [
    [
        {"adopted": 1},
        {"note": "one", **NOTE, "fields": {"sign": {"value": "A sign", "html": "A  sign"}}},
    ],
    [
        {"adopted": 1},
        {"file": "old name.png", "hash": "0" * 16},
        {"note": "one", **NOTE, "fields": {"sign": {"value": "A sign", "html": "<b>A</b> sign"}}},
        {"note": "two", **NOTE, "fields": {"tree": {"value": "T", "html": "&nbsp;"}}},
    ],
]
BLUEPRINT = (
    "name: Exam\nquestions: 3\nminutes: 5\ndomains:\n- id: d\n  name: D\n  weight: 100\n"
    "  lessons:\n  - {id: '1.1', title: One}\n"
)
TEXTS: dict[str, list[str | None]] = {
    "cards/trees/a.yaml": CARDS,
    "cards/trees/b.yaml": [CARDS[7], *CARDS[4:]],
    "kinds/mine.yaml": [*KINDS],
    "kinds/sign.yaml": [*SIGNS],
    "decks/trees/deck.yaml": [
        "name: Trees\nnamespace: trees\n",
        "name: Trees\nnamespace: trees\norder: [cloze, mine]\ndecks:\n- {name: A, select: {kind: [mine, sign]}}\n",
    ],
    "decks/trees/blueprint.yaml": [BLUEPRINT, BLUEPRINT.replace("One", "1"), None],
    "decks/trees/adopted.jsonl": [
        *("".join(json.dumps(row) + "\n" for row in rows) for rows in ADOPTED),
        None,
    ],
}
MEDIA: dict[str, list[bytes | None]] = {
    "cards/trees/media/elm.png": [PNG, JPEG, None],
    "cards/trees/media/elm.mp3": [MP3, MP3 + MP3[:417]],
}
FILES: dict[str, Sequence[str | bytes | None]] = {**TEXTS, **MEDIA}
STEPS = st.lists(
    st.one_of(
        *(st.tuples(st.just(name), st.sampled_from(made)) for name, made in FILES.items()),
        st.just(("cards/trees/a.yaml", Path("cards/trees/b.yaml"))),
        st.just(("release", None)),
        st.just(("cards/trees/a.yaml", CARDS[3])),
    ),
    min_size=2,
    max_size=7,
)


def build(root: Path, cache: Path | None, now_s: int) -> tuple[bytes, ...]:
    """Return the package and the record of a build, which leaves no trace; nothing if it is refused."""
    project = open_project(root, cache_folder=cache)
    record = root / "build/trees.builds.jsonl"
    before = record.read_bytes() if record.exists() else None
    if project.errors or not project.describe_pack("trees").packed:
        return ()
    [built] = build_packs(project, ["trees"], times_s=(now_s, now_s), target=None, warn_of=refuse)
    made = built.path.read_bytes(), record.read_bytes() if record.exists() else b""
    change_file(root, "build/trees.builds.jsonl", before)
    return made


def refuse(path: Path, what: str) -> None:
    raise AssertionError(path, what)


def prepare(project: Project, now_s: int) -> Release | None:
    contents, ledger = project.describe_pack("trees"), project.ledgers["trees"]
    record = load_record(project, "trees", refuse)
    try:
        return prepare_release(contents, ledger, version=None, released_s=now_s, record=record)
    except NothingToReleaseError:
        return None


@given(STEPS)
@settings(max_examples=8)
def test_a_cache_changes_no_package_after_any_edits(
    steps: Sequence[tuple[str, str | bytes | None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, warm = Path(folder) / "project", Path(folder) / "warm"
        for name, made in FILES.items():
            change_file(root, name, made[0])
        for number, (name, content) in enumerate([("kinds/mine.yaml", KINDS[0]), *steps]):
            now_s = BUILT_S + number
            if name != "release":
                change_file(root, name, content)
            fresh = build(root, None, now_s)
            assert build(root, warm, now_s) == fresh
            assert build(root, warm, now_s) == fresh
            if fresh:
                plain, cached = open_project(root), open_project(root, cache_folder=warm)
                ledger = plain.ledgers["trees"]
                changes = [
                    compare_with_ledger(ledger, project.describe_pack("trees"))
                    for project in (plain, cached)
                ]
                release = prepare(plain, now_s)
                assert changes[0] == changes[1]
                assert prepare(cached, now_s) == release
                if name == "release" and release:
                    write_release(cached, cached.describe_pack("trees"), release)
        assert build(root, Path(folder) / "cold", BUILT_S) == build(root, warm, BUILT_S)


def test_a_damaged_cache_changes_no_package(write: Write, tmp_path: Path) -> None:
    root = write({"cards/trees/a.yaml": CARDS[0] or "", "decks/trees/blueprint.yaml": BLUEPRINT})
    fresh = build(root, tmp_path, BUILT_S)
    path = tmp_path / CACHE_NAME
    raw = bytearray(path.read_bytes())
    for start in range(100, len(raw), 997):
        path.write_bytes(raw[:start] + bytes(64) + raw[start + 64 :])
        assert build(root, tmp_path, BUILT_S) == fresh


def test_after_an_edit_no_other_file_is_rendered(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"cards/trees/a.yaml": CARDS[0] or "", "cards/trees/b.yaml": CARDS[4] or ""}
    root = write({**files, "decks/trees/blueprint.yaml": BLUEPRINT})
    build(root, tmp_path, BUILT_S)
    write({"cards/trees/b.yaml": files["cards/trees/b.yaml"].replace("elm", "yew")})
    project = open_project(root, cache_folder=tmp_path)
    opened: list[str] = []
    open_renderer = project.renderers.open

    def watch(name: str) -> AbstractContextManager[Renderer]:
        opened.append(name)
        return open_renderer(name)

    monkeypatch.setattr(project.renderers, "open", watch)
    assert len(project.describe_pack("trees").notes) == 2
    assert [name for name in opened if name.startswith("cards/")] == ["cards/trees/b.yaml"]


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_build_leaves_nothing_in_the_folder_for_temporary_files(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_lost: bool
) -> None:
    root = write({"cards/trees/a.yaml": CARDS[1] or ""})
    media = "cards/trees/media/elm.png"
    change_file(root, media, PNG)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    project = open_project(root)
    contents = project.describe_pack("trees")
    build = prepare_build(contents, project.ledgers["trees"], Record(), built_s=1, now_s=1)
    if is_lost:
        change_file(root, media, None)
        with pytest.raises(FileNotFoundError):
            write_package(contents, build.stamps, BytesIO())
    else:
        write_package(contents, build.stamps, BytesIO())

    assert {path.name for path in tmp_path.iterdir()} == {"project"}

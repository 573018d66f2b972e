"""`cards diff --since`: revisions of a repository, as text, Markdown and a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from cardwright.app.diff_markdown import MAX_LENGTH
from cardwright.cli import git as our_git
from git_running import commit, git
from media_files import JPEG, PNG
from project_files import Run

CASES = Path(__file__).parents[1] / "cases"
BEFORE = {
    "decks/trees/deck.yaml": """\
name: Trees
namespace: trees
decks:
  - {name: Soft, select: {tag: soft}}
  - {name: Hard}
select: {}
""",
    "kinds/leaf.yaml": """\
about: A leaf.
sources: optional
fields: {leaf: {type: inline, required: true}}
sides: {one: {ask: "{{leaf}}", show: [leaf]}}
css: ".leaf { color: green }"
""",
    "cards/trees/trees.yaml": """\
kind: basic
sources: [A book]
cards:
  - {id: same, question: Same?, answer: "Yes."}
  - id: oak
    question: "Which tree is this? ![A leaf](media/leaf.png)"
    answer: |
      An **old** oak with $x^2$.

      | part | m |
      |--|--|
      | crown | 20 |

      ```python
      print(tree.name)
      ```
  - {id: ash, question: Ash?, answer: A tree.}
  - {id: fir, question: Fir?, answer: A tree., tags: [hard]}
  - {id: fern, question: Fern?, answer: No tree.}
  - {id: moss, question: Moss?, answer: No tree.}
  - {id: gaps, kind: cloze, text: "An {{c1::oak}} has {{c2::acorns}}."}
  - {id: leaf, kind: leaf, leaf: A leaf}
  - id: pick
    kind: choice
    question: Which is a tree?
    options: [{right: Oak, reason: It has a trunk.}, {wrong: Fern, reason: It has none.}]
""",
}
CHANGES = (
    ("An **old** oak with $x^2$", "A **young** oak with $x^3$"),
    ("crown | 20", "crown | 25"),
    ("tree.name", "tree.title"),
    ("{id: ash, ", "{id: ash-tree, formerly: [ash], "),
    ("tags: [hard]", "tags: [soft]"),
    ("answer: No tree.}\n  - {id: moss", "answer: No tree., retired: Too easy.}\n  - {id: moss"),
    ("  - {id: moss, question: Moss?, answer: No tree.}\n", ""),
    ("{{c1::oak}}", "{{c1::beech}}"),
    ("It has a trunk.", "It has wood."),
    (
        "sources: [A book]\ncards:\n",
        "sources: [A book]\ncards:\n  - {id: elm, question: Elm?, answer: A tree.}\n",
    ),
)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(our_git, "MAX_S", 60.0)


@pytest.fixture
def garden(project: Path) -> Path:
    """A project whose first commit has the tag `v1`, and whose second changes all sorts of things."""
    for name, text in BEFORE.items():
        write(project / name, text)
    media = project / "cards" / "trees" / "media" / "leaf.png"
    write(media, PNG)
    git(project, "init", "-q", "-b", "main")
    commit(project)
    git(project, "tag", "-a", "-m", "one", "v1")
    cards = BEFORE["cards/trees/trees.yaml"]
    for old, new in CHANGES:
        assert old in cards
        cards = cards.replace(old, new)
    write(project / "cards" / "trees" / "trees.yaml", cards)
    write(project / "kinds" / "leaf.yaml", BEFORE["kinds/leaf.yaml"].replace("green", "brown"))
    write(media, JPEG)
    commit(project)
    return project


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def list_changes(run: Run, since: str, folder: Path) -> list[tuple[str, str]]:
    printed = run("diff", "--since", since, "--json", folder=folder).stdout
    return [(change["what"], change["id"]) for change in json.loads(printed)]


def test_the_summary(run: Run, garden: Path) -> None:
    made = run("diff", "--since", "v1", "--markdown", folder=garden).stdout
    assert made == (CASES / "diff.md").read_text("utf-8")


def test_the_page(run: Run, garden: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    printed = run("diff", "--since", "v1..HEAD", "--html", str(page), folder=garden)
    assert printed.stdout == ""
    assert "page.html: 8 changed cards" in printed.stderr
    html = page.read_text("utf-8")
    shown = html[html.index('<details class="list"') : html.index("</main>")]
    shown = re.sub(r"(data:image/\w+;base64,)[\w+/=]+", r"\1…", shown)
    assert shown == (CASES / "diff.html").read_text("utf-8")


def test_a_giant_card_does_not_make_a_giant_page(run: Run, garden: Path, tmp_path: Path) -> None:
    giant = {"id": "giant", "kind": "basic", "question": "Q?", "answer": "x" * 300_000}
    write(garden / "cards" / "trees" / "giant.yaml", json.dumps({"cards": [giant]}))
    page = tmp_path / "page.html"
    run("diff", "--since", "HEAD", "--html", str(page), folder=garden)
    assert re.search(r"<p>Too long to show: 300,\d+ characters</p>", page.read_text("utf-8"))
    assert page.stat().st_size < 200_000


EVERY = [
    *(("restyled", "leaf"), ("added", "elm"), ("changed", "oak"), ("renamed", "ash-tree")),
    *(("changed", "fir"), ("retired", "fern"), ("changed", "gaps"), ("changed", "pick")),
    ("vanished", "moss"),
]


def test_revisions_have_the_names_that_git_gives_them(run: Run, garden: Path) -> None:
    for since in ("v1", "HEAD~1", "HEAD^", "v1..", "v1..main", "v1...HEAD", "@~", "tags/v1"):
        assert list_changes(run, since, garden) == EVERY, since


def test_ids_packed_references_and_linked_working_trees_are_found(
    run: Run, garden: Path, tmp_path: Path
) -> None:
    id = git(garden, "rev-parse", "v1^{commit}").strip()
    git(garden, "branch", "old/one", id)
    git(garden, "pack-refs", "--all")
    git(garden, "worktree", "add", "-q", str(tmp_path / "other"), "old/one")
    for since in (id, id[:8], "v1", "old/one"):
        assert list_changes(run, since, garden) == EVERY
    assert list_changes(run, "main..HEAD", tmp_path / "other")[0] == ("restyled", "leaf")


def test_the_working_tree_is_compared_and_three_dots_begin_where_both_parted(
    run: Run, garden: Path
) -> None:
    git(garden, "checkout", "-q", "-b", "side", "v1")
    card = "kind: basic\nsources: [A book]\ncards: [{id: yew, question: Yew?, answer: A tree.}]\n"
    write(garden / "cards" / "trees" / "more.yaml", card)
    assert list_changes(run, "main...", garden) == [("added", "yew")]
    commit(garden)
    assert list_changes(run, "main...side", garden) == [("added", "yew")]
    assert ("added", "yew") in list_changes(run, "main..side", garden)
    assert list_changes(run, "HEAD", garden) == []


def test_what_is_no_revision_is_said(run: Run, garden: Path) -> None:
    for since in ("none", "v1~9", "HEAD^7", "../HEAD", "v1:cards", "a b", "v1..none", "\x1b[31m"):
        printed = run("diff", "--since", since, folder=garden, exit_code=1)
        assert "there is no revision" in printed.stderr, since


def test_a_shallow_clone_says_what_to_fetch(run: Run, garden: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", garden.as_uri(), "clone")
    printed = run("diff", "--since", "HEAD^1", folder=tmp_path / "clone", exit_code=1)
    assert "fetch-depth: 2" in printed.stderr
    git(tmp_path, "clone", "-q", "--depth", "2", garden.as_uri(), "two")
    assert list_changes(run, "HEAD^1", tmp_path / "two") == EVERY


def test_options_that_do_not_fit_are_refused(run: Run, garden: Path, tmp_path: Path) -> None:
    page = str(tmp_path / "page.html")
    for words in (
        ["--html", page],
        ["--since", "v1", "a.apkg", "b.apkg"],
        ["--markdown", "--json"],
        ["--since", "v1", "--html", str(garden / "cards" / "trees" / "page.html")],
    ):
        run("diff", *words, folder=garden, exit_code=2)
    assert (
        "there is no pack"
        in run("diff", "--since", "v1", "nope", folder=garden, exit_code=1).stderr
    )


def test_paths_of_a_hostile_commit_lead_nowhere(run: Run, garden: Path, tmp_path: Path) -> None:
    # Git itself refuses to make such trees, but reads them.
    blob = git(garden, "rev-parse", "v1:cards/trees/trees.yaml").strip()
    long = f"{'x' * 300}.yaml"
    names = ("..", ".git", "con.yaml", "a\\b.yaml", "c:d.yaml", "x\n.yaml", long, "fine.yaml")
    inner = make_tree(garden, [("100644", name, blob) for name in names[2:]])
    inner = make_tree(
        garden, [("40000", names[0], inner), ("40000", "trees", inner), ("120000", "link", blob)]
    )
    tree = make_tree(garden, [("40000", "cards", inner)])
    id = git(garden, "commit-tree", "-m", "evil", tree).strip()
    before = sorted(tmp_path.rglob("*"))
    printed = run("diff", "--since", f"{id}..HEAD", "--json", folder=garden)
    assert "left out" in printed.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert ("added", "elm") in [(one["what"], one["id"]) for one in json.loads(printed.stdout)]


def test_a_commit_that_unpacks_to_more_than_a_disk_holds_is_refused(run: Run, garden: Path) -> None:
    (garden / "blob").write_bytes(bytes(30 * 2**20))
    blob = git(garden, "hash-object", "-w", "blob").strip()
    inner = make_tree(garden, [("100644", f"{number:03}.png", blob) for number in range(150)])
    tree = make_tree(garden, [("40000", "cards", inner)])
    id = git(garden, "commit-tree", "-m", "evil", tree).strip()
    printed = run("diff", "--since", id, folder=garden, exit_code=1)
    assert "has more than 4 GiB of files" in printed.stderr


def test_a_commit_that_repeats_a_file_far_beyond_its_repository_is_refused(
    run: Run, garden: Path
) -> None:
    blob = git(garden, "rev-parse", "v1:cards/trees/trees.yaml").strip()
    tree = make_tree(garden, [("100644", f"{number:02}.yaml", blob) for number in range(100)])
    inner = make_tree(garden, [("40000", f"{number:02}", tree) for number in range(100)])
    root = make_tree(garden, [("40000", "cards", inner)])
    id = git(garden, "commit-tree", "-m", "evil", root).strip()
    printed = run("diff", "--since", id, folder=garden, exit_code=1)
    assert "over 200 times as much as its repository" in printed.stderr


def test_files_that_were_not_fetched_are_no_changes(
    run: Run, garden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(garden, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", garden.as_uri(), "partial")
    partial = tmp_path / "partial"
    assert list_changes(run, "HEAD", partial) == []
    printed = run("diff", "--since", "HEAD~1", folder=partial, exit_code=1).stderr
    assert "cannot be read" in printed
    assert "fetch its files" in printed

    monkeypatch.setenv("PATH", str(tmp_path))
    printed = run("diff", "--since", "HEAD", folder=partial, exit_code=1).stderr
    assert "git is not installed" in printed


def make_tree(folder: Path, entries: list[tuple[str, str, str]]) -> str:
    raw = b"".join(
        f"{mode} {name}\0".encode() + bytes.fromhex(id) for mode, name, id in sorted(entries)
    )
    (folder / "tree").write_bytes(raw)
    made = git(folder, "hash-object", "-t", "tree", "-w", "--literally", "tree").strip()
    (folder / "tree").unlink()
    return made


HOSTILE = [
    "@octocat #1 https://evil.example ![x](https://evil.example/x.png) <img src=x> <!-- ",
    "`````\n```\n~~~~\n# Heading\n<details><summary>x</summary>",
    "```` @octocat ```` `` ` ",
    "</script><script>alert(1)</script>\n::error::x ##[group]x",
    "\u202eabc \u200b\u2066 |a|b|\n[a]: https://evil.example\n[a] \\` \\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_summary_acts(run: Run, project: Path, text: str) -> None:
    def put(answer: str) -> None:
        fields = {
            "kind": "basic",
            "question": f"{text} {len(answer)}",
            "answer": answer,
            "tags": ["@octocat"],
        }
        cards = [{"id": "a", **fields}, {"id": f"@octocat/`{len(answer)}`", **fields}]
        write(
            project / "cards" / "trees" / "trees.yaml",
            json.dumps({"cards": cards}, ensure_ascii=False),
        )

    put("short")
    git(project, "init", "-q", "-b", "main")
    commit(project)
    put(text)
    made = run("diff", "--since", "HEAD", "--markdown").stdout
    parser = MarkdownIt("commonmark", {"linkify": True}).enable(["table", "strikethrough"])
    inline = [child for token in parser.parse(made) for child in (token, *(token.children or ()))]
    kinds = {token.type for token in inline}
    assert kinds <= {
        *(
            "inline",
            "text",
            "softbreak",
            "code_inline",
            "fence",
            "paragraph_open",
            "paragraph_close",
        ),
        *("strong_open", "strong_close"),
    }, kinds
    bare = "".join(token.content for token in inline if token.type == "text")
    assert re.fullmatch(r"[\w :,()→…]*", bare), bare
    assert "octocat" not in bare
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", made)


def test_a_summary_fits_into_a_comment_and_names_what_it_leaves_out(
    run: Run, project: Path
) -> None:
    def put(answer: str, number: int) -> None:
        cards = [
            {
                "id": f"card-{n}-{'so-' * 20}long",
                "kind": "basic",
                "question": f"Q{n} `?",
                "answer": f"{answer} {n}",
            }
            for n in range(number)
        ]
        cards.append({"id": "giant", "kind": "basic", "question": "Q", "answer": answer * 8_000})
        write(
            project / "cards" / "trees" / "trees.yaml",
            json.dumps({"cards": cards}, ensure_ascii=False),
        )

    put("old", 450)
    git(project, "init", "-q", "-b", "main")
    commit(project)
    put("new ``` 🌳", 450)
    made = run("diff", "--since", "HEAD", "--markdown").stdout
    assert 50_000 < len(made) <= MAX_LENGTH
    assert made.startswith("`trees`: 451 changed\n")
    assert "Not shown here: " in made
    assert "- changed `card-350-so-" in made
    assert re.search(r"- … and [\d,]+ more\n$", made)

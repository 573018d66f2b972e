"""Random histories of an author and the people who import the author's packages into the real Anki.

The author edits, builds and releases, is interrupted, loses `build/` and sets the clock back. Readers
import what they like, study, edit, delete and rename. After each step, promises are checked.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from anki_backend import RATINGS, Anki
from cardwright.cli.main import cards
from killing import kill_at

HOUR: Final = 3600
START_S: Final = 1_700_000_000
_WAITS_S: Final = (0, 0, HOUR, 30 * HOUR, 20 * 24 * HOUR)
_KIND: Final = """\
title: Tune
css: "b {{ color: #{colour:06x} }}"
fields:
  name: {{type: inline, required: true}}
  answer: {{type: inline, required: true}}
  back: {{type: flag}}
sides:
  key: {{ask: 'In which key is {{{{name}}}}?', show: [answer]}}
  name: {{when: back, ask: 'What is in {{{{answer}}}}?', show: [name]}}
"""


class BrokenPromiseError(AssertionError):
    """Something happened to a reader that must not happen."""


@dataclass
class Draft:
    """A card in the sources."""

    id: str
    kind: str
    text: int
    tags: list[str]
    picture: int = 0
    part: int = 0
    formerly: list[str] = field(default_factory=list)
    retired: bool = False

    @property
    def key(self) -> str:
        return f"trees:{[*self.formerly, self.id][0]}"

    def describe(self) -> str:
        picture = f" ![](media/{self.picture}.png)" if self.picture else ""
        answer = f"Text {self.text}{picture}"
        value: dict[str, Any] = {"id": self.id, "kind": self.kind, "tags": self.tags}
        if self.kind == "tune":
            value |= {"name": f"Tune {self.key}", "answer": answer, "back": self.part == 1}
        else:
            value |= {"question": f"What is {self.key}?", "answer": answer}
        if self.formerly:
            value["formerly"] = self.formerly
        if self.retired:
            value["retired"] = "Withdrawn"
        return json.dumps(value)


Content = tuple[str, str]
"""The fields and tags of a note."""


@dataclass(frozen=True)
class Package:
    """What the author has shipped."""

    number: int
    path: Path
    is_release: bool
    at_s: int
    """By the author's clock."""
    notes: dict[str, Content]
    """By guid."""
    published: frozenset[str]
    """The guids of the notes that were released before or by it."""
    css: str


@dataclass
class Held:
    """What a reader has of a note."""

    content: Content
    package: int
    """The number of the package that it came from."""
    edited_s: int | None = None
    newest: int = -1
    """The number of the newest package that had it."""


class Author:
    """A project, and what was shipped from it."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.root = folder / "project"
        self.shelf = folder / "shelf"
        self.shelf.mkdir()
        self.dice = dice
        self._count = 0
        self.drafts = [self._draft(kind) for kind in ("basic", "basic", "tune")]
        self.colour = 1
        self.now_s = START_S
        self.behind_s = 0
        self.packages: list[Package] = []
        self.lost: set[int] = set()
        """Numbers of the builds whose record was lost before the next release."""
        (self.root / "cards/trees/media").mkdir(parents=True)
        for number in range(1, 4):
            (self.root / f"cards/trees/media/{number}.png").write_bytes(
                b"\x89PNG\r\n\x1a\n" + bytes([number])
            )

    def _draft(self, kind: str) -> Draft:
        self._count += 1
        return Draft(f"c{self._count}", kind, 1, ["none"], part=self.dice.randrange(2))

    @property
    def clock_s(self) -> int:
        return max(1, self.now_s - self.behind_s)

    @property
    def released(self) -> dict[str, Any]:
        """The header of the ledger, with the guids of the notes under "keys"."""
        path = self.root / "decks/trees/ledger.jsonl"
        if not path.exists():
            return {"version": "", "keys": set()}
        header, *rows = map(json.loads, path.read_text("utf-8").splitlines())
        return {**header, "keys": {row["guid_ref"] for row in rows if "note" in row}}

    def write(self) -> None:
        parts = [[draft for draft in self.drafts if draft.part == part] for part in range(2)]
        names = ("First", "Second")
        decks = [
            {"name": name, "select": {"id": [draft.id for draft in part if not draft.retired]}}
            for name, part in zip(names, parts, strict=True)
            if any(not draft.retired for draft in part)
        ]
        files = {
            "kinds/tune.yaml": _KIND.format(colour=self.colour),
            "decks/trees/deck.yaml": json.dumps(
                {"name": "Trees", "namespace": "trees", "decks": decks}
            ),
            "cards/trees/all.yaml": '{"sources": ["A book"], "cards": [\n'
            + ",\n".join(draft.describe() for draft in self.drafts)
            + "]}\n",
        }
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def run(self, *words: str, root: Path | None = None, exit_code: int = 0) -> str:
        environment = {"SOURCE_DATE_EPOCH": str(self.clock_s)}
        done = CliRunner().invoke(cards, ["-C", str(root or self.root), *words], env=environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code != exit_code:
            raise BrokenPromiseError(f"cards {' '.join(words)}: {done.output}")
        return done.output

    # What an author does to the sources.

    def add(self) -> None:
        self.drafts.append(self._draft(self.dice.choice(["basic", "basic", "tune"])))

    def edit(self) -> None:
        # Few different texts, so that they come back.
        self.dice.choice(self.drafts).text = self.dice.randrange(1, 4)

    def tag(self) -> None:
        self.dice.choice(self.drafts).tags = [self.dice.choice(["none", "hard", "easy"])]

    def illustrate(self) -> None:
        self.dice.choice(self.drafts).picture = self.dice.randrange(4)

    def move(self) -> None:
        draft = self.dice.choice(self.drafts)
        draft.part = 1 - draft.part

    def rename(self) -> None:
        draft = self.dice.choice(self.drafts)
        self._count += 1
        draft.formerly.append(draft.id)
        draft.id = f"c{self._count}"

    def retire(self) -> None:
        asked = [draft for draft in self.drafts if not draft.retired]
        if len(asked) > 1:
            self.dice.choice(asked).retired = True

    def revive(self) -> None:
        for draft in self.drafts:
            draft.retired = draft.retired and self.dice.random() < 0.5

    def withdraw(self) -> None:
        """Delete a card that was never released."""
        keys = self.released["keys"]
        for draft in self.drafts:
            if draft.key not in keys and len(self.drafts) > 3:
                self.drafts.remove(draft)
                break

    def restyle(self) -> None:
        self.colour = self.dice.randrange(1, 4)

    def set_clock_back(self) -> None:
        self.behind_s = self.dice.choice([0, 0, HOUR, 100 * 24 * HOUR])

    # What an author does with the project.

    def build(self) -> None:
        self.run("build")
        self._ship(is_release=False)

    def lose_builds(self) -> None:
        if self.dice.random() < 0.3:
            shutil.rmtree(self.root / "build", ignore_errors=True)
            for package in reversed(self.packages):
                if package.is_release:
                    break
                self.lost.add(package.number)

    def release(self) -> None:
        before = self.released
        done = CliRunner().invoke(
            cards,
            ["-C", str(self.root), "release", "trees"],
            env={"SOURCE_DATE_EPOCH": str(self.clock_s)},
        )
        if done.exit_code == 1 and "nothing has changed since" in done.output:
            return
        if done.exit_code:
            raise done.exception or BrokenPromiseError(done.output)
        if self.released["version"] == before["version"] and "unfinished" not in before:
            raise BrokenPromiseError("a release did not change the version")
        self._ship(is_release=True)
        self._check_release()

    def release_and_be_killed(self) -> None:
        before = self.released["version"]
        with kill_at(self.dice.randrange(4), is_done=self.dice.random() < 0.5):
            CliRunner().invoke(
                cards,
                ["-C", str(self.root), "release", "trees"],
                env={"SOURCE_DATE_EPOCH": str(self.clock_s)},
            )
        self._check_changelog()
        if self.released["version"] != before:
            # It counts, although nobody gets its package before it is finished.
            if self.released.get("unfinished"):
                self.run("build")
                self.run("release", "trees")
            self._ship(is_release=True)
            self._check_release()

    def _check_changelog(self) -> None:
        path = self.root / "decks/trees/CHANGELOG.md"
        text = path.read_text("utf-8") if path.exists() else ""
        versions = [line.split()[1] for line in text.splitlines() if line.startswith("## ")]
        numbers = [tuple(map(int, version.split("."))) for version in versions]
        if numbers != sorted(set(numbers), reverse=True):
            raise BrokenPromiseError(f"the changelog lists {versions}")
        last = self.released["version"]
        if versions and numbers[0] > tuple(map(int, (last or "0.0.0").split("."))):
            raise BrokenPromiseError(f"the changelog has {versions[0]}, the ledger {last}")

    def _check_release(self) -> None:
        """The package is what anybody builds from the sources and the ledger, at any time."""
        self._check_changelog()
        path = self.packages[-1].path
        if "unfinished" in self.released:
            raise BrokenPromiseError("a release was not finished")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            shutil.copytree(self.root, copy, ignore=shutil.ignore_patterns("build"))
            self.now_s += 7
            self.run("build", root=copy)
            if (copy / "build/trees.apkg").read_bytes() != path.read_bytes():
                raise BrokenPromiseError("a clean checkout of a release gives other bytes")
        if "since" in self.run("build"):
            raise BrokenPromiseError("a release is not what a build makes of its sources")
        if (self.root / "build/trees.apkg").read_bytes() != path.read_bytes():
            raise BrokenPromiseError("the build after a release differs from it")

    def _ship(self, *, is_release: bool) -> None:
        number = len(self.packages)
        path = Path(shutil.copy(self.root / "build/trees.apkg", self.shelf / f"{number:03}.apkg"))
        notes, ids, css = read_package(path)
        expected = {draft.key for draft in self.drafts if not draft.retired}
        if set(ids.values()) != expected:
            raise BrokenPromiseError(f"the package has {ids.values()}, not {expected}")
        keys = self.released["keys"]
        self.packages.append(
            Package(
                number=number,
                path=path,
                is_release=is_release,
                at_s=self.clock_s,
                notes=notes,
                published=frozenset(guid for guid, key in ids.items() if key in keys),
                css=css,
            )
        )


def read_package(path: Path) -> tuple[dict[str, Content], dict[str, str], str]:
    """Return the notes of a package by guid, their ids, and the stylesheet of the own kind."""
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(archive.extract("collection.anki2", folder))
        rows = database.execute("select guid, flds, tags, mid from notes").fetchall()
        models = json.loads(database.execute("select models from col").fetchone()[0])
        database.close()
    if len(rows) != len({row[0] for row in rows}):
        raise BrokenPromiseError("two notes of a package have the same guid")
    names = {id: [part["name"] for part in model["flds"]] for id, model in models.items()}
    ids = {guid: fields.split("\x1f")[names[str(mid)].index("Id")] for guid, fields, _, mid in rows}
    css = [str(model["css"]) for model in models.values() if "Tune" in model["name"]]
    notes = {guid: (fields, " ".join(tags.split())) for guid, fields, tags, _ in rows}
    return notes, ids, css[0] if css else ""


class Reader:
    """Somebody with a collection who imports packages."""

    def __init__(self, folder: Path, author: Author, dice: random.Random) -> None:
        self.anki = Anki(folder)
        self.author = author
        self.dice = dice
        self.held: dict[str, Held] = {}
        self.imported: set[int] = set()
        self.css = ""

    @property
    def is_unlucky(self) -> bool:
        """Whether they imported a build whose record was lost: nothing can take that back."""
        return bool(self.imported & self.author.lost)

    def list_notes(self) -> dict[str, Content]:
        assert self.anki.col.db
        rows = self.anki.col.db.all("select guid, flds, tags from notes")
        if len(rows) != len({row[0] for row in rows}):
            raise BrokenPromiseError("two notes have the same guid")
        return {guid: (fields, " ".join(tags.split())) for guid, fields, tags in rows}

    def list_cards(self) -> dict[tuple[int, int], Any]:
        assert self.anki.col.db
        columns = (
            "id, did, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data"
        )
        rows = self.anki.col.db.all(f"select nid, ord, {columns} from cards")
        return {(row[0], row[1]): row[2:] for row in rows}

    # What readers do.

    def import_newest(self) -> None:
        if self.author.packages:
            self._import(self.author.packages[-1])

    def import_release(self) -> None:
        if found := [package for package in self.author.packages if package.is_release]:
            self._import(found[-1])

    def import_any(self) -> None:
        if self.author.packages:
            self._import(self.dice.choice(self.author.packages))

    def study(self) -> None:
        ids = list(self.anki.col.find_cards(""))
        self.dice.shuffle(ids)
        for card_id in ids[:2]:
            self.anki.answer(card_id, self.dice.choice(RATINGS))

    def edit(self) -> None:
        """Edit a note, hours after whatever happened last."""
        assert self.anki.col.db
        self.author.now_s += 2 * HOUR
        if guids := sorted(self.list_notes()):
            guid = self.dice.choice(guids)
            note_id = self.anki.col.db.scalar("select id from notes where guid = ?", guid)
            note = self.anki.col.get_note(note_id)
            note["Answer"] = f"Mine, {self.author.now_s}"
            if self.dice.random() < 0.5:
                note.tags.append("mine")
            self.anki.col.update_note(note)
            self.anki.col.db.execute(
                "update notes set mod = ? where id = ?", self.author.now_s, note_id
            )
            self.held[guid].edited_s = self.author.now_s

    def delete(self) -> None:
        assert self.anki.col.db
        if self.dice.random() < 0.3 and (guids := sorted(self.held)):
            guid = self.dice.choice(guids)
            note_id = self.anki.col.db.scalar("select id from notes where guid = ?", guid)
            self.anki.col.remove_notes([note_id])
            del self.held[guid]

    def rename_deck(self) -> None:
        decks = [deck for deck in self.anki.col.decks.all_names_and_ids() if "Trees" in deck.name]
        if decks and self.dice.random() < 0.3:
            deck = self.anki.col.decks.get(decks[0].id)  # type: ignore[arg-type]
            self.anki.col.decks.rename(deck, f"{decks[0].name} of mine")  # type: ignore[arg-type]

    def _import(self, package: Package) -> None:
        notes, studied = self.list_notes(), self.list_cards()
        result = self.anki.import_package(package.path)
        after, cards_after = self.list_notes(), self.list_cards()
        if result.conflicting:
            raise BrokenPromiseError(f"conflicts: {result.conflicting}")
        for key, card in studied.items():
            if cards_after.get(key) != card:
                raise BrokenPromiseError(f"scheduling changed: {card}, {cards_after.get(key)}")
        for guid, content in notes.items():
            if guid not in package.notes:
                self._expect(after[guid], content, f"{guid} is not in the package")
        if set(after) != {*notes, *package.notes}:
            raise BrokenPromiseError("notes appeared or vanished")
        is_newest = package.number > max(self.imported, default=-1)
        self.imported.add(package.number)
        for guid in package.notes:
            self._check_note(guid, package, notes.get(guid), after[guid])
        is_styled = package.css and is_newest and not self.is_unlucky
        if is_styled and package.css != self._find_css():
            raise BrokenPromiseError("the stylesheet is not that of the newest package")
        self._check_collection()

    def _check_note(
        self, guid: str, package: Package, before: Content | None, after: Content
    ) -> None:
        """Check what became of a note in a package that was imported."""
        content = package.notes[guid]
        held = self.held.get(guid)
        made = Held(content, package.number, newest=package.number)
        if held is None or before is None:
            self._expect(after, content, f"{guid} is new")
            self.held[guid] = made
        elif self.is_unlucky:
            if held.edited_s is None or after != before:
                self.held[guid] = replace(made, content=after)
        elif package.number <= held.newest:
            self._expect(after, before, f"{guid} comes from an older package")
        elif held.edited_s is None:
            self._expect(after, content, f"{guid} was not edited")
            self.held[guid] = made
        else:
            self._check_edit(guid, held, package, before, after)
        self.held[guid].newest = max(package.number, held.newest if held else -1)

    def _check_edit(
        self, guid: str, held: Held, package: Package, before: Content, after: Content
    ) -> None:
        """Check what became of a note that its reader had edited."""
        assert held.edited_s is not None
        content = package.notes[guid]
        between = self.author.packages[held.package + 1 : package.number]
        releases = [other for other in between if other.is_release]
        if not any(guid in other.notes for other in self._list_releases_before(package)):
            # Each build of what was never released counts.
            releases = between
        was_changed = any(other.notes.get(guid, content) != content for other in releases)
        if package.is_release:
            must_stand = held.content == content and not was_changed
        else:
            must_stand = guid in package.published and not any(
                other.at_s >= held.edited_s for other in releases
            )
            must_stand &= held.content == content or not releases
        if must_stand:
            self._expect(after, before, f"{guid} was edited, and not changed by the author")
        elif package.is_release and held.edited_s < self._find_first_s(guid, package):
            self._expect(after, content, f"{guid} was changed by a release")
        if after == content:
            self.held[guid] = Held(content, package.number)

    def _list_releases_before(self, package: Package) -> list[Package]:
        return [other for other in self.author.packages[: package.number] if other.is_release]

    def _find_first_s(self, guid: str, package: Package) -> int:
        """Return when the content that a release has of a note was first built for a release."""
        content = package.notes[guid]
        first_s = package.at_s
        for other in reversed(self.author.packages[: package.number]):
            if other.is_release and other.notes.get(guid, content) != content:
                break
            if other.notes.get(guid) == content:
                first_s = min(first_s, other.at_s)
        return first_s

    def _find_css(self) -> str:
        (css,) = [model["css"] for model in self.anki.col.models.all() if "Tune" in model["name"]]
        return str(css)

    def _expect(self, found: Content, wanted: Content, why: str) -> None:
        if found != wanted:
            raise BrokenPromiseError(f"{why}: {found} instead of {wanted}")

    def _check_collection(self) -> None:
        assert self.anki.col.db
        bare = self.anki.col.db.list(
            "select guid from notes where id not in (select nid from cards)"
        )
        if bare:
            raise BrokenPromiseError(f"notes without cards: {bare}")
        names = [model.name for model in self.anki.col.models.all_names_and_ids()]
        if doubles := [name for name in names if name.endswith("+")]:
            raise BrokenPromiseError(f"note types forked: {doubles}")

    def close(self) -> None:
        before = (self.list_notes(), self.list_cards().keys())
        message, _ = self.anki.col.fix_integrity()
        # Rarely, Anki has yet to note when a card was last answered, which no package touches.
        usual = ("Added last review time", "Database rebuilt")
        problems = [line for line in message.splitlines() if not line.startswith(usual)]
        if problems or before != (self.list_notes(), self.list_cards().keys()):
            raise BrokenPromiseError(f"the database was not sound: {message}")
        self.anki.col.close()


_AUTHOR: Final = Counter(edit=8, add=3, tag=2, illustrate=2, move=2, retire=2, restyle=2) + Counter(
    rename=1, revive=1, withdraw=1, set_clock_back=1
)
_AT_WORK: Final = Counter(build=6, release=4, release_and_be_killed=1, lose_builds=1)
_READER: Final = Counter(
    import_newest=6, import_release=4, import_any=2, study=2, edit=4, delete=1, rename_deck=1
)


def live(seed: int, folder: Path, *, rounds: int = 12, readers: int = 3) -> Counter[str]:
    """Let one history happen; return how often each thing was done.

    Raises:
        BrokenPromiseError: a promise was broken; `notes` holds what was done until then.

    """
    dice = random.Random(seed)
    author = Author(folder, dice)
    people = [Reader(folder / f"reader-{number}", author, dice) for number in range(readers)]
    done: Counter[str] = Counter()
    steps: list[str] = []

    def act(who: Author | Reader, name: str, label: str) -> None:
        steps.append(f"{label} {name} at {author.now_s}")
        done[name] += 1
        getattr(who, name)()

    try:
        for _ in range(rounds):
            for name in choose(dice, _AUTHOR, dice.randrange(4)):
                act(author, name, "author")
            author.write()
            for name in choose(dice, _AT_WORK, 1 + dice.randrange(2)):
                act(author, name, "author")
            for number, reader in enumerate(people):
                # The first reads releases only.
                for name in choose(dice, _READER, dice.randrange(3)):
                    is_import = name.startswith("import")
                    act(reader, "import_release" if is_import and not number else name, f"{number}")
            author.now_s += dice.choice(_WAITS_S)
        for reader in people:
            reader.close()
    except Exception as error:
        error.add_note(f"seed {seed}:\n" + "\n".join(steps))
        raise
    return done


def choose(dice: random.Random, weights: Counter[str], number: int) -> list[str]:
    return dice.choices(list(weights), list(weights.values()), k=number)

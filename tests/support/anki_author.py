"""The author of a small deck, who releases it again and again with genuine commands."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from cardwright.cli.main import cards
from readers import read_package

_KINDS: Final = ("basic", "term", "term", "cloze")
_DECK: Final = {
    "name": "Trees",
    "namespace": "trees",
    "decks": [
        {"name": "Terms", "select": {"kind": "term"}},
        {"name": "Others", "select": {"kind": ["basic", "cloze"]}},
    ],
}


@dataclass
class Sheet:
    """A card in the sources."""

    id: str
    kind: str
    text: int = 0
    gaps: int = 2
    formerly: list[str] = field(default_factory=list)
    is_retired: bool = False

    @property
    def key(self) -> str:
        return f"trees:{[*self.formerly, self.id][0]}"

    def describe(self) -> str:
        value: dict[str, Any] = {"id": self.id, "kind": self.kind}
        text = f"Text {self.text} of {self.id}"
        if self.kind == "basic":
            value |= {"question": f"What is {self.id}?", "answer": text}
        elif self.kind == "term":
            value |= {"term": f"Term {self.id}", "definition": text, "reverse": True}
        else:
            gaps = " and ".join(f"{{{{c{n}::gap {n}}}}}" for n in range(1, self.gaps + 1))
            value |= {"text": f"{text}: {gaps}"}
        if self.formerly:
            value["formerly"] = self.formerly
        if self.is_retired:
            value["retired"] = "Withdrawn"
        return json.dumps(value)


class Author:
    """A project, and what was released of it."""

    def __init__(self, folder: Path, dice: random.Random, number: int) -> None:
        self.root = folder / "project"
        self.shelf = folder / "shelf"
        self.shelf.mkdir()
        self.dice = dice
        self._count = 0
        self.sheets: list[Sheet] = []
        for _ in range(number):
            self.add()
        self.keys: dict[str, str] = {}
        """The keys of all cards ever released, by the guid of their note."""
        self.packages: list[Path] = []
        self.release()

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each card by its key."""
        return {sheet.key: sheet.kind for sheet in self.sheets}

    def add(self) -> None:
        self._count += 1
        kind = _KINDS[self._count % len(_KINDS)]
        self.sheets.append(Sheet(f"c{self._count}", kind))

    def edit(self) -> None:
        # A change of a retired card is none to readers, and nothing to release.
        self.dice.choice(self._list_asked()).text += 1

    def rename(self) -> None:
        sheet = self.dice.choice(self.sheets)
        self._count += 1
        sheet.formerly.append(sheet.id)
        sheet.id = f"c{self._count}"

    def retire(self) -> None:
        asked = self._list_asked()
        if len(asked) > 3:
            self.dice.choice(asked).is_retired = True

    def _list_asked(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if not sheet.is_retired]

    def revive(self) -> None:
        for sheet in self.sheets:
            sheet.is_retired = False

    def add_gap(self) -> None:
        if clozes := [sheet for sheet in self.sheets if sheet.kind == "cloze"]:
            self.dice.choice(clozes).gaps += 1

    def change_and_release(self) -> Path:
        """Change something, and release it."""
        for act in self.dice.sample(
            (self.add, self.edit, self.rename, self.retire, self.revive, self.add_gap), 2
        ):
            act()
        self.edit()
        return self.release()

    def release(self) -> Path:
        files = {
            "decks/trees/deck.yaml": json.dumps(_DECK),
            "cards/trees/all.yaml": '{"sources": ["A book"], "cards": [\n'
            + ",\n".join(sheet.describe() for sheet in self.sheets)
            + "]}\n",
        }
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        done = CliRunner().invoke(cards, ["-C", str(self.root), "release", "trees"])
        assert done.exit_code == 0, done.output
        name = f"{len(self.packages):03}.apkg"
        path = Path(shutil.copy(self.root / "build/trees.apkg", self.shelf / name))
        self.packages.append(path)
        self.keys |= read_package(path)[1]
        return path

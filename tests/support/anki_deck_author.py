"""Somebody who makes a deck in Anki, and shares it as a package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anki.collection import DeckIdLimit, ExportAnkiPackageOptions

from anki_backend import Anki
from media_files import MP3, PNG

if TYPE_CHECKING:
    from anki.decks import DeckId
    from anki.notes import Note

MakeReader = Callable[[str], Anki]


class DeckAuthor(Anki):
    """A collection in which a deck is made."""

    def add_type(
        self,
        name: str,
        fields: Sequence[str],
        templates: Sequence[tuple[str, str]],
        *,
        css: str = ".card { font: 20px arial }",
        is_cloze: bool = False,
    ) -> None:
        """Add a note type; a template is its front and its back."""
        made = self.col.models.new(name) | {"css": css, "type": int(is_cloze)}
        for field in fields:
            self.col.models.add_field(made, self.col.models.new_field(field))
        for number, (front, back) in enumerate(templates, 1):
            template = self.col.models.new_template(f"Card {number}")
            self.col.models.add_template(made, template | {"qfmt": front, "afmt": back})
        self.col.models.add(made)

    def add_note(
        self, type: str, deck: str, fields: Sequence[str], tags: Sequence[str] = ()
    ) -> Note:
        """Add a note to a deck, which is made if there is none."""
        model = self.col.models.by_name(type)
        assert model
        note = self.col.new_note(model)
        note.fields, note.tags = list(fields), list(tags)
        deck_id = self.col.decks.id(deck)
        assert deck_id
        self.col.add_note(note, deck_id)
        return note

    def add_media(self, name: str, data: bytes) -> None:
        """Add a media file."""
        (Path(self.col.media.dir()) / name).write_bytes(data)

    def export(
        self, path: Path, *, deck: str = "", with_scheduling: bool = False, is_legacy: bool = False
    ) -> Path:
        """Export everything, or a deck, as a package."""
        deck_id: DeckId | None = self.col.decks.id(deck) if deck else None
        options = ExportAnkiPackageOptions(
            with_scheduling=with_scheduling,
            with_deck_configs=True,
            with_media=True,
            legacy=is_legacy,
        )
        limit = DeckIdLimit(deck_id) if deck_id else None
        self.col.export_anki_package(out_path=str(path), options=options, limit=limit)
        return path


def describe_notes(anki: Anki) -> dict[str, dict[str, Any]]:
    """Return what a collection has of every note, by guid."""
    found = {}
    for note_id in anki.col.find_notes(""):
        note = anki.col.get_note(note_id)
        model = note.note_type()
        assert model
        found[note.guid] = {
            "type": (model["name"], model["css"]),
            "templates": [(t["name"], t["qfmt"], t["afmt"]) for t in model["tmpls"]],
            "fields": dict(zip([f["name"] for f in model["flds"]], note.fields, strict=True)),
            "tags": sorted(note.tags),
            "cards": {card.ord: anki.col.decks.name(card.did) for card in note.cards()},
        }
    return found


def list_schedules(anki: Anki) -> list[Any]:
    """Return what Anki knows of every card."""
    columns = "id, nid, did, ord, type, queue, due, ivl, factor, reps, lapses, left, data"
    return anki.col.db.all(f"select {columns} from cards order by id") if anki.col.db else []


def fill(author: DeckAuthor) -> None:
    """Make a deck with several note types, sub-decks, media and odd texts."""
    author.add_type(
        "Land (basic)",
        ["Country", "Capital", "Note", "Map"],
        [
            (
                "{{Country}}<br>{{Map}}",
                "{{FrontSide}}<hr id=answer>{{Capital}} {{#Note}}({{Note}}){{/Note}}",
            ),
            ("{{#Capital}}{{Capital}}{{/Capital}}", "{{FrontSide}}<hr>{{Country}}"),
        ],
        css=".card { font: 20px arial; background: url('_sea.png') }",
    )
    author.add_type(
        "Lücken",
        ["Text", "Extra"],
        [("{{cloze:Text}}", "{{cloze:Text}}<br>{{Extra}}")],
        is_cloze=True,
    )
    author.add_media("map of chad.png", PNG)
    author.add_media("anthem.mp3", MP3)
    author.add_media("_sea.png", PNG + b"sea")
    author.add_note(
        "Land (basic)",
        "Länder::Europa",
        ["France", "Paris", "on the <i>Seine</i>", ""],
        ["geo", "eu::west"],
    )
    author.add_note(
        "Land (basic)", "Länder::Africa", ["Chad", "N'Djamena", "", '<img src="map of chad.png">']
    )
    author.add_note("Land (basic)", "Länder", ["Nauru", "&nbsp;", "no capital at all", ""], ["geo"])
    author.add_note("Land (basic)", "Länder::Europa", ["日本", "東京", "[sound:anthem.mp3]", ""])
    author.add_note(
        "Lücken", "Länder::Europa", ["{{c1::Rome}} is in {{c2::Italy}}", "*not* Markdown"]
    )
    author.add_note("Lücken", "Länder::Europa", ["<div>a <b>{{c1::b}}</b></div><div>c</div>", ""])


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def change(author: DeckAuthor, search: str, **fields: str) -> None:
    (note_id,) = author.col.find_notes(search)
    note = author.col.get_note(note_id)
    for name, text in fields.items():
        note[name] = text
    author.col.update_note(note)


class Home:
    """A project of adopted cards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, old: str, new: str) -> None:
        """Change a text in the only file that has it."""
        (path,) = (p for p in self.folder.glob("cards/**/*.yaml") if old in p.read_text("utf-8"))
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    def read(self) -> str:
        return "\n".join(p.read_text("utf-8") for p in sorted(self.folder.glob("cards/**/*.yaml")))

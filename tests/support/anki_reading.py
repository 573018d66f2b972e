"""What Anki makes of a package or collection, and what our reader makes of it, in the same words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anki.collection import Collection as Anki
from anki.collection import (
    DeckIdLimit,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
)
from anki.decks import DeckId
from anki.models import NotetypeId
from anki.scheduler.v3 import CardAnswer, Scheduler

from cardwright.anki.collection import open_collection

Told = dict[str, Any]
CARD = "id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data"


@contextmanager
def opened(folder: Path) -> Iterator[Anki]:
    """Open the collection of a folder in Anki."""
    collection = Anki(str(folder / "collection.anki2"))
    try:
        yield collection
    finally:
        collection.close()


def ask_anki(path: Path, folder: Path) -> Told:
    """Let Anki import a package into an empty collection, or open a copy of a collection."""
    folder.mkdir()
    if path.suffix == ".colpkg":
        with opened(folder) as collection:
            backend = collection._backend
        (folder / "media").mkdir()
        backend.import_collection_package(
            col_path=str(folder / "collection.anki2"),
            backup_path=str(path),
            media_folder=str(folder / "media"),
            media_db=str(folder / "media.db"),
        )
    elif path.suffix != ".apkg":
        for end in ("", "-wal"):
            if Path(f"{path}{end}").exists():
                shutil.copy(f"{path}{end}", folder / f"collection.anki2{end}")
    with opened(folder) as collection:
        if path.suffix == ".apkg":
            for note_type in collection.models.all():
                note_type["name"] = f"stock {note_type['name']}"
                collection.models.update_dict(note_type)
            options = ImportAnkiPackageOptions(with_scheduling=True, with_deck_configs=True)
            collection.import_anki_package(
                ImportAnkiPackageRequest(package_path=str(path), options=options)
            )
        return tell(collection)


def tell(collection: Anki) -> Told:
    """Return what Anki says of a collection."""
    assert collection.db is not None
    rows = collection.db.all
    created_day = (collection.crt - collection.get_config("creationOffset", 0) * 60) // 86_400
    types = {note_type["id"]: note_type for note_type in collection.models.all()}
    decks = {deck["id"]: deck for deck in collection.decks.all()}
    notes = [collection.get_note(id) for id in collection.find_notes("")]
    guids = {note.id: note.guid for note in notes}
    cards = {row[0]: (guids[row[1]], row[3]) for row in rows(f"SELECT {CARD} FROM cards")}
    return {
        "types": {
            one["name"]: (
                one["type"] == 1,
                one["css"],
                [field["name"] for field in one["flds"]],
                [
                    (template["name"], template["qfmt"], template["afmt"])
                    for template in one["tmpls"]
                ],
            )
            for one in types.values()
            if not one["name"].startswith("stock ")
        },
        "notes": {
            note.guid: (types[note.mid]["name"], note.fields, note.tags, note.mod) for note in notes
        },
        "decks": {
            deck["name"]: (
                bool(deck["dyn"]),
                deck.get("desiredRetention"),
                None
                if deck["dyn"]
                else collection.decks.config_dict_for_deck_id(deck["id"])["name"],
            )
            for deck in decks.values()
        },
        "cards": {
            cards[row[0]]: _tell_card(
                row, {id: deck["name"] for id, deck in decks.items()}, created_day
            )
            for row in rows(f"SELECT {CARD} FROM cards")
        },
        "log": [
            (row[0], cards[row[1]], *row[2:])
            for row in rows(
                "SELECT id, cid, ease, ivl, lastIvl, factor, time, type FROM revlog ORDER BY id"
            )
            if row[1] in cards
        ],
        "presets": {one["name"]: _tell_preset(one) for one in collection.decks.all_config()},
        "fsrs": bool(collection.get_config("fsrs")),
        "rollover": collection.get_config("rollover", 4),
    }


def ask_us(path: Path) -> Told:
    """Return what our reader says of a package or collection."""
    with open_collection(path) as found:
        created_day = found.timing.created_day
        types, decks = found.note_types, found.decks
        notes = list(found.read_notes())
        guids = {note.id: note.guid for note in notes}
        rows = list(found.read_cards())
        cards = {row.id: (guids[row.note_id], row.ordinal) for row in rows}
        return {
            "types": {
                one.name: (
                    one.is_cloze,
                    one.css,
                    [field.name for field in one.fields],
                    [(template.name, template.front, template.back) for template in one.templates],
                )
                for one in types.values()
            },
            "notes": {
                note.guid: (
                    types[note.type_id].name,
                    list(note.fields),
                    list(note.tags),
                    note.mod_s,
                )
                for note in notes
            },
            "decks": {
                deck.name: (
                    deck.is_filtered,
                    None
                    if deck.desired_retention is None
                    else int(deck.desired_retention * 100 + 0.5),
                    None if deck.is_filtered else found.find_preset(deck.id)[0].name,
                )
                for deck in decks.values()
            },
            "cards": {
                cards[row.id]: _tell_card(
                    row, {id: deck.name for id, deck in decks.items()}, created_day
                )
                for row in rows
            },
            "log": [
                (row.id, cards[row.card_id], *row[2:])
                for row in found.read_log()
                if row.card_id in cards
            ],
            "presets": {
                preset.name: (
                    preset.desired_retention,
                    list(preset.parameters),
                    list(preset.learning_steps_minutes),
                    list(preset.relearning_steps_minutes),
                    preset.maximum_interval_days,
                    preset.leech_lapses,
                    preset.suspends_leeches,
                    preset.ignores_before_ms,
                )
                for preset in found.presets.values()
            },
            "fsrs": found.is_fsrs,
            "rollover": found.timing.rollover_hour,
        }


def _tell_card(row: Any, decks: dict[int, str], created_day: int) -> tuple[Any, ...]:
    _, _, did, _, _, kind, queue, due, *middle, odue, odid, flags, data = row
    if kind == 0:
        due = 0  # the position of a new card depends on what else is imported
    elif queue in (2, 3) or kind == 2:
        due += created_day
    if kind == 2 and odue:
        odue += created_day
    return (
        *(decks.get(did), kind, queue, due, *middle, odue, decks.get(odid)),
        *(flags, json.loads(data) if data else {}),
    )


def _tell_preset(found: Any) -> tuple[Any, ...]:
    before = found["ignoreRevlogsBeforeDate"]
    day = datetime.strptime(before, "%Y-%m-%d").replace(tzinfo=UTC) if before else None
    return (
        found["desiredRetention"],
        found["fsrsParams6"] or found["fsrsParams5"] or found["fsrsWeights"],
        found["new"]["delays"],
        found["lapse"]["delays"],
        found["rev"]["maxIvl"],
        found["lapse"]["leechFails"],
        found["lapse"]["leechAction"] == 0,
        int(day.timestamp()) * 1_000 if day else 0,
    )


def make_odd_collection(folder: Path) -> None:
    """Make a collection with much that is rare, in a new folder."""
    folder.mkdir()
    with opened(folder) as collection:
        collection.set_config("fsrs", val=True)
        collection.set_config("rollover", 2)
        presets = _add_presets(collection)
        basic = _add_note_type(collection)
        cloze = collection.models.by_name("Cloze")
        assert cloze is not None
        (folder / "leaf.png").write_bytes(b"\x89PNG leaf")
        collection.media.add_file(str(folder / "leaf.png"))
        deck_ids = []
        for number in range(12):
            name = f"Wäld::{'Ast::' * (number % 3)}Zweig {number}"
            deck_id = collection.decks.id(name)
            assert deck_id is not None
            deck_ids.append(deck_id)
            deck = collection.decks.get(deck_id)
            assert deck is not None
            deck["conf"] = presets[number % len(presets)]
            if number == 3:
                deck["desiredRetention"] = 83
            collection.decks.save(deck)
        for number in range(24):
            _add_note(collection, cloze["id"] if number % 4 == 0 else basic, number, deck_ids)
        _study(collection)


def _add_presets(collection: Anki) -> list[int]:
    ids = []
    for number in range(5):
        preset = collection.decks.add_config(f"Präset {number}")
        preset["desiredRetention"] = 0.8 + number / 50
        preset["fsrsParams6"] = [0.1 + n / 7 for n in range(21)] if number == 1 else []
        preset["fsrsParams5"] = [0.2 + n / 7 for n in range(19)] if number in (1, 2) else []
        preset["fsrsWeights"] = [0.3 + n / 7 for n in range(17)] if number in (1, 2, 3) else []
        preset["new"]["delays"] = [[], [1.0], [0.5, 10.0, 1440.0], [25.0], [1.0, 10.0]][number]
        preset["lapse"]["delays"] = [[], [10.0], [1.5, 90.0], [10.0], [10.0]][number]
        preset["rev"]["maxIvl"] = 36_500 - number * 9_000
        preset["lapse"]["leechFails"] = 8 + number
        preset["lapse"]["leechAction"] = number % 2
        preset["ignoreRevlogsBeforeDate"] = "2020-02-29" if number == 4 else ""
        collection.decks.update_config(preset)
        ids.append(preset["id"])
    return [1, *ids]


def _add_note_type(collection: Anki) -> NotetypeId:
    models = collection.models
    made = models.new("Bäume 🌳")
    for name in ("Id", "Vorder seite", "漢字", "Extra"):
        models.add_field(made, models.new_field(name))
    for number in range(2):
        template = models.new_template(f"Karte {number}")
        template["qfmt"] = "{{Vorder seite}}" if number == 0 else "{{#漢字}}{{漢字}}{{/漢字}}"
        template["afmt"] = "{{FrontSide}}<hr>{{Id}} {{Extra}}"
        models.add_template(made, template)
    made["css"] = ".card { color: green }\n/* ümlaut */"
    models.add_dict(made)
    found = models.by_name("Bäume 🌳")
    assert found is not None
    return NotetypeId(found["id"])


def _add_note(collection: Anki, note_type: NotetypeId, number: int, deck_ids: list[DeckId]) -> None:
    kind = collection.models.get(note_type)
    assert kind is not None
    note = collection.new_note(kind)
    if kind["name"] == "Cloze":
        note.fields = [f"{{{{c1::Eiche}}}} {number} {{{{c3::Ulme::hint}}}}", ""]
    else:
        back = "木" if number % 3 else ""
        note.fields = [f"trees:oak-{number}", f'<b>Q</b> {number} <img src="leaf.png">', back, ""]
    note.tags = [["a", "bäume::alt"], [], ["leech"]][number % 3]
    collection.add_note(note, deck_ids[number % len(deck_ids)])


def answer(collection: Anki, card_id: Any, rating: CardAnswer.Rating.ValueType) -> None:
    """Answer a card."""
    card = collection.get_card(card_id)
    card.start_timer()
    scheduler = collection.sched
    assert isinstance(scheduler, Scheduler)
    states = collection._backend.get_scheduling_states(card.id)
    scheduler.answer_card(scheduler.build_answer(card=card, states=states, rating=rating))


def _study(collection: Anki) -> None:
    ratings = (CardAnswer.AGAIN, CardAnswer.HARD, CardAnswer.GOOD, CardAnswer.EASY)
    ids = list(collection.find_cards(""))
    for number, card_id in enumerate(ids[:20]):
        for step in range(1 + number % 3):
            answer(collection, card_id, ratings[(number + step) % 4])
    collection.sched.set_due_date(ids[3:6], "5-9")
    collection.sched.schedule_cards_as_new(ids[6:8])
    collection.sched.suspend_cards(ids[8:11])
    collection.sched.bury_cards(ids[11:13])
    collection.set_user_flag_for_cards(3, ids[12:15])
    card = collection.get_card(ids[2])
    card.custom_data = '{"v": 1}'
    collection.update_card(card)
    filtered = collection.decks.new_filtered("Heute")
    deck = collection.decks.get(filtered)
    assert deck is not None
    deck["terms"] = [["is:review -is:suspended", 3, 0]]
    collection.decks.save(deck)
    collection.sched.rebuild_filtered_deck(filtered)


def export(
    collection: Anki, path: Path, *, is_legacy: bool = False, has_history: bool = True
) -> Path:
    """Export everything, or if it is to be an .apkg, the decks below `Wäld`."""
    if path.suffix == ".colpkg":
        collection.export_collection_package(str(path), include_media=True, legacy=is_legacy)
        return path
    deck_id = collection.decks.id("Wäld")
    assert deck_id is not None
    options = ExportAnkiPackageOptions(
        with_scheduling=has_history, with_deck_configs=True, with_media=True, legacy=is_legacy
    )
    collection.export_anki_package(out_path=str(path), options=options, limit=DeckIdLimit(deck_id))
    return path

"""Every format of Anki's packages and collections is read as Anki itself reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anki_reading import ask_anki, ask_us, export, make_odd_collection, opened

FORMATS = (
    "new.apkg",
    "legacy.apkg",
    "new-plain.apkg",
    "legacy-plain.apkg",
    "new.colpkg",
    "legacy.colpkg",
    "backup.colpkg",
    "collection.anki2",
    "schema11.anki2",
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one odd collection in every format."""
    folder = tmp_path_factory.mktemp("odd")
    make_odd_collection(folder / "made")
    with opened(folder / "made") as collection:
        for name in FORMATS[:4]:
            is_legacy, has_history = name.startswith("legacy"), "plain" not in name
            export(collection, folder / name, is_legacy=is_legacy, has_history=has_history)
        collection.create_backup(backup_folder=str(folder), force=True, wait_for_completion=True)
        next(folder.glob("backup-*.colpkg")).rename(folder / "backup.colpkg")
        # An exported collection is closed.
        export(collection, folder / "new.colpkg")
    shutil.copy(folder / "made/collection.anki2", folder)
    with opened(folder / "made") as collection:
        export(collection, folder / "legacy.colpkg", is_legacy=True)
    shutil.copy(folder / "collection.anki2", folder / "made")
    with opened(folder / "made") as collection:
        collection.close(downgrade=True)
    shutil.move(folder / "made/collection.anki2", folder / "schema11.anki2")
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_read_as_anki_reads_it(odd: Path, tmp_path: Path, name: str) -> None:
    anki = ask_anki(odd / name, tmp_path / "anki")
    ours = ask_us(odd / name)

    for part, told in anki.items():
        assert ours[part] == told, part
    # Otherwise nothing was compared.
    assert len(ours["notes"]) == 24
    assert len(ours["cards"]) > 36
    assert len(ours["presets"]) >= 5
    if "plain" not in name:
        assert len(ours["log"]) > 40
    if name == "collection.anki2":
        assert {card[1] for card in ours["cards"].values()} == {0, 1, 2, 3}
        assert {card[2] for card in ours["cards"].values()} >= {-3, -1, 0, 1, 2}
        assert any(card[13] for card in ours["cards"].values()), "none is in a filtered deck"
        assert any(deck[1] == 83 for deck in ours["decks"].values())

"""Where Anki keeps its profiles on each system, and which one is meant."""

from __future__ import annotations

import pickle
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from cardwright.anki.doors.profiles import choose_profile, find_anki_folders, list_profiles
from cardwright.anki.error import AnkiError

HOME = Path("/home/anna")


@pytest.mark.parametrize(
    ("system", "environment", "found"),
    [
        ("linux", {}, [".local/share/Anki2", ".var/app/net.ankiweb.Anki/data/Anki2"]),
        ("freebsd14", {"XDG_DATA_HOME": ""}, [".local/share/Anki2", None]),
        ("linux", {"XDG_DATA_HOME": "/data"}, ["/data/Anki2", None]),
        ("darwin", {"XDG_DATA_HOME": "/data"}, ["Library/Application Support/Anki2"]),
        ("win32", {"APPDATA": "/roaming"}, ["/roaming/Anki2"]),
        ("win32", {}, ["AppData/Roaming/Anki2"]),
        ("linux", {"ANKI_BASE": "/base", "XDG_DATA_HOME": "/data"}, ["/base"]),
        ("win32", {"ANKI_BASE": "/base", "APPDATA": "/roaming"}, ["/base"]),
    ],
)
def test_where_anki_keeps_its_profiles(
    system: str, environment: dict[str, str], found: list[str | None]
) -> None:
    folders = find_anki_folders(system, environment, HOME)
    assert len(folders) == len(found)
    for folder, wanted in zip(folders, found, strict=True):
        assert wanted is None or folder == HOME / wanted


def make_profile(folder: Path, name: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "collection.anki2").touch()
    return folder / name


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self._mark)!r}, 'w').close()",)


def test_profiles_are_folders_with_a_collection(tmp_path: Path) -> None:
    (tmp_path / "addons21").mkdir()
    (tmp_path / "README.txt").touch()
    (tmp_path / "odd" / "collection.anki2").mkdir(parents=True)
    with closing(sqlite3.connect(tmp_path / "prefs21.db")) as list_of_anki, list_of_anki:
        list_of_anki.execute("create table profiles (name text primary key, data blob not null)")
        rows = [(name, pickle.dumps(Trap(tmp_path / "MARK"))) for name in ("_global", "Anna")]
        list_of_anki.executemany("insert into profiles values (?, ?)", rows)
    for name in ("User 1", "Zoë", "Anna"):
        make_profile(tmp_path, name)

    found = list_profiles([tmp_path, tmp_path / "missing"])

    assert [profile.name for profile in found] == ["Anna", "User 1", "Zoë"]
    assert not (tmp_path / "MARK").exists()
    assert found[0].collection == tmp_path / "Anna" / "collection.anki2"


def test_the_only_profile_is_meant(tmp_path: Path) -> None:
    make_profile(tmp_path, "User 1")
    assert choose_profile([tmp_path], None).name == "User 1"
    assert choose_profile([tmp_path], "User 1").name == "User 1"
    with pytest.raises(AnkiError, match="no profile Bob"):
        choose_profile([tmp_path], "Bob")
    for name in ("../User 1", "User 1/", str(tmp_path / "User 1"), ""):
        with pytest.raises(AnkiError):
            choose_profile([tmp_path], name)


def test_without_a_profile_it_is_said_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(AnkiError, match="no profile of Anki was found in") as raised:
        choose_profile([tmp_path], "User 1")
    assert str(tmp_path) in raised.value.message
    assert "ANKI_BASE" in raised.value.help


def test_several_profiles_are_chosen_by_name_however_it_is_composed(tmp_path: Path) -> None:
    for name in ("User 1", unicodedata.normalize("NFD", "Zoë")):
        make_profile(tmp_path, name)
    with pytest.raises(AnkiError, match="several profiles: User 1, Zoe") as raised:
        choose_profile([tmp_path], None)
    assert raised.value.help == 'name one, such as --profile "User 1"'
    assert choose_profile([tmp_path], "Zoë").folder.name != "User 1"


def test_profiles_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "native", tmp_path / "flatpak"]
    for folder in folders:
        make_profile(folder, "User 1")
    with pytest.raises(AnkiError, match="several profiles"):
        choose_profile(folders, None)
    with pytest.raises(AnkiError):
        choose_profile(folders, "User 1")
    chosen = choose_profile(folders, f"User 1 ({folders[1]})")
    assert chosen.folder == folders[1] / "User 1"
    assert len({profile.folder_name for profile in list_profiles(folders)}) == 2

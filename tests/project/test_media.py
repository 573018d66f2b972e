"""Paths as authors write them, against files as disks hold them."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from cardwright.app.project import open_project
from cardwright.diagnostic import TextProblem
from cardwright.project.media import MediaLibrary
from media_files import PNG
from project_files import Write

CARD = "kind: basic\ncards: [{id: a, question: Q, answer: A}]\n"


@pytest.fixture
def library(write: Write) -> MediaLibrary:
    return MediaLibrary(write({"cards/trees/wood/a.yaml": CARD}))


def look_up(library: MediaLibrary, project: Path, written: str) -> str:
    """Return the name of the file found, or the code of its problem with its help."""
    (card,) = open_project(project).collection.cards
    found = library.look_up(card.span.path, written)
    if isinstance(found, TextProblem):
        return f"{found.code}: {found.help}"
    return found.path.name


def put(project: Path, *names: str) -> None:
    for name in names:
        path = project / "cards" / "trees" / "wood" / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)


NFC, NFD = (unicodedata.normalize(form, "Zürich.png") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("on_disk", "written", "found"),
    [
        ([NFD], f"media/{NFC}", NFD),
        ([NFC], f"media/{NFD}", NFC),
        ([NFC, NFD], f"media/{NFD}", NFD),
        ([NFC, NFD], f"media/{NFC}", NFC),
        (["my map.png"], "media/my map.png", "my map.png"),
        (["my map.png"], "media/my%20map.png", "my map.png"),
        (["my%20map.png", "my map.png"], "media/my%20map.png", "my%20map.png"),
        (["100%.png"], "media/100%.png", "100%.png"),
        (["100%.png"], "media/100%25.png", "100%.png"),
        (["%C3%BC.png"], "media/%C3%BC.png", "%C3%BC.png"),
        (["ü.png"], "media/%C3%BC.png", "ü.png"),
        (["ü.png"], "media/u%CC%88.png", "ü.png"),
        (["a.png"], "./media/../media//a.png", "a.png"),
        (["a.png"], "../wood/media/a.png", "a.png"),
        (["#1.png"], "media/#1.png", "#1.png"),
        (["a b/c.png"], "media/a%20b/c.png", "c.png"),
    ],
)
def test_a_name_is_found_however_it_is_spelled(
    library: MediaLibrary, project: Path, on_disk: list[str], written: str, found: str
) -> None:
    put(project, *on_disk)

    assert look_up(library, project, written) == found


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("media/oak.PNG", "write `media/Oak.png`"),
        ("Media/Oak.png", "write `media/Oak.png`"),
        ("media\\Oak.png", "write `media/Oak.png`"),
        ("media/Oak.png ", "write `media/Oak.png`"),
        ("media/Oak.png?raw=1", "write `media/Oak.png`"),
        ("media/Oak.png#x", "write `media/Oak.png`"),
        ("../WOOD/media/oak.png", "write `../wood/media/Oak.png`"),
        ("media%2FOak.png", "write the path relative to the folder of the card's file"),
        ("media/%2e%2e/media/Oak.png", "write the path relative to the folder of the card's file"),
        ("media/elm.png", "write the path relative to the folder of the card's file"),
        ("media/Oak.png/", "Oak.png"),
    ],
)
def test_a_name_that_would_work_here_only_is_reported(
    library: MediaLibrary, project: Path, written: str, help: str
) -> None:
    put(project, "Oak.png")

    assert look_up(library, project, written) in {f"media-missing: {help}", help}


@pytest.mark.parametrize(
    "written",
    ["../../../../secret.png", "../../../../project/../secret.png", "out.png", "away/secret.png"],
)
def test_nothing_outside_the_project_is_found(
    library: MediaLibrary, project: Path, written: str
) -> None:
    (project.parent / "secret.png").write_bytes(PNG)
    folder = project / "cards" / "trees" / "wood"
    (folder / "out.png").symlink_to(project.parent / "secret.png")
    (folder / "away").symlink_to(project.parent)

    code = look_up(library, project, written).partition(":")[0]

    assert code in {"media-outside-project", "media-missing"}
    assert (code == "media-missing") == written.startswith("away")


def test_links_within_the_project_are_followed(library: MediaLibrary, project: Path) -> None:
    put(project, "Oak.png")
    (project / "common").symlink_to("cards/trees/wood/media")

    assert look_up(library, project, "../../../common/Oak.png") == "Oak.png"


def test_pipes_and_folders_are_not_media(library: MediaLibrary, project: Path) -> None:
    put(project, "folder/x")
    os.mkfifo(project / "cards" / "trees" / "wood" / "media" / "pipe.png")

    for name in ("folder", "pipe.png"):
        assert look_up(library, project, f"media/{name}").startswith("not-media")


def test_a_folder_is_listed_once(
    library: MediaLibrary, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, *(f"{number}.png" for number in range(50)))
    (card,) = open_project(project).collection.cards
    listed: list[Path] = []
    listdir = os.listdir

    def record(path: Path) -> list[str]:
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", record)

    found = [library.find(card, f"media/{number}.png") for number in range(50)]

    assert all(found)
    assert len(listed) == len(set(listed)) == 2

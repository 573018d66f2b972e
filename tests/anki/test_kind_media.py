"""Files that only the templates or the stylesheet of an adopted note type name."""

from __future__ import annotations

from pathlib import Path

import pytest

from anki_backend import Anki
from project_files import Run, Write

KIND = """\
sources: optional
anki:
  id: 1342697561419
  name: Country
  css: '@font-face { font-family: x; src: url("_font.woff2"); }'
  media: [MEDIA]
fields:
  land: {type: inline, label: Country, required: true}
sides:
  one:
    ask: "{{land}}"
    show: [land]
    anki: {name: Card 1, front: "<img src=_logo.png>{{Country}}", back: "{{Country}}"}
"""
CARDS = "kind: land\ncards:\n  - {id: fr, land: France}\n"


def write_kind(write: Write, media: str) -> Path:
    return write({"kinds/land.yaml": KIND.replace("MEDIA", media), "cards/trees/a.yaml": CARDS})


def test_they_reach_readers_under_their_own_names(anki: Anki, write: Write, run: Run) -> None:
    root = write_kind(write, "media/_font.woff2, media/_logo.png")
    write({"kinds/media/_font.woff2": "any content", "kinds/media/_logo.png": "and no image"})

    run("check")
    run("build", "trees")
    anki.import_package(root / "build" / "trees.apkg")

    folder = Path(anki.col.media.dir())
    assert (folder / "_font.woff2").read_text() == "any content"
    assert (folder / "_logo.png").read_text() == "and no image"


def test_a_script_among_them_is_named(write: Write, run: Run) -> None:
    write_kind(write, "media/_quiz.JS")
    write({"kinds/media/_quiz.JS": "alert(1)"})

    for command in ("check", "build"):
        assert "with scripts that run in Anki" in run(command).output


@pytest.mark.parametrize(
    ("media", "code"),
    [
        ("media/_missing.png", "media-missing"),
        ("../cards/trees/a.yaml", "media-outside-project"),
        ("../../secret.txt", "media-outside-project"),
        ("media/link.png", "media-outside-project"),
        ("media", "not-media"),
        ("media/_a.png, other/_a.png", "duplicate-id"),
    ],
)
def test_what_cannot_be_packed_is_an_error(write: Write, run: Run, media: str, code: str) -> None:
    root = write_kind(write, media)
    write({"kinds/media/_a.png": "1", "kinds/other/_a.png": "2"})
    (root.parent / "secret.txt").write_text("secret", "utf-8")
    (root / "kinds" / "media" / "link.png").symlink_to(root.parent / "secret.txt")

    output = run("check", exit_code=1).output

    assert "kinds/land.yaml:6:" in output
    assert f"error[{code}]" in output
    run("build", exit_code=1)

"""The pictures in README and docs match what the program shows."""

from __future__ import annotations

import sys
from pathlib import Path

import draw_pictures as pictures
import pytest

OUTDATED = "run `python docs/pictures/draw_pictures.py` and look at the pictures"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_review_is_what_is_seen_today(tmp_path: Path) -> None:
    pictures.write_project(tmp_path)

    assert pictures.draw_review(tmp_path) == pictures.SVG.read_text("utf-8"), OUTDATED


def test_the_card_is_what_is_built_today(tmp_path: Path) -> None:
    package = pictures.build_package(pictures.write_project(tmp_path))

    assert pictures.digest_card(package) == pictures.read_digest(pictures.PNG), OUTDATED


def test_the_preview_is_what_is_seen_today(tmp_path: Path) -> None:
    page = pictures.write_preview(tmp_path)

    assert pictures.digest_page(page) == pictures.read_digest(pictures.PREVIEW), OUTDATED


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_home_screen_and_statistics_are_what_is_seen_today(tmp_path: Path) -> None:
    pictures.write_decks(tmp_path)

    assert pictures.draw_home(tmp_path) == pictures.HOME.read_text("utf-8"), OUTDATED
    page = pictures.write_stats(tmp_path)
    assert pictures.digest_page(page) == pictures.read_digest(pictures.STATS), OUTDATED


@pytest.mark.parametrize("picture", [pictures.SVG, pictures.HOME], ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(picture: Path) -> None:
    svg = picture.read_text("utf-8").replace("http://www.w3.org/2000/svg", "", 1)

    assert not [word for word in ("<script", "<image", "href", "@import", "url(") if word in svg]

"""A project on disk, the command line, and real Anki."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from project_files import Run, Write

DECK = "name: Trees\nnamespace: trees\n"

# A test must not fail because the machine is busy.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def no_running_anki(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from a real Anki, which has AnkiConnect at the default address."""
    monkeypatch.setattr("cardwright.anki.doors.anki_connect.DEFAULT_URL", "http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the cache of whoever runs them."""
    monkeypatch.setenv("CARDS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def no_config(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the config file of whoever runs them."""
    monkeypatch.setenv("CARDS_CONFIG", "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one pack with a manifest and no cards yet."""
    root = tmp_path / "project"
    (root / "cards" / "trees").mkdir(parents=True)
    (root / "decks" / "trees").mkdir(parents=True)
    (root / "decks" / "trees" / "deck.yaml").write_text(DECK, "utf-8")
    return root


@pytest.fixture
def write(project: Path) -> Write:
    """Write files of the project by relative path."""

    def write_files(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")
        return project

    return write_files


@pytest.fixture
def run(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `cards` in the project, with a data folder of its own."""
    from cardwright.cli.main import cards

    # A test must not depend on when or in which repository it runs.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    # Nor on the reviews of whoever runs it.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def run_cards(*words: str, folder: Path | None = None, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cards, ["-C", str(folder or project), *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result

    return run_cards

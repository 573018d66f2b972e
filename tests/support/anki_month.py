"""A month of study in Anki across the end of summer time, and the files it can be read from.

`python anki_month.py FOLDER` runs under a clock of `anki_clock.start_program`.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from anki.collection import ExportAnkiPackageOptions
from click.testing import CliRunner

from anki_author import Author
from anki_clock import Clock
from anki_phone import Phone
from cardwright.app.study import open_study
from cardwright.cli.main import cards
from cardwright.history import Act, Moment
from cardwright.memory import Memory, State
from cardwright.study.store import open_store

DAYS: Final = 31
_HOURS: Final = (7.5, 13, 21, 23.8, 26.5, 27.9, 28.1)
"""When a day's study starts; from 24 on, in the night after it. A study day starts at 28."""
_TOLERANCE: Final = 1e-5


class Month:
    """Somebody who studies a deck in Anki only."""

    def __init__(self, folder: Path, seed: int, number: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)
        self.clock = Clock()
        self.author = Author(folder, self.dice, number)
        self.phone = Phone(folder / "anki/collection.anki2", self.dice, self._wait)
        self.phone.prepare()
        self.phone.keys, self.phone.sides = self.author.keys, self.author.kinds
        self.phone.import_package(self.author.packages[-1])

    def _wait(self, seconds: float) -> None:
        self.clock.move(seconds=seconds)

    def live(self) -> None:
        """Study every day, sometimes twice and sometimes in the night."""
        first = datetime.now().astimezone().replace(hour=0, minute=0, second=0)
        for day in range(DAYS):
            for hour in sorted(self.dice.sample(_HOURS, self.dice.choice((1, 1, 2, 3)))):
                # Wall time, so the clock change moves it as it moves the user.
                local = (first + timedelta(days=day)).replace(tzinfo=None) + timedelta(hours=hour)
                ahead_s = local.timestamp() - time.time()
                if ahead_s > 0:
                    self.clock.move(seconds=ahead_s)
                    self._study()
            for _ in range(self.dice.randrange(3)):
                self.phone.act()

    def _study(self) -> None:
        new = 4
        for _ in range(40):
            today, now = self.phone.col.sched.today, int(time.time()) + 1200
            due = f"(queue = 1 and due <= {now} or queue in (2, 3) and due <= {today})"
            ids = self.phone.all_ids(f"{due} or queue = 0 order by queue = 0, random()")
            if not ids:
                return
            if self.phone.col.get_card(ids[0]).queue == 0:  # type: ignore[arg-type]
                new -= 1
            if new < 0:
                return
            self._wait(self.dice.randrange(2, 60))
            self.phone._answer(ids[0])

    def export(self) -> dict[str, Path]:
        """Write the collection in every form that Anki has."""
        col = self.phone.col
        files = {name: self.folder / name for name in ("new.apkg", "legacy.apkg")}
        for name, path in files.items():
            col.export_anki_package(
                out_path=str(path),
                options=ExportAnkiPackageOptions(
                    with_scheduling=True,
                    with_deck_configs=True,
                    with_media=False,
                    legacy=name == "legacy.apkg",
                ),
                limit=None,
            )
        backups = self.folder / "backups"
        backups.mkdir()
        col.create_backup(backup_folder=str(backups), force=True, wait_for_completion=True)
        (files["backup"],) = backups.glob("*.colpkg")
        open_copy = self.folder / "while open/collection.anki2"
        open_copy.parent.mkdir()
        for suffix in ("", "-wal"):
            source = Path(f"{self.phone.path}{suffix}")
            if source.exists():
                shutil.copy(source, f"{open_copy}{suffix}")
        files["while open"] = open_copy
        for name in ("new.colpkg", "legacy.colpkg"):
            files[name] = self.folder / name
            col.export_collection_package(
                str(files[name]), include_media=False, legacy=name.startswith("legacy")
            )
            self.phone.open()
            col = self.phone.col
        return files

    def compare(self, path: Path) -> tuple[int, float]:
        """Import a file into a store of its own; return the number of cards and the worst error."""
        store = self.folder / f"{path.name}-{path.parent.name}.db"
        first = self._run("import", str(path), "--db", str(store))
        phone = self.phone
        cards, log, first_day = phone.read_cards(), phone.read_log(), phone.first_day
        worst, studied = 0.0, 0
        now = Moment.from_datetime(datetime.now().astimezone())
        with open_study(self.author.root, store, now) as study:
            memories = study.read_memories()
            reviews = {key: list(study.store.list_reviews(key)) for key in cards}
            number = len(list(study.store.list_reviews(with_undone=True)))
        for key, card in cards.items():
            memory = memories.get(key, Memory(key=key))
            answers = [(r.at_ms, r.rating) for r in reviews[key] if r.act in {Act.ANSWER, Act.CRAM}]
            expected = [(row.id, row.ease) for row in log[key] if row.ease]
            assert answers == expected, f"{path.name}: {key}: {answers} instead of {expected}"
            story = f"{path.name}: {key}: {memory} / {card} / {log[key]}"
            assert memory.is_suspended == card.is_suspended, story
            assert memory.is_flagged == bool(card.flags & 7), story
            assert (memory.state is State.NEW) == (card.type == 0), story
            if card.type == 0 or not any(row.ease and row.type != 3 for row in log[key]):
                continue
            studied += 1
            computed = phone.compute_memory(card.id)
            assert computed, story
            worst = max(
                worst,
                abs(memory.stability - computed[0]) / max(computed[0], 1),
                abs(memory.difficulty / computed[1] - 1),
            )
            assert worst <= _TOLERANCE, f"Anki computes {computed}: {story}"
            due = card.odue if card.odid else card.due
            if card.type == 2:
                assert memory.due_day == due + first_day, f"due {due + first_day}: {story}"
        second = self._run("import", str(path), "--db", str(store))
        with open_study(self.author.root, store, now) as study:
            again = len(list(study.store.list_reviews(with_undone=True)))
        assert again == number, f"{path.name}: a second import added {again - number}: {second}"
        assert first, "nothing was said"
        return studied, worst

    def count_after(self, path: Path) -> int:
        """Import a file into one store for all; return how many reviews that has then."""
        store = self.folder / "all.db"
        self._run("import", str(path), "--db", str(store))
        with open_store(store) as opened:
            return len(list(opened.list_reviews(with_undone=True)))

    def _run(self, *words: str) -> str:
        done = CliRunner().invoke(cards, ["-C", str(self.author.root), *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output


def main() -> None:
    folder, seed, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    month = Month(folder, seed, number)
    month.live()
    answers: Any = month.phone.value("select count() from revlog where ease > 0")
    files = month.export()
    for name, path in files.items():
        studied, worst = month.compare(path)
        print(f"{name}: {studied} cards, off by {worst:.1e} at most", flush=True)
    counts = {month.count_after(path) for path in files.values()}
    assert len(counts) == 1, f"the same history, read from different files: {counts}"
    month.phone.close()
    print(f"{answers} answers, until {datetime.now().astimezone()}")


if __name__ == "__main__":
    main()

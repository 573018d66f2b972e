"""Adopts packages, and asks the real Anki what became of them.

For each: adopt, check, build; import the build beside the original into the collection of somebody who
studied and edited it; compare all fields in a collection of its own, as built, and again with every field
rendered from its Markdown; change one text, and see it arrive.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from adopt_large import time_anki, time_floor, write_large_package

from cardwright.project.load import load
from subscriber import Subscriber, compare, subscribed
from wild_notes import write_wild_package

_ROOT: Final = Path(__file__).parents[1]
_FEWEST_EQUAL: Final = 0.99
_MOST_MB: Final = 500
_MEASURED: Final = """
import pathlib, resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
pathlib.Path(sys.argv[1]).write_text(str(used.ru_maxrss))
sys.exit(done.returncode)
"""
"""Linux lets a process begin with the peak memory of the one that starts it, so a small one does."""


class Ran(NamedTuple):
    """A command that ended."""

    code: int
    output: str
    wall_s: float
    peak_mb: float


def run(folder: Path, *words: str) -> Ran:
    """Run `cards` in a process of its own."""
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(folder.parent / "data"),
        "PYTHONPATH": str(_ROOT / "src"),
        "NO_COLOR": "1",
    }
    peak = folder.parent / "peak"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(peak), sys.executable, "-m", "cardwright", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    wall_s = time.perf_counter() - start
    return Ran(done.returncode, done.stdout, wall_s, int(peak.read_text()) / 1024)


class Faults(list[str]):
    """What is not as promised."""

    def expect(self, *, true: bool, what: str) -> None:
        """Add a fault unless something is true."""
        if not true:
            self.append(what)


def prove(package: Path, work: Path, *, answers: int, edits: int, pixels: int) -> dict[str, Any]:
    """Return the figures of one package, its faults, and the fields that show something else."""
    faults = Faults()
    figures: dict[str, Any] = {"package": package.name, "adopt_s": 0.0, "peak_mb": 0}
    project = work / "project"
    project.mkdir(parents=True)
    adopted = run(project, "adopt", str(package))
    figures |= {"adopt_s": round(adopted.wall_s, 2), "peak_mb": round(adopted.peak_mb)}
    figures["adopt"] = adopted.output
    if adopted.code:
        return figures | {"faults": [f"adopt: exit {adopted.code}: {adopted.output[-3000:]}"]}
    checked = run(project, "check")
    figures["warnings"] = count_codes(checked.output)
    if checked.code:
        faults.append(f"check: exit {checked.code}: {checked.output[:1500]}")
    with subscribed(work / "original") as original:
        original.take(package, with_scheduling=True)
        figures["original"] = {
            "notes": original.col.note_count(),
            "cards": original.col.card_count(),
            "types": len(original.list_types()),
        }
        builds = build(project, faults)
        if builds:
            figures["as_built"], figures["as_built_other"] = look(
                original, builds, work / "kept", faults, "as built", adopted=adopted.output
            )
            follow(package, builds, work, faults, figures, answers=answers, edits=edits)
            ours = {path: path.read_bytes() for path in project.glob("decks/*/adopted.jsonl")}
            for path in ours:
                path.unlink()
            rendered = build(project, faults)
            figures["rendered"], figures["rendered_other"] = look(
                original,
                rendered,
                work / "rendered",
                faults,
                "rendered",
                adopted=adopted.output,
                pixels=pixels,
            )
            for path, raw in ours.items():
                path.write_bytes(raw)
    again = run(project, "adopt", str(package))
    figures["again"] = again.output[-600:]
    faults.expect(
        true=again.code == 0, what=f"adopting again: exit {again.code}: {again.output[-800:]}"
    )
    return figures | {"faults": list(faults)}


def count_codes(output: str) -> dict[str, int]:
    """Count the problems that `cards check` shows, by code."""
    return dict(Counter(re.findall(r"(?:warning|error)\[([a-z-]+)\]", output)))


def build(project: Path, faults: Faults) -> list[Path]:
    """Build all packs; return the packages."""
    shutil.rmtree(project / "build", ignore_errors=True)
    built = run(project, "build")
    faults.expect(true=built.code == 0, what=f"build: exit {built.code}: {built.output[-1500:]}")
    found = sorted((project / "build").glob("*.apkg"))
    faults.expect(true=bool(found), what="build: no package")
    return found


def look(
    original: Subscriber,
    builds: list[Path],
    folder: Path,
    faults: Faults,
    mode: str,
    *,
    adopted: str,
    pixels: int = 0,
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Import the packages into a new collection, and compare it with the original."""
    with subscribed(folder) as reader:
        for path in builds:
            reader.take(path)
        told, differences = compare(original, reader)
        equal = told["fields identical"] + told["fields equal"]
        share = equal / max(told["fields"], 1)
        is_listed = "tag that had to be changed" in adopted
        for what in (
            *("notes lost", "notes added", "other note type", "other cards"),
            *("other decks", "note types lost", "note types changed"),
        ):
            faults.expect(true=not told[what], what=f"{mode}: {told[what]} {what}")
        faults.expect(
            true=is_listed or not told["other tags"],
            what=f"{mode}: {told['other tags']} other tags",
        )
        faults.expect(true=share >= _FEWEST_EQUAL, what=f"{mode}: only {share:.2%} of fields equal")
        if mode == "as built":
            faults.expect(
                true=not told["fields with other words"],
                what=f"{mode}: {told['fields with other words']} fields with other words",
            )
        figures: dict[str, Any] = dict(told) | {"share": round(share, 5)}
        if pixels:
            figures["pixels"] = compare_pixels(original, reader, folder, pixels)
    return figures, [difference._asdict() for difference in differences[:400]]


def follow(
    package: Path,
    builds: list[Path],
    work: Path,
    faults: Faults,
    figures: dict[str, Any],
    *,
    answers: int,
    edits: int,
) -> None:
    """Be a subscriber who studied and edited the deck before the package of the new author came."""
    with subscribed(work / "reader") as reader:
        reader.take(package, with_scheduling=True)
        figures["answered"] = reader.study(answers, 1)
        edited = reader.edit(edits, 2)
        before, schedules, types = reader.list_looks(), reader.list_schedules(), reader.list_types()
        rows = reader.count_answers()
        logs = [reader.take(path) for path in builds]
        figures["import"] = {
            name: sum(getattr(log, name) for log in logs) for name in logs[0]._fields
        }
        for name in ("new", "updated", "conflicting"):
            number = figures["import"][name]
            faults.expect(true=not number, what=f"beside the original: {number} notes {name}")
        after = reader.list_looks()
        faults.expect(true=reader.list_schedules() == schedules, what="cards rescheduled or lost")
        faults.expect(true=reader.count_answers() == rows, what="rows of the log changed")
        faults.expect(true=reader.list_types() == types, what="note types changed or added")
        stand = sum(
            after[guid].fields == fields for guid, fields in edited.items() if guid in after
        )
        faults.expect(
            true=stand == len(edited), what=f"{len(edited) - stand} edits of the user lost"
        )
        changed = sum(before[guid] != after.get(guid) for guid in before)
        faults.expect(true=not changed, what=f"{changed} notes changed")
        figures["arrives"] = change_one(builds[0].parents[1], reader, set(edited), faults)


def change_one(project: Path, reader: Subscriber, taken: set[str], faults: Faults) -> str:
    """Change one text of the sources, and see exactly this one arrive."""
    from cardwright.project.edit import edit_card  # noqa: PLC0415

    collection, _ = load(project)
    before = reader.list_looks()
    for card in collection.cards:
        if not card.guid or card.guid in taken or card.guid not in before:
            continue
        kind = collection.kinds[card.kind]
        field = next(
            (
                field
                for field in kind.fields
                if card.text(field.name) and not field.holds and field.type in ("inline", "block")
            ),
            None,
        )
        if field is None or "\n" in card.text(field.name):
            continue
        path = project / card.span.path
        kept = path.read_bytes()
        path.write_bytes(
            edit_card(
                kept, card.span.path, card.id, {field.name: card.text(field.name) + " plus one"}
            )
        )
        logs = [reader.take(package) for package in build(project, faults)]
        path.write_bytes(kept)
        updated = sum(log.updated for log in logs)
        others = sum(log.new + log.conflicting for log in logs)
        after = reader.list_looks()
        changed = [guid for guid in before if before[guid] != after.get(guid)]
        is_right = (updated, others, changed) == (1, 0, [card.guid]) and "plus one" in "\x1f".join(
            after[card.guid].fields
        )
        faults.expect(
            true=is_right,
            what=f"a change of {card.ref}: {updated} updated, {others} new or conflicting, {changed[:3]}",
        )
        return card.ref
    return ""


def compare_pixels(
    original: Subscriber, reader: Subscriber, folder: Path, cards: int
) -> dict[str, Any]:
    """Compare pictures of cards in Chromium, under the stylesheet of their note type."""
    from browser import Browser, find_chromium  # noqa: PLC0415

    program = find_chromium()
    if program is None:
        return {}
    left, right = original.list_looks(), reader.list_looks()
    chosen = [
        (guid, min(left[guid].cards))
        for guid in sorted(left, key=hash_text)
        if left[guid].cards and guid in right and set(left[guid].cards) == set(right[guid].cards)
    ][:cards]
    same, other = 0, []
    with Browser(program, folder / "chromium") as browser:
        browser.set_size(600, 800)
        for guid, ordinal in chosen:
            pictures = []
            for name, shown in (("a", original), ("b", reader)):
                page = shown.path.parent / "collection.media" / "page-of-the-proof.html"
                page.parent.mkdir(exist_ok=True)
                body = shown.render(guid, ordinal)
                page.write_text(
                    f"<!doctype html><meta charset=utf-8><body class=card>{body}", "utf-8"
                )
                browser.open(page.as_uri())
                picture = folder / f"{name}.png"
                browser.shoot(picture)
                pictures.append(picture.read_bytes())
                page.unlink()
            if pictures[0] == pictures[1]:
                same += 1
            else:
                other.append(guid)
    return {"cards": len(chosen), "same": same, "other": other[:20]}


def hash_text(text: str) -> bytes:
    """Return a digest, for an order that is arbitrary but stays the same."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(text.encode()).digest()


def measure_large(folder: Path, notes: int, media_mb: int) -> bool:
    """Print how long a large package takes, and how much memory; return whether that is in bounds."""
    package = folder / "large.apkg"
    (folder / "media").mkdir(parents=True)
    write_large_package(package, folder / "media", notes, media_mb)
    shutil.rmtree(folder / "media")
    floor_s = time_floor(package)
    anki_s = time_anki(package, folder / "anki")
    shutil.rmtree(folder / "anki")
    project = folder / "project"
    project.mkdir()
    is_right = True
    print(
        f"{notes:,} notes, {package.stat().st_size // 10**6:,} MB; unpacked and read {floor_s:.1f} s"
    )
    print(f"  Anki's own import  {anki_s:6.1f} s")
    for name, words in (
        ("cards adopt", ("adopt", str(package))),
        ("cards adopt, again", ("adopt", str(package))),
        ("cards check", ("check",)),
        ("cards build", ("build",)),
    ):
        ran = run(project, *words)
        ratio = ran.wall_s / floor_s
        print(
            f"  {name:<18} {ran.wall_s:6.1f} s  {ratio:5.1f} × floor  {ran.peak_mb:5.0f} MB",
            flush=True,
        )
        if ran.code or ran.peak_mb > _MOST_MB:
            print("   ", ran.output[-1500:])
            is_right = False
    return is_right


def show(figures: dict[str, Any]) -> None:
    """Print a line or two about a package."""
    parts = [f"{figures['package'][:60]:<60}"]
    if "original" in figures:
        parts.append("{notes:>6} notes {cards:>6} cards".format(**figures["original"]))
    parts.append(f"{figures['adopt_s']:6.1f} s {figures['peak_mb']:5} MB")
    modes = [mode for mode in ("as_built", "rendered") if mode in figures]
    parts += [f"{mode.replace('_', ' ')} {figures[mode]['share']:8.3%}" for mode in modes]
    if pixels := figures.get("rendered", {}).get("pixels"):
        parts.append(f"pixels {pixels['same']}/{pixels['cards']}")
    print("  ".join(parts), flush=True)
    for fault in figures["faults"]:
        print("   ", fault.replace("\n", "\n    ")[:1200], flush=True)


def main() -> int:
    """Run the proof on each package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", type=Path)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--pixels", type=int, default=0, help="the number of cards to compare")
    parser.add_argument("--json", type=Path, help="a folder for all figures, a file each")
    parser.add_argument("--keep", type=Path, help="a folder for the projects and collections")
    parser.add_argument("--notes", type=int, default=0, help="generate a package of so many notes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="20,000 notes, 500 MB of media")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if given.large:
            return 0 if measure_large(Path(temporary), given.notes or 20_000, 500) else 1
        if given.notes:
            package = Path(temporary, f"wild-{given.seed}.apkg")
            write_wild_package(package, Path(temporary, "wild"), given.notes, given.seed)
            given.packages.append(package)
        return prove_all(given)


def prove_all(given: argparse.Namespace) -> int:
    """Run the proof on all packages; return the exit status."""
    failed = 0
    for package in given.packages:
        with tempfile.TemporaryDirectory() as temporary:
            name = package.name
            work = Path(given.keep or temporary) / name
            shutil.rmtree(work, ignore_errors=True)
            try:
                figures = prove(
                    package.resolve(),
                    work,
                    answers=given.answers,
                    edits=given.edits,
                    pixels=given.pixels,
                )
            except Exception as error:  # noqa: BLE001  (the others are still to be looked at)
                import traceback  # noqa: PLC0415

                figures = {
                    "package": name,
                    "adopt_s": 0,
                    "peak_mb": 0,
                    "faults": [f"the proof itself: {error!r}\n{traceback.format_exc()[-1500:]}"],
                }
            show(figures)
            failed += bool(figures["faults"])
            if given.json:
                given.json.mkdir(parents=True, exist_ok=True)
                (given.json / f"{name}.json").write_text(
                    json.dumps(figures, indent=1, ensure_ascii=False), "utf-8"
                )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

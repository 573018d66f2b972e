"""The changelog of a pack: where a release's entry goes; what authors wrote by hand is kept."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CHANGELOG_NAME: Final = "CHANGELOG.md"
_HEADING: Final = re.compile(r"## (\d+\.\d+\.\d+)(?!\S)")
_OUR_HEADING: Final = re.compile(r"## (\d{1,9}\.\d{1,9}\.\d{1,9}) – \d{4}-\d\d-\d\d")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_BOM: Final = "\ufeff"
FIRST_RELEASE: Final = "The first release, with "
"""How the entry of a first release begins."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading of the second level with what follows, or what precedes the first one."""

    lines: tuple[str, ...]
    """With their line ends."""

    @property
    def version(self) -> str:
        found = _HEADING.match(self.lines[0]) if self.lines else None
        return found[1] if found else ""

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def body(self) -> set[str]:
        """The lines below the heading that are not empty."""
        return {line.strip() for line in self.lines[1:]} - {""}


def insert_entry(changelog: str, deck_name: str, entry: str, *, last: str) -> str:
    """Return a changelog with the entry of a release at its top.

    An empty changelog gets a heading. What its author has already written about the version is kept
    below the entry. A section that says the same of another version is dropped if that is later than
    `last`, the release before: its own release was not kept.
    """
    text = changelog.removeprefix(_BOM) or f"# Changes of the deck {deck_name}\n\n"
    line_end = "\r\n" if "\r\n" in text else "\n"
    before, *sections = _split(text)
    made = _read(entry)
    own: list[str] = []
    kept = []
    for section in sections:
        if section.version == made.version:
            own += [line for line in section.lines[1:] if line.strip() not in made.body]
        elif not (_is_later(section, last) and section.body and section.body <= made.body):
            kept.append(section.text)
    start = before.text
    if start.strip():
        start = start.rstrip("\r\n") + 2 * line_end
    note = "".join(own).strip("\r\n")
    return "".join(
        (
            _BOM if changelog.startswith(_BOM) else "",
            start,
            entry.replace("\n", line_end),
            note + 2 * line_end if note.strip() else "",
            *kept,
        )
    )


def has_entry(changelog: str, entry: str) -> bool:
    """Tell whether a changelog holds the entry of a release, even if it was edited since."""
    made = _read(entry)
    return any(
        section.version == made.version
        and (section.lines[0].strip() == made.lines[0].strip() or made.body <= section.body)
        for section in _split(changelog.removeprefix(_BOM))[1:]
    )


def find_released(changelog: str) -> str:
    """Return the latest version of which a changelog tells, "" unless it has the first release's entry."""
    sections = _split(changelog.removeprefix(_BOM))[1:]
    if not any(FIRST_RELEASE in section.text for section in sections):
        return ""
    found = (_OUR_HEADING.fullmatch(section.lines[0].strip()) for section in sections)
    return max((match[1] for match in found if match), key=_as_numbers, default="")


def rename_entry(text: str, old: str, new: str) -> str:
    """Return an entry, or a changelog, in which a version has another number."""
    return "".join(
        section.text.replace(old, new, 1) if section.version == old else section.text
        for section in _split(text)
    )


def _is_later(section: _Section, last: str) -> bool:
    """Tell whether the heading is a release's, of a version later than the last one."""
    found = _OUR_HEADING.fullmatch(section.lines[0].strip())
    return found is not None and _as_numbers(found[1]) > _as_numbers(last)


def _as_numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")] if version else []


def _read(entry: str) -> _Section:
    return _split(entry)[1]


def _split(text: str) -> list[_Section]:
    """Return what precedes the first heading of the second level, and the sections."""
    starts = [0, *_find_headings(lines := re.findall(r"[^\n]*\n|[^\n]+", text)), len(lines)]
    return [_Section(tuple(lines[start:end])) for start, end in itertools.pairwise(starts)]


def _find_headings(lines: Sequence[str]) -> list[int]:
    headings = [number for number, line in enumerate(lines) if line.startswith("## ")]
    in_code = set()
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence:
            in_code.add(number)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
    # A code block that never ends would swallow every release.
    return headings if fence else [number for number in headings if number not in in_code]

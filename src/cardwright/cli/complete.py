"""The answer to a press of Tab, for the scripts of `cards completion`.

They ask it as `cards __complete SHELL`, with the line in the environment. The first line of the answer
says whether the shell is to complete `files` or `folders`; the others are candidates, which the shell
must never evaluate: names are data, and come quoted.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from cardwright.cli.shell_words import quote_for_bash, quote_for_powershell, split_line
from cardwright.error import CardwrightError, ProjectError

WORDS: Final = "_CARDS_WORDS"
"""The words up to the cursor; of bash, the line itself."""
SEPARATOR: Final = "\x1f"
BREAKS: Final = "_CARDS_BREAKS"
"""The characters at which bash breaks words."""
_TABLE: Final = Path(__file__).with_name("commands.json")
"""Of each command: what its arguments are and whether they repeat, and what its options take.

A value is of some sorts, separated by blanks, or a word after `=`; either may follow a start, such as
`tag:`. An option that takes none has null.
"""
_SORT: Final = re.compile(r"(?P<start>\w+[:.=])?(?P<rest>.+)")
_FILES: Final = ("files", "folders")
_REFS: Final = ("cards", "prompts")
_OWN_MATCHING: Final = ("fish", "zsh")
"""Shells that find what the user means, which may be more than the start of a name."""
FindNames = Callable[[str, Mapping[str, str]], Iterable[str]]
"""Returns the names of a sort, such as `tags`, given the values of options that name files."""


class Answer(NamedTuple):
    """What may stand at the cursor."""

    names: Iterable[tuple[str, str]] = ()
    """Each with a description, which may be empty."""
    files: str = ""
    """`files` or `folders` if the shell is to complete these."""


def complete(shell: str) -> None:
    """Print the answer for a shell."""
    line = os.environ.get(WORDS, "")
    before = [] if shell == "bash" else line.split(SEPARATOR)
    typed = split_line(before.pop() if before else line)
    words = [*before, *typed.words] if shell == "bash" else [*before, typed.words[-1]]
    answer = find_answer(json.loads(_TABLE.read_bytes()), words, _find_names)
    names = answer.names if shell in _OWN_MATCHING else _match(answer.names, words[-1])
    lines: Iterable[str]
    if shell == "bash":
        breaks = os.environ.get(BREAKS, "")
        lines = quote_for_bash((name for name, _ in names), typed, breaks)
    elif shell == "powershell":
        lines = (f"{quote_for_powershell(name)}\t{name}\t{about}" for name, about in names)
    else:
        lines = (f"{name}\t{about}" if about else name for name, about in names)
    text = "".join(f"{line}\n" for line in (answer.files, *lines))
    with suppress(OSError):
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()


def find_answer(table: Mapping[str, Any], words: Sequence[str], find_names: FindNames) -> Answer:
    """Return what may stand in place of the last word; the first is the program."""
    *before, current = words[1:] or [""]
    line = _Line(table)
    for word in before:
        line.read(word)
    if line.path not in table:
        return Answer()
    options, option, start = line.command["options"], line.option, ""
    if not option and not line.is_over and current.startswith("-"):
        option, has_value, _ = current.partition("=")
        if not has_value:
            return Answer((name, about) for name, (_, about) in options.items())
        start = f"{option}="
    if not option and line.command["is_group"]:
        return Answer(_list_commands(table, line.path))
    sort = options.get(option, [None])[0] if option else line.find_argument()
    if sort == "commands":
        return Answer(_list_commands(table, " ".join(line.places)))
    sorts = (sort or "").split()
    names = dict.fromkeys(_gather(sorts, current, line.given, find_names))
    files = "".join(word for word in sorts if word in _FILES)
    return Answer(((f"{start}{name}", "") for name in names), files)


class _Line:
    """What the words before the cursor say about what comes next."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Start at the program itself."""
        self._table = table
        self.path = ""
        """The command; not in the table if there is none."""
        self.option = ""
        """The option whose value comes next, if any."""
        self.is_over = False
        """Whether there are no more options, after `--`."""
        self.given: dict[str, str] = {}
        """The values of options."""
        self.places: list[str] = []
        """The arguments."""

    @property
    def command(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._table[self.path]
        return found

    def read(self, word: str) -> None:
        """Take the next word."""
        if self.path not in self._table:
            return
        if self.option:
            self.given[self.option], self.option = word, ""
        elif word == "--" and not self.is_over:
            self.is_over = True
        elif word.startswith("-") and not self.is_over:
            self._read_option(word)
        elif self.command["is_group"]:
            self.path = f"{self.path} {word}".strip()
        else:
            self.places.append(word)

    def _read_option(self, word: str) -> None:
        is_short = not word.startswith("--")
        name, has_value, value = (word[:2], word[2:], word[2:]) if is_short else word.partition("=")
        if has_value:
            self.given[name] = value
        elif self.command["options"].get(name, [None])[0] is not None:
            self.option = name

    def find_argument(self) -> str | None:
        """Return what the next argument is one of; the last may be given several times."""
        for number, (sort, is_repeated) in enumerate(self.command["arguments"]):
            if number == len(self.places) or is_repeated:
                return str(sort)
        return None


def _list_commands(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, command in table.items():
        above, _, last = name.rpartition(" ")
        if name and above == path:
            yield last, command["about"]


def _gather(
    sorts: Iterable[str], current: str, given: Mapping[str, str], find_names: FindNames
) -> Iterator[str]:
    for sort in sorts:
        found = _SORT.fullmatch(sort)
        start, rest = (found["start"] or "", found["rest"]) if found else ("", sort)
        if start and not current:
            # What can follow it is for the next press of Tab.
            yield start.removesuffix("=")
        elif not (start.startswith(current) or current.startswith(start)):
            continue
        elif rest.startswith("="):
            yield f"{start}{rest[1:]}"
        elif rest in _REFS:
            # A card is named before one of its prompts.
            if ("/" in current) is (rest == "prompts"):
                yield from _shorten(list(find_names(rest, given)), current)
        elif rest not in _FILES:
            yield from (f"{start}{name}" for name in find_names(rest, given))


def _shorten(refs: list[str], current: str) -> list[str]:
    """Return cards or prompts without their packs, unless a pack is typed, or two have a card of that name."""
    names: dict[str, str] = {}
    for ref in refs:
        name = ref.partition(":")[2]
        names[ref if name in names else name] = ref
    is_pack = not any(name.startswith(current) for name in names)
    is_pack = is_pack and any(ref.startswith(current) for ref in refs)
    return refs if is_pack or ":" in current else list(names)


def _find_names(sort: str, given: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of a sort in the index of the project, except what cannot be shown as it is."""
    from cardwright.cli.user_folders import default_store_path  # noqa: PLC0415  (only for values)
    from cardwright.project.names import find_index, list_indexed  # noqa: PLC0415
    from cardwright.text import make_plain  # noqa: PLC0415

    db = given.get("--db") or os.environ.get("CARDS_DB")
    with suppress(CardwrightError, OSError, ValueError):
        root = _find_root(given)
        index = find_index(_read_path(db) if db else default_store_path(), root)
        for name in list_indexed(index, sort):
            if name == make_plain(name) and "\n" not in name and not name.startswith("-"):
                yield name


def _find_root(given: Mapping[str, str]) -> Path:
    """Return the folder of the project that the command would use."""
    from cardwright.project.walk import find_project  # noqa: PLC0415  (only for values)

    folder = given.get("-C")
    try:
        return find_project(_read_path(folder or "."))
    except ProjectError:
        from cardwright.cli.config_file import load_config  # noqa: PLC0415  (loads click)

        project = None if folder else load_config().folder("project")
        if project is None:
            raise
        return find_project(project)


def _read_path(text: str) -> Path:
    """Return a path that the shell has not expanded yet."""
    return Path(os.path.expandvars(os.path.expanduser(text)))  # noqa: PTH111  (both, as a shell does)


def _match(names: Iterable[tuple[str, str]], current: str) -> list[tuple[str, str]]:
    """Return the names that begin with a word, or else those that do in another case."""
    every = list(names)
    folded = current.casefold()
    return [one for one in every if one[0].startswith(current)] or [
        one for one in every if one[0].casefold().startswith(folded)
    ]

"""Namespaces: what tells the cards of a pack from those of all other packs in the world."""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF8
from random import Random
from typing import Final

from cardwright.project.document import Document
from cardwright.project.write import WriteError

MAX_NAMESPACE_LENGTH: Final = 80
NAMESPACE: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
"""Like the name of a pack, which is the namespace of what was released without one."""
_MAX_SLUG_LENGTH: Final = 30
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits without those that look alike: 0 and o, 1 and l."""
_RANDOM_LENGTH: Final = 5
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")


def is_namespace(word: str) -> bool:
    """Tell whether a text can be a namespace."""
    return len(word) <= MAX_NAMESPACE_LENGTH and NAMESPACE.fullmatch(word) is not None


def make_namespace(name: str, random: Random) -> str:
    """Return a new namespace that begins like a name and ends with random characters."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_MAX_SLUG_LENGTH]
    ending = "".join(random.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{slug.strip('-') or 'deck'}-{ending}"


def insert_namespace(raw: bytes, shown: str, namespace: str) -> bytes:
    """Return a manifest with a namespace below its name, and everything else as it is.

    Raises:
        WriteError: the manifest cannot be read, or has a namespace.

    """
    document = Document(shown, raw)
    entry = document.entry()
    is_faulty = any(problem.is_error for problem in document.problems)
    if is_faulty or entry is None or "namespace" in entry or "name" not in entry:
        raise WriteError(f"{shown} has errors", help="fix them first: `cards check` shows them")
    bom = BOM_UTF8 if raw.startswith(BOM_UTF8) else b""
    lines = _LINE.findall(raw.removeprefix(bom).decode("utf-8"))
    key, name = entry.keys["name"], entry.values["name"]
    added = f"namespace: {namespace}"
    if entry.node.flow_style:
        start = key.start_mark
        line = lines[start.line]
        lines[start.line] = f"{line[: start.column]}{added}, {line[start.column :]}"
    else:
        # A block of text ends where the next line starts.
        end = name.end_mark.line + (1 if name.end_mark.column else 0)
        found = _LINE_BREAK.search("".join(lines))
        ending = found[0] if found else "\n"
        if end and not _LINE_BREAK.search(lines[end - 1]):
            lines[end - 1] += ending
        lines.insert(end, f"{' ' * key.start_mark.column}{added}{ending}")
    made = bom + "".join(lines).encode()
    _check_inserted(Document(shown, made), document, namespace)
    return made


def _check_inserted(made: Document, before: Document, namespace: str) -> None:
    now, then = made.entry(), before.entry()
    is_right = (
        not any(problem.is_error for problem in made.problems)
        and now is not None
        and then is not None
        and now.text("namespace") == namespace
        and set(now.values) == {*then.values, "namespace"}
    )
    if not is_right:
        raise WriteError(
            f"the namespace cannot be written into {before.path}",
            help=f"add the line `namespace: {namespace}` below its name",
        )

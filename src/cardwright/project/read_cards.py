"""A file of cards → the cards, with all problems. It is often the only one that has changed."""

from __future__ import annotations

from collections.abc import Container, Mapping

from cardwright.diagnostic import Allowance, Diagnostic
from cardwright.model import Card, Kind
from cardwright.project.allow import drop_allowed
from cardwright.project.card import parse_cards
from cardwright.project.document import Document
from cardwright.project.walk import Read, SourceFile, diagnose_unreadable


def read_cards(
    file: SourceFile,
    read: Read,
    namespace: str,
    kinds: Mapping[str, Kind],
    faulty: Container[str],
    problems: list[Diagnostic],
) -> tuple[list[Card], bool, list[Allowance]]:
    """Return the cards of a file, whether none were left out, and the warnings it allows.

    Problems found that are not allowed are added to `problems`.
    """
    document = open_document(file, read, problems)
    if document is None:
        return [], False, []
    cards, is_whole, allowances = parse_cards(
        document, file.pack, kinds, faulty, namespace=namespace
    )
    kept, allowances = drop_allowed(document.problems, allowances)
    problems += kept
    return cards, is_whole, allowances


def open_document(file: SourceFile, read: Read, problems: list[Diagnostic]) -> Document | None:
    """Read a file, unless it must not be read; what the system refuses is added to `problems`."""
    try:
        raw = read(file)
    except OSError as error:
        problems.append(diagnose_unreadable(file.name, error))
        return None
    return None if raw is None else Document(file.name, raw)

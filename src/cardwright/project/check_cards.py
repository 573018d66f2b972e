"""Checks of cards that need nothing outside of their file: what they find is kept with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cardwright.diagnostic import Diagnostic, diagnose
from cardwright.markdown.links import INVALID_HELP, split_address
from cardwright.project.check_questions import check_answers, check_options, digest_questions
from cardwright.project.check_texts import check_texts
from cardwright.project.checking import CardChecking, FileFindings, Mention

_SCHEMES: Final = ("http", "https", "mailto", "doi")


CardCheck = Callable[[CardChecking], Iterator[Diagnostic | Mention]]


def check_cards(checking: CardChecking, checks: Iterable[CardCheck] | None = None) -> FileFindings:
    """Run checks on cards, by default all CARD_CHECKS."""
    found = [one for rule in checks or CARD_CHECKS for one in rule(checking)]
    return FileFindings(
        problems=tuple(one for one in found if isinstance(one, Diagnostic)),
        mentions=tuple(one for one in found if isinstance(one, Mention)),
        questions=tuple(digest_questions(checking)),
    )


def check_sources(checking: CardChecking) -> Iterator[Diagnostic]:
    """Report cards without a source, and sources that are not web addresses."""
    for card, kind in checking.asked():
        if kind.wants_sources and not card.sources:
            yield diagnose(
                "missing-source",
                f"`{card.id}` has no source",
                card.span,
                help="add `sources: [https://…]`, so that a reader can look it up",
            )
        for source in card.sources:
            address = split_address(source.url)
            if source.url and not (address and address.scheme in _SCHEMES):
                what = "web" if address else "valid"
                yield diagnose(
                    "unsafe-link",
                    f"`{source.url}` is not a {what} address, so it will not be a link",
                    checking.texts.find(card.span_of("sources"), source.url),
                    help="make it start with https://" if address else INVALID_HELP,
                )


def check_places(checking: CardChecking) -> Iterator[Diagnostic]:
    """Report what an adopted note type has no field for, so that readers would not see it."""
    for card, kind in checking.asked():
        if kind.adopted is None:
            continue
        held = {field.holds for field in kind.fields}
        given = {"sources": card.sources, "extra": card.extra, "lesson": card.lesson}
        for key, value in given.items():
            if value and key not in held:
                yield diagnose(
                    "no-place",
                    f"the adopted note type of `{kind.name}` has no field for `{key}`",
                    card.span_of(key),
                    help=f"readers will not see it: move it to a field, or write `holds: {key}` in one",
                )


CARD_CHECKS: Final[tuple[CardCheck, ...]] = (
    check_texts,
    check_sources,
    check_places,
    check_answers,
    check_options,
)
"""To add a check of the cards of a file, write a function and list it here."""

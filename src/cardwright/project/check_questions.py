"""Checks of what makes cards hard to learn, or too easy: repeated, revealing and long questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final

from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.kinds import is_asked, list_asked, list_texts
from cardwright.markdown.cloze import find_deletions, hide_deletions
from cardwright.model import Card, Kind, Side
from cardwright.project.checking import CardChecking
from cardwright.project.words import count_words, drop_addresses, find_answer, normalize

_RIGHT_IF: Final = re.compile(r"[*_]{0,3}Right if[*_]{0,3}\s+\S+\s+\S")


def digest_questions(checking: CardChecking) -> Iterator[bytes]:
    """Yield for each card a digest of its question, ignoring case, punctuation and emphasis.

    It is empty if the card is not asked, or asks nothing.
    """
    for card in checking.cards:
        side = checking.kinds[card.kind].sides[0]
        question = normalize(_question_of(card, side)) if card.retired is None else ""
        text = f"{side.ask}\0{question}".encode("utf-8", "surrogatepass")
        yield blake2b(text, digest_size=16).digest() if question else b""


def check_answers(checking: CardChecking) -> Iterator[Diagnostic]:
    """Report questions that contain their answer, and texts that are too long to learn."""
    for card, kind in checking.asked():
        yield from _check_lengths(card, kind)
        if kind.cloze:
            shown = hide_deletions(card.text(kind.cloze))
            given = [deletion.text for deletion in find_deletions(card.text(kind.cloze))[0]]
            yield from _check_giveaway(checking, card, (kind.cloze,), shown, given)
            continue
        for side in kind.sides:
            answer = card.text(side.show[0])
            if answer and is_asked(card, kind, side):
                shown = _question_of(card, side)
                answer = drop_addresses(answer)
                given = _split_bracketed(answer)
                yield from _check_giveaway(checking, card, list_asked(side), shown, given)


def check_options(checking: CardChecking) -> Iterator[Diagnostic]:
    """Report reasons of wrong options that do not say when the option would be right."""
    for card, kind in checking.asked():
        for option in card.options:
            if not option.right and not _RIGHT_IF.match(option.reason):
                yield diagnose(
                    "no-right-if",
                    "this reason does not say when the option would be right",
                    checking.texts.find(card.span_of(kind.options or ""), option.reason),
                    help="begin it with `Right if …`; if nothing can follow, write another option",
                )


def _split_bracketed(answer: str) -> list[str]:
    """Return an answer, or its two parts if it ends with one in brackets."""
    before, opening, inside = answer.rstrip().rpartition("(")
    before = before.rstrip()
    if not opening or not inside.endswith(")") or ")" in inside[:-1] or "\n" in before:
        return [answer]
    return [before, inside[:-1]]


def _check_giveaway(
    checking: CardChecking, card: Card, asked: Sequence[str], shown: str, answers: list[str]
) -> Iterator[Diagnostic]:
    if answer := find_answer(shown, answers):
        yield diagnose(
            "answer-in-question",
            f"the question gives away its answer: {' '.join(answer.split())}",
            _place_words(checking, card, asked, answer.strip()),
            help="reword the question without it",
        )


def _place_words(checking: CardChecking, card: Card, names: Sequence[str], words: str) -> Span:
    """Return the place of words in the first of some fields that holds them."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(words)}(?![\w-])")
    for name in names:
        text = card.text(name)
        if found := pattern.search(text):
            return checking.texts.find(card.span_of(name), text, found.start(), len(words))
    return card.span_of(names[0])


def _check_lengths(card: Card, kind: Kind) -> Iterator[Diagnostic]:
    side = kind.sides[0]
    for key, text, _ in list_texts(card, kind):
        limit = None if key == "extra" else kind.field(key).max_words
        if limit is None or len(text) <= limit:
            continue
        words = count_words(text)
        if words > limit:
            is_question = key in list_asked(side) and key not in side.show
            code = "overlong-question" if is_question else "overlong-answer"
            yield diagnose(
                code,
                f"`{key}` has {words} words; more than {limit} are hard to learn",
                card.span_of(key),
                help="split the card, or move details to `extra`",
            )


def _question_of(card: Card, side: Side) -> str:
    return "\n".join(card.text(name) for name in list_asked(side))

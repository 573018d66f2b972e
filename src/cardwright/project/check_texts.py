"""Checks of Markdown, wherever it is rendered: on cards, in decks and around fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Final

from cardwright.diagnostic import Diagnostic, TextProblem
from cardwright.kinds import list_texts, render_text
from cardwright.markdown.cloze import NO_GAP
from cardwright.markdown.tokens import read_block
from cardwright.project.checking import CardChecking, Checking, Mention

_FIELD_REF: Final = re.compile(r"\{\{\w+\}\}")
_PATH: Final = re.compile(r"[^\n`]{1,200}\.[A-Za-z0-9]{2,5}")
_BIDI_ENTITY: Final = re.compile(
    r"&#(?:0{0,5}(?:823[4-8]|829[4-7])|[xX]0{0,5}(?:202[a-eA-E]|206[6-9]));"
)


def check_texts(checking: CardChecking) -> Iterator[Diagnostic | Mention]:
    """Report problems in Markdown, clozes, maths and links; yield what may be files."""
    for card in checking.cards:
        kind = checking.kinds[card.kind]
        for key, text, text_type in list_texts(card, kind):
            rendered = render_text(checking.renderer, kind, key, text, text_type)
            for problem in rendered.problems:
                if kind.adopted and problem.message == NO_GAP:
                    continue  # Anki makes a card of such a note, and people may have it
                yield checking.place(problem, text, card.span_of(key))
            for problem in _find_bidi_entities(text):
                yield checking.place(problem, text, card.span_of(key))
            for written in rendered.media:
                yield Mention(written, text, card.span_of(key), is_shown=False)
            if _PATH.fullmatch(text):
                yield Mention(text, text, card.span_of(key), is_shown=True)


def _find_bidi_entities(text: str) -> Iterator[TextProblem]:
    """Find entities, outside of code, for characters that a source may not contain or balances."""
    if "&#" not in text or not _BIDI_ENTITY.search(text):
        return
    shown = set("".join(token.text for token in read_block(text) if token.name == "text"))
    for match in _BIDI_ENTITY.finditer(text):
        char = unescape(match[0])
        if char in shown:
            yield TextProblem(
                code="control-character",
                message=f"`{match[0]}` is the invisible character U+{ord(char):04X}",
                quote=match[0],
                help="remove it; type an isolate as the character itself",
                start=match.start(),
            )


def check_descriptions(checking: Checking) -> Iterator[Diagnostic]:
    """Report problems in the Markdown of deck descriptions, which Anki renders."""
    for root in checking.collection.decks.values():
        for _, deck in root.walk():
            rendered = checking.renderer.render_block(deck.description)
            place = deck.span_of("description")
            for problem in (*rendered.problems, *_find_bidi_entities(deck.description)):
                if problem.code in {"unbalanced-maths", "unsafe-maths"}:
                    continue  # Anki does not render maths there, so a dollar is just a dollar
                yield checking.place(problem, deck.description, place)
            for written in rendered.media:
                problem = TextProblem(
                    code="bad-link",
                    message=f"a description cannot contain media such as `{written}`",
                    quote=written,
                    help="put it on a card",
                )
                yield checking.place(problem, deck.description, place)


def check_asks(checking: Checking) -> Iterator[Diagnostic]:
    """Report problems in the Markdown around the fields of a question, in kinds of the project."""
    for kind in checking.collection.kinds.values():
        for side in () if kind.is_built_in else kind.sides:
            text = _FIELD_REF.sub(lambda match: "x" * len(match[0]), side.ask)
            for problem in checking.renderer.render_block(text).problems:
                start = problem.start if problem.start >= 0 else text.find(problem.quote)
                written = side.ask[start : start + len(problem.quote)]
                place = kind.spans.get(f"side {side.name}", kind.spans[""])
                shown = replace(problem, quote=written, start=start)
                yield checking.place(shown, side.ask, place)

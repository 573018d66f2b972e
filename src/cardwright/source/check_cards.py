"""Card → Diagnostics: what is wrong within its texts, and what makes it hard to learn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose
from cardwright.kinds import list_asked, list_texts, render_text
from cardwright.markdown import find_deletions, hide_deletions
from cardwright.model import Card, Kind, Side
from cardwright.source.checking import Checking
from cardwright.source.load import resolve_media

_MIN_ANSWER_LENGTH: Final = 4
_MARKUP: Final = re.compile(r"[\s*_`.,;:!?'\"()\[\]{}“”‘’…–—|#]+")
_BRACKETED: Final = re.compile(r"^(.*?)\s*\(([^()]*)\)\s*$")
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SCHEMES: Final = ("http", "https", "mailto", "doi")


def check_texts(checking: Checking) -> Iterator[Diagnostic]:
    """Report faults in Markdown, clozes, maths, links and images."""
    for card in checking.collection.cards:
        kind = checking.collection.kinds[card.kind]
        for key, text, text_type in list_texts(card, kind):
            rendered = render_text(checking.renderer, kind, key, text, text_type)
            for problem in rendered.problems:
                span = checking.texts.find(card.span_of(key), problem.needle)
                yield diagnose(problem.code, problem.message, span, help=problem.help)
            for image in rendered.images:
                path, code = resolve_media(checking.root, card, image)
                if path is None:
                    span = checking.texts.find(card.span_of(key), image)
                    if code == "media-missing":
                        message = f"there is no file `{image}`"
                        cure = "paths start at the folder of the card's file"
                    else:
                        message = f"`{image}` leads out of the project"
                        cure = "put the file into the project, below a media/ folder"
                    yield diagnose(code, message, span, help=cure)


def check_sources(checking: Checking) -> Iterator[Diagnostic]:
    """Report cards without a source, and sources that are no web address."""
    for card, kind in checking.asked():
        if kind.wants_sources and not card.sources:
            yield diagnose(
                "missing-source",
                f"`{card.id}` names no source",
                card.span,
                help="add `sources: [https://…]`, so that a reader can look it up",
            )
        for source in card.sources:
            if source.url and urlsplit(source.url).scheme.lower() not in _SCHEMES:
                yield diagnose(
                    "unsafe-link",
                    f"`{source.url}` is no web address; it will not be a link",
                    checking.texts.find(card.span_of("sources"), source.url),
                    help="start it with https://",
                )


def check_questions(checking: Checking) -> Iterator[Diagnostic]:
    """Report cards that ask the same, ignoring case, punctuation and emphasis."""
    seen: dict[tuple[str, str, str], Card] = {}
    for card, kind in checking.asked():
        side = kind.sides[0]
        question = normalise(_question_of(card, side))
        first = seen.setdefault((card.pack, side.ask, question), card)
        if question and first is not card:
            yield diagnose(
                "near-duplicate",
                f"`{card.id}` asks the same as `{first.id}`",
                card.span_of(kind.fields[0].name),
                help="keep one, or ask what sets them apart",
                related=(Related(message="the other", span=first.span),),
            )


def check_answers(checking: Checking) -> Iterator[Diagnostic]:
    """Report questions that hold their answer, and texts that are too long to learn."""
    for card, kind in checking.asked():
        yield from _check_lengths(card, kind)
        if kind.cloze:
            shown = f" {normalise(hide_deletions(card.text(kind.cloze)))} "
            given = [deletion.text for deletion in find_deletions(card.text(kind.cloze))[0]]
            yield from _check_giveaway(checking, card.span_of(kind.cloze), shown, given)
            continue
        for side in kind.sides:
            answer = card.text(side.show[0])
            if answer and (side.when is None or card.fields.get(side.when)):
                shown = f" {normalise(_question_of(card, side))} "
                bracketed = _BRACKETED.match(answer)
                given = list(bracketed.groups()) if bracketed else [answer]
                place = card.span_of(list_asked(side)[0])
                yield from _check_giveaway(checking, place, shown, given)


def _check_giveaway(
    checking: Checking, place: Span, shown: str, answers: list[str]
) -> Iterator[Diagnostic]:
    for answer in answers:
        plain = normalise(answer)
        if len(plain) >= _MIN_ANSWER_LENGTH and f" {plain} " in shown:
            yield diagnose(
                "answer-in-question",
                f"the question gives away its answer: {' '.join(answer.split())}",
                checking.texts.find(place, answer.strip(), whole=True),
                help="word the question without it",
            )
            return


def _check_lengths(card: Card, kind: Kind) -> Iterator[Diagnostic]:
    side = kind.sides[0]
    for key, text, _ in list_texts(card, kind):
        limit = None if key == "extra" else kind.field(key).max_words
        if limit is None or len(text) <= limit:
            continue
        words = len(_FENCE.sub("", text).split())
        if words > limit:
            is_question = key in list_asked(side) and key not in side.show
            code = "overlong-question" if is_question else "overlong-answer"
            yield diagnose(
                code,
                f"`{key}` has {words} words; more than {limit} are hard to learn",
                card.span_of(key),
                help="split the card, or move what is beside the point to `extra`",
            )


def normalise(text: str) -> str:
    """Return a text without case, punctuation and emphasis; operators stay."""
    return _MARKUP.sub(" ", text.casefold()).strip()


def _question_of(card: Card, side: Side) -> str:
    return "\n".join(card.text(name) for name in list_asked(side))

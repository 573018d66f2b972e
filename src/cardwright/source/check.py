"""Collection → Diagnostics: what is wrong beyond one file, and within the texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cardwright.diagnostic import Diagnostic, Related, diagnose
from cardwright.kinds import list_asked, list_texts, render_text
from cardwright.markdown import Renderer, find_deletions, hide_deletions
from cardwright.model import Card, Collection, Kind, Side
from cardwright.selection import place_cards
from cardwright.source.load import SourceTexts, resolve_media

_MIN_ANSWER_LENGTH: Final = 4
_MARKUP: Final = re.compile(r"[\s*_`.,;:!?'\"()\[\]{}“”‘’…–—|#]+")
_BRACKETED: Final = re.compile(r"^(.*?)\s*\(([^()]*)\)\s*$")
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SCHEMES: Final = ("http", "https", "mailto", "doi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a check looks at."""

    root: Path
    collection: Collection
    renderer: Renderer
    texts: SourceTexts

    def asked(self) -> Iterator[tuple[Card, Kind]]:
        """Yield every card that is still asked, with its kind."""
        for card in self.collection.cards:
            if card.retired is None:
                yield card, self.collection.kinds[card.kind]


def check(checking: Checking) -> list[Diagnostic]:
    """Run every check; warnings get the severity that their pack gives them."""
    found = [problem for rule in CHECKS for problem in rule(checking)]
    return [kept for problem in found if (kept := _weigh(checking.collection, problem))]


def _weigh(collection: Collection, problem: Diagnostic) -> Diagnostic | None:
    """Apply a pack's own severities; None when it switched the warning off."""
    deck = collection.decks.get(problem.span.path.split("/")[1])
    if deck is None or problem.code not in deck.severities:
        return problem
    severity = deck.severities[problem.code]
    return replace(problem, severity=severity) if severity else None


def check_ids(checking: Checking) -> Iterator[Diagnostic]:
    """Report ids that two cards of a pack lay claim to, now or formerly."""
    owners: dict[str, Card] = {}
    for card in checking.collection.cards:
        for card_id in dict.fromkeys((card.id, *card.formerly)):
            first = owners.setdefault(f"{card.pack}:{card_id}", card)
            if first is not card:
                span = card.span if card_id == card.id else card.span_of("formerly")
                yield diagnose(
                    "duplicate-id",
                    f"`{card_id}` is already used",
                    span,
                    help="choose another id; a published id never changes",
                    related=(Related(message="first used", span=first.span),),
                )


def check_blueprint_refs(checking: Checking) -> Iterator[Diagnostic]:
    """Report lessons and objectives that the pack's blueprint does not know."""
    for card in checking.collection.cards:
        blueprint = checking.collection.blueprints.get(card.pack)
        if blueprint is None:
            continue
        if card.lesson is not None and card.lesson not in blueprint.lessons:
            yield diagnose(
                "unknown-lesson",
                f"there is no lesson `{card.lesson}`",
                card.span_of("lesson"),
                help=f"lessons of {blueprint.span.path}: {', '.join(blueprint.lessons)}",
            )
        named = [("objectives", objective) for objective in card.objectives]
        if objective := card.text("objective"):
            named.append(("objective", objective))
        for key, objective in named:
            if objective not in blueprint.objectives:
                span = checking.texts.find(card.span_of(key), objective)
                yield diagnose(
                    "unknown-objective",
                    f"there is no objective `{objective}`",
                    span,
                    help=f"see the objectives of {blueprint.span.path}",
                )


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
        if first is not card:
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
            yield from _check_giveaway(card, kind.cloze, shown, given)
            continue
        for side in kind.sides:
            answer = card.text(side.show[0])
            if answer and (side.when is None or card.fields.get(side.when)):
                shown = f" {normalise(_question_of(card, side))} "
                bracketed = _BRACKETED.match(answer)
                given = list(bracketed.groups()) if bracketed else [answer]
                yield from _check_giveaway(card, list_asked(side)[0], shown, given)


def _check_giveaway(card: Card, key: str, shown: str, answers: list[str]) -> Iterator[Diagnostic]:
    for answer in answers:
        plain = normalise(answer)
        if len(plain) >= _MIN_ANSWER_LENGTH and f" {plain} " in shown:
            yield diagnose(
                "answer-in-question",
                f"the question gives away its answer: {answer.strip()}",
                card.span_of(key),
                help="word the question without it",
            )
            return


def _check_lengths(card: Card, kind: Kind) -> Iterator[Diagnostic]:
    shown = {name for side in kind.sides for name in side.show}
    for key, text, _ in list_texts(card, kind):
        limit = None if key == "extra" else kind.field(key).max_words
        if limit is None or len(text) <= limit:
            continue
        words = len(_FENCE.sub("", text).split())
        if words > limit:
            code = "overlong-answer" if key in shown else "overlong-question"
            yield diagnose(
                code,
                f"`{key}` has {words} words; more than {limit} are hard to learn",
                card.span_of(key),
                help="split the card, or move what is beside the point to `extra`",
            )


def check_decks(checking: Checking) -> Iterator[Diagnostic]:
    """Report decks that take no card, cards that no deck takes, and kinds that do not exist."""
    collection = checking.collection
    asked = [card for card, _ in checking.asked()]
    for pack, deck in collection.decks.items():
        placed, left = place_cards(deck, asked)
        for path, part in deck.walk():
            select = part.select
            if select is not None and not placed[path]:
                yield diagnose(
                    "empty-deck",
                    f"the deck `{'::'.join(path)}` takes no card",
                    part.span,
                    help="change its `select`; earlier decks take cards first",
                )
        for card in left:
            yield diagnose(
                "card-in-no-deck",
                f"no deck takes `{card.id}`",
                card.span,
                help=f"widen a `select` in {deck.span.path}",
            )
        for name in dict.fromkeys((*deck.order, *_selected_kinds(collection, pack))):
            if name not in collection.kinds:
                yield diagnose(
                    "unknown-kind",
                    f"there is no kind `{name}`",
                    checking.texts.find(replace(deck.span, line=1, column=1), name),
                    help=f"kinds: {', '.join(collection.kinds)}",
                )
    for pack, count in Counter(card.pack for card in asked).items():
        if pack not in collection.decks:
            first = next(card for card in asked if card.pack == pack)
            yield diagnose(
                "card-in-no-deck",
                f"the pack `{pack}` has no deck: {count} cards are never built",
                first.span,
                help=f"write decks/{pack}/deck.yaml",
            )


def _selected_kinds(collection: Collection, pack: str) -> Iterator[str]:
    for _, part in collection.decks[pack].walk():
        yield from part.select.kinds if part.select else ()


def check_coverage(checking: Checking) -> Iterator[Diagnostic]:
    """Report objectives that no card treats."""
    for pack, blueprint in checking.collection.blueprints.items():
        covered = {
            objective
            for card, _ in checking.asked()
            if card.pack == pack
            for objective in (*card.objectives, card.text("objective"))
        }
        for objective in blueprint.objectives.values():
            if objective.id not in covered:
                yield diagnose(
                    "objective-without-card",
                    f"no card treats objective {objective.id}: {objective.about}",
                    objective.span,
                    help=f'write one, or add `objectives: ["{objective.id}"]` to a card that does',
                )


def normalise(text: str) -> str:
    """Return a text without case, punctuation and emphasis; operators stay."""
    return _MARKUP.sub(" ", text.casefold()).strip()


def _question_of(card: Card, side: Side) -> str:
    return "\n".join(card.text(name) for name in list_asked(side))


CHECKS: Final[tuple[Callable[[Checking], Iterator[Diagnostic]], ...]] = (
    check_ids,
    check_blueprint_refs,
    check_texts,
    check_sources,
    check_questions,
    check_answers,
    check_decks,
    check_coverage,
)
"""A new rule is one function and one line here."""

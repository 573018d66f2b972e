"""Checks across files, once all sources are read: cards, decks and exams against each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import (
    Diagnostic,
    Related,
    Span,
    TextProblem,
    apply_severities,
    diagnose,
)
from cardwright.item import place_cards
from cardwright.kinds import list_asked, list_texts, render_text
from cardwright.markdown import Renderer, find_deletions, hide_deletions
from cardwright.model import Card, Collection, Deck, Kind, Selection, Side
from cardwright.project.document import suggest
from cardwright.project.schema import format_schemas, is_stale, name_schema_file
from cardwright.project.texts import SourceTexts
from cardwright.project.walk import resolve_media
from cardwright.project.words import count_words, drop_addresses, find_answer, normalize

_BRACKETED: Final = re.compile(r"^(.*?)\s*\(([^()]*)\)\s*$")
_FIELD_REF: Final = re.compile(r"\{\{\w+\}\}")
_SCHEMES: Final = ("http", "https", "mailto", "doi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """The inputs of a check."""

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
    """Run all CHECKS and apply each pack's severities to warnings."""
    found = dict.fromkeys(problem for rule in CHECKS for problem in rule(checking))
    return apply_checks(found, checking.collection.decks)


def apply_checks(problems: Iterable[Diagnostic], decks: Mapping[str, Deck]) -> list[Diagnostic]:
    """Apply the severities of each problem's pack."""
    kept = []
    for problem in problems:
        _, _, below = problem.span.path.partition("/")
        deck = decks.get(below.partition("/")[0])
        kept += apply_severities([problem], deck.severities if deck else {})
    return kept


def check_ids(checking: Checking) -> Iterator[Diagnostic]:
    """Report ids used by two cards of a pack, now or formerly."""
    owners: dict[str, Card] = {}
    for card in checking.collection.cards:
        for card_id in dict.fromkeys((card.id, *card.formerly)):
            first = owners.setdefault(f"{card.pack}:{card_id}", card)
            if first is not card:
                former = checking.texts.find(card.span_of("formerly"), card_id, whole=True)
                span = card.span if card_id == card.id else former
                yield diagnose(
                    "duplicate-id",
                    f"`{card_id}` is already used",
                    span,
                    help="choose another id; a published id never changes",
                    related=(Related(message="first used", span=first.span),),
                )


def check_namespaces(checking: Checking) -> Iterator[Diagnostic]:
    """Report packs with the namespace of another, whose cards Anki would take for the same."""
    collection = checking.collection
    packs = dict.fromkeys(card.pack for card in collection.cards)
    owners = {pack: pack for pack in packs if pack not in collection.decks}
    for pack, deck in collection.decks.items():
        other = owners.setdefault(deck.namespace, pack)
        if other != pack:
            yield diagnose(
                "duplicate-id",
                f"`{deck.namespace}` is already the namespace of the pack `{other}`",
                deck.span_of("namespace"),
                help="write another `namespace`",
            )


def check_blueprint_refs(checking: Checking) -> Iterator[Diagnostic]:
    """Report lessons and objectives that are not in the pack's blueprint."""
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
        for objective in card.all_objectives:
            if objective not in blueprint.objectives:
                key = "objectives" if objective in card.objectives else "objective"
                span = checking.texts.find(card.span_of(key), objective, whole=True)
                yield diagnose(
                    "unknown-objective",
                    f"there is no objective `{objective}`",
                    span,
                    help=f"see the objectives of {blueprint.span.path}",
                )


def check_decks(checking: Checking) -> Iterator[Diagnostic]:
    """Report decks that select no cards, and cards that no deck selects."""
    collection = checking.collection
    asked = [card for card, _ in checking.asked()]
    for pack, deck in collection.decks.items():
        placed, left = place_cards(deck, asked)
        if pack not in collection.incomplete:
            has_cards = any(card.pack == pack for card in asked)
            yield from _check_empty(deck, placed, has_cards=has_cards)
        for card in left:
            yield diagnose(
                "card-in-no-deck",
                f"no deck selects `{card.id}`",
                card.span,
                help=f"widen a `select` in {deck.span.path}",
            )
    for pack, count in Counter(card.pack for card in asked).items():
        manifest = f"decks/{pack}/deck.yaml"
        if pack not in collection.decks and not (checking.root / manifest).exists():
            first = next(card for card in asked if card.pack == pack)
            cards = "1 card is" if count == 1 else f"{count} cards are"
            yield diagnose(
                "card-in-no-deck",
                f"the pack `{pack}` has no deck, so {cards} never built",
                first.span,
                help=f"add {manifest}",
            )


def _check_empty(
    deck: Deck, placed: Mapping[tuple[str, ...], Sequence[Card]], *, has_cards: bool
) -> Iterator[Diagnostic]:
    if not has_cards:
        yield diagnose(
            "empty-deck",
            f"the pack `{deck.pack}` has no cards",
            deck.span,
            help=f"add some in cards/{deck.pack}/, or remove decks/{deck.pack}/",
        )
        return
    for path, part in deck.walk():
        # A deck for the remaining cards may be empty, and sub-decks may take all cards of theirs.
        if part.select in {None, Selection()} or any(
            part.select.takes(card)
            for below, cards in placed.items()
            if below[: len(path)] == path
            for card in cards
        ):
            continue
        yield diagnose(
            "empty-deck",
            f"the deck `{'::'.join(path)}` selects no cards",
            part.span,
            help="change its `select`; a card goes to the first deck that selects it",
        )


def check_deck_values(checking: Checking) -> Iterator[Diagnostic]:
    """Report kinds, lessons and cards named in a manifest that do not exist."""
    collection = checking.collection
    for pack, deck in collection.decks.items():
        exam = collection.blueprints.get(pack)
        lessons = tuple(exam.lessons) if exam else ()
        ids = {card.id for card in collection.cards if card.pack == pack}
        kinds = tuple(collection.kinds)
        for name in deck.order:
            yield from _check_value(deck, "order", "kind", name, kinds)
        for _, part in deck.walk():
            select = part.select or Selection()
            for name in select.kinds:
                yield from _check_value(part, "kind", "kind", name, kinds)
            for name in select.lessons if exam else ():
                yield from _check_value(part, "lesson", "lesson", name, lessons)
            for name in select.ids if pack not in collection.incomplete else ():
                yield from _check_value(part, "id", "card", name, tuple(ids))


def _check_value(
    deck: Deck, key: str, noun: str, name: str, known: Sequence[str]
) -> Iterator[Diagnostic]:
    if not name or name in known:
        return
    # Suggestions are useless for lesson numbers, which all look alike; cards may be thousands.
    listed = (
        f"lessons: {', '.join(known)}" if noun == "lesson" else suggest(name, known, f"{noun}s")
    )
    help = "see `cards list`" if noun == "card" and listed.startswith("cards: ") else listed
    yield diagnose(
        "bad-value" if noun == "card" else f"unknown-{noun}",
        f"there is no {noun} `{name}`",
        deck.span_of(key, name),
        help=help,
    )


def check_signals(checking: Checking) -> Iterator[Diagnostic]:
    """Report kinds named in the signals of an exam that do not exist."""
    kinds = tuple(checking.collection.kinds)
    for blueprint in checking.collection.blueprints.values():
        for signal in blueprint.signals.values():
            for name in signal.measure.kinds if signal.measure else ():
                if name not in kinds:
                    yield diagnose(
                        "unknown-kind",
                        f"there is no kind `{name}` for this signal to measure",
                        signal.span,
                        help=suggest(name, kinds, "kinds"),
                    )


def check_coverage(checking: Checking) -> Iterator[Diagnostic]:
    """Report objectives, lessons and domains that no card covers."""
    for pack, blueprint in checking.collection.blueprints.items():
        if pack in checking.collection.incomplete:
            continue
        cards = [card for card, _ in checking.asked() if card.pack == pack]
        lessons = {card.lesson for card in cards}
        for lesson in blueprint.lessons.values():
            if cards and lesson.id not in lessons:
                yield diagnose(
                    "lesson-without-card",
                    f"no card belongs to lesson {lesson}",
                    lesson.span,
                    help=f'add one, or add `lesson: "{lesson.id}"` to cards that do',
                )
        yield from _check_domains(checking.collection, blueprint, cards)
        covered = {objective for card in cards for objective in card.all_objectives}
        for objective in blueprint.objectives.values():
            if objective.id not in covered:
                yield diagnose(
                    "objective-without-card",
                    f"no card covers objective {objective.id}: {objective.about}",
                    objective.span,
                    help=f'add one, or add `objectives: ["{objective.id}"]` to a card that does',
                )


def _check_domains(
    collection: Collection, blueprint: Blueprint, cards: Sequence[Card]
) -> Iterator[Diagnostic]:
    """Report domains without questions for a mock exam, if other domains have some."""
    asking = {name for name, kind in collection.kinds.items() if kind.options}
    found = {blueprint.domain_of(card.lesson) for card in cards if card.kind in asking}
    for domain in blueprint.domains.values() if found - {None} else ():
        if domain.weight and domain not in found:
            yield diagnose(
                "domain-without-question",
                f"a mock exam has no questions on {domain.name}, which is {domain.weight:g} percent of it",
                domain.span,
                help=f"write cards with options ({', '.join(sorted(asking))}) for its lessons",
            )


def check_texts(checking: Checking) -> Iterator[Diagnostic]:
    """Report problems in Markdown, clozes, maths, links and images."""
    for card in checking.collection.cards:
        kind = checking.collection.kinds[card.kind]
        for key, text, text_type in list_texts(card, kind):
            rendered = render_text(checking.renderer, kind, key, text, text_type)
            for problem in rendered.problems:
                yield _place_problem(checking, problem, text, card.span_of(key))
            for image in rendered.images:
                yield from _check_image(checking, card, key, image)


def _check_image(checking: Checking, card: Card, key: str, image: str) -> Iterator[Diagnostic]:
    path, code = resolve_media(checking.root, card, image)
    if path is not None:
        return
    if code == "media-missing":
        message = f"there is no file `{image}`"
        help = "write the path relative to the folder of the card's file"
    else:
        message = f"`{image}` is outside the project"
        help = "move the file into a media/ folder of the project"
    yield diagnose(code, message, checking.texts.find(card.span_of(key), image), help=help)


def check_descriptions(checking: Checking) -> Iterator[Diagnostic]:
    """Report problems in the Markdown of deck descriptions, which Anki renders."""
    for root in checking.collection.decks.values():
        for _, deck in root.walk():
            rendered = checking.renderer.render_block(deck.description)
            place = deck.span_of("description")
            for problem in rendered.problems:
                if problem.code == "unbalanced-maths":
                    continue  # Anki does not render maths there, so a dollar is just a dollar
                yield _place_problem(checking, problem, deck.description, place)
            for image in rendered.images:
                yield diagnose(
                    "bad-link",
                    f"a description cannot show the image `{image}`",
                    checking.texts.find(place, image),
                    help="put it on a card",
                )


def check_asks(checking: Checking) -> Iterator[Diagnostic]:
    """Report problems in the Markdown around the fields of a question, in kinds of the project."""
    for kind in checking.collection.kinds.values():
        for side in kind.sides if kind.spans else ():
            text = _FIELD_REF.sub(lambda match: "x" * len(match[0]), side.ask)
            for problem in checking.renderer.render_block(text).problems:
                start = problem.start if problem.start >= 0 else text.find(problem.quote)
                written = side.ask[start : start + len(problem.quote)]
                place = kind.spans.get(f"side {side.name}", kind.spans[""])
                shown = replace(problem, quote=written, start=start)
                yield _place_problem(checking, shown, side.ask, place)


def _place_problem(checking: Checking, problem: TextProblem, text: str, span: Span) -> Diagnostic:
    """Convert a problem in a text at a span, or in the list there, into a diagnostic."""
    start = problem.start if problem.start >= 0 else text.find(problem.quote)
    if problem.quote and start >= 0:
        span = checking.texts.find_at(span, text, start, len(problem.quote))
    return diagnose(problem.code, problem.message, span, help=problem.help)


def check_sources(checking: Checking) -> Iterator[Diagnostic]:
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
            if source.url and urlsplit(source.url).scheme.lower() not in _SCHEMES:
                yield diagnose(
                    "unsafe-link",
                    f"`{source.url}` is not a web address, so it will not be a link",
                    checking.texts.find(card.span_of("sources"), source.url),
                    help="make it start with https://",
                )


def check_questions(checking: Checking) -> Iterator[Diagnostic]:
    """Report cards with the same question, ignoring case, punctuation and emphasis."""
    seen: dict[tuple[str, str, str], Card] = {}
    for card, kind in checking.asked():
        side = kind.sides[0]
        question = normalize(_question_of(card, side))
        first = seen.setdefault((card.pack, side.ask, question), card)
        if question and first is not card:
            yield diagnose(
                "near-duplicate",
                f"`{card.id}` asks the same question as `{first.id}`",
                card.span_of(kind.fields[0].name),
                help="keep one of them, or make the questions distinct",
                related=(Related(message="the other card", span=first.span),),
            )


def check_answers(checking: Checking) -> Iterator[Diagnostic]:
    """Report questions that contain their answer, and texts that are too long to learn."""
    for card, kind in checking.asked():
        yield from _check_lengths(card, kind)
        if kind.cloze:
            shown = hide_deletions(card.text(kind.cloze))
            given = [deletion.text for deletion in find_deletions(card.text(kind.cloze))[0]]
            yield from _check_giveaway(checking, card.span_of(kind.cloze), shown, given)
            continue
        for side in kind.sides:
            answer = card.text(side.show[0])
            if answer and (side.when is None or card.fields.get(side.when)):
                shown = _question_of(card, side)
                answer = drop_addresses(answer)
                bracketed = _BRACKETED.match(answer)
                given = list(bracketed.groups()) if bracketed else [answer]
                place = card.span_of(list_asked(side)[0])
                yield from _check_giveaway(checking, place, shown, given)


def _check_giveaway(
    checking: Checking, place: Span, shown: str, answers: list[str]
) -> Iterator[Diagnostic]:
    if answer := find_answer(shown, answers):
        yield diagnose(
            "answer-in-question",
            f"the question gives away its answer: {' '.join(answer.split())}",
            checking.texts.find(place, answer.strip(), whole=True),
            help="reword the question without it",
        )


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


def check_schemas(checking: Checking) -> Iterator[Diagnostic]:
    """Report schemas that were written before the kinds changed, as editors then mislead."""
    if not (checking.root / "schemas").is_dir():
        return
    for name, text in format_schemas(checking.collection.kinds).items():
        if is_stale(checking.root, name, text):
            yield diagnose(
                "stale-schema",
                "this schema does not match the kinds of the project, or this version of Cardwright",
                Span(path=name_schema_file(name), line=1, column=1),
                help="run `cards schema --write`",
            )
            return


CHECKS: Final[tuple[Callable[[Checking], Iterator[Diagnostic]], ...]] = (
    check_ids,
    check_namespaces,
    check_blueprint_refs,
    check_decks,
    check_deck_values,
    check_signals,
    check_coverage,
    check_texts,
    check_descriptions,
    check_asks,
    check_sources,
    check_questions,
    check_answers,
    check_schemas,
)
"""To add a check, write a function and list it here."""

"""Checks across files, once all sources are read: cards, decks and exams against each other."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from cardwright.blueprint import MIN_MOCKS, Blueprint, Pool, count_askable, group_sizes
from cardwright.diagnostic import Diagnostic, Related, Span, apply_severities, diagnose
from cardwright.item import place_cards
from cardwright.model import Card, CardHead, Collection, Deck, Selection
from cardwright.pattern import first_name, has_wildcard, is_match
from cardwright.project.cache import make_key
from cardwright.project.checking import Checking
from cardwright.project.schema_file import is_stale, name_schema_file
from cardwright.text import count, list_names, suggest, to_nfc

_MAX_SUGGESTED: Final = 5
"""The maximum of unknown ids for which a similar one is looked for."""


def check(checking: Checking) -> list[Diagnostic]:
    """Add what CHECKS find to what was found in files, and apply each pack's severities to warnings."""
    found = chain.from_iterable(findings.problems for _, findings in checking.files)
    across = chain.from_iterable(rule(checking) for rule in CHECKS)
    return apply_checks(dict.fromkeys(chain(found, across)), checking.collection.decks)


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
    owners: dict[str, CardHead] = {}
    for card in checking.collection.heads:
        for card_id in dict.fromkeys((card.id, *card.formerly)) if card.formerly else (card.id,):
            first = owners.setdefault(f"{card.pack}:{card_id}", card)
            if first is not card:
                former = checking.collection.load(card).span_of("formerly")
                is_former = card_id != card.id
                span = checking.texts.find(former, card_id) if is_former else card.span
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
    packs = dict.fromkeys(card.pack for card in collection.heads)
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
    collection = checking.collection
    unknown = 0
    for head in collection.heads if collection.blueprints else ():
        blueprint = collection.blueprints.get(head.pack)
        if blueprint is None:
            continue
        if head.lesson is not None and head.lesson not in blueprint.lessons:
            yield diagnose(
                "unknown-lesson",
                f"there is no lesson `{head.lesson}`",
                collection.load(head).span_of("lesson"),
                help=f"lessons of {blueprint.span.path}: {list_names(blueprint.lessons, none='none')}",
            )
        missing = [name for name in head.all_objectives if name not in blueprint.objectives]
        if missing:
            card = collection.load(head)
            listed = frozenset(card.objectives)
            for objective in missing:
                key = "objectives" if objective in listed else "objective"
                unknown += 1
                help = f"see the objectives of {blueprint.span.path}"
                # To look for a similar one among thousands takes time.
                if unknown <= _MAX_SUGGESTED:
                    what = f"objectives of {blueprint.span.path}"
                    help = suggest(objective, blueprint.objectives, what)
                yield diagnose(
                    "unknown-objective",
                    f"there is no objective `{objective}`",
                    checking.texts.find(card.span_of(key), objective),
                    help=help,
                )


def check_decks(checking: Checking) -> Iterator[Diagnostic]:
    """Report decks that select no cards, and cards that no deck selects."""
    collection = checking.collection
    asked = checking.asked_by_pack()
    for pack, deck in collection.decks.items():
        placed, left = place_cards(deck, asked.get(pack, []))
        if pack not in collection.incomplete:
            yield from _check_empty(deck, placed, has_cards=pack in asked)
        for card in left:
            yield diagnose(
                "card-in-no-deck",
                f"no deck selects `{card.id}`",
                card.span,
                help=f"widen a `select` in {deck.span.path}",
            )
    unused = [pack for pack in collection.decks if pack not in asked]
    for pack, cards in asked.items():
        manifest = f"decks/{pack}/deck.yaml"
        if pack not in collection.decks and _is_missing(checking.root / manifest):
            number = "1 card is" if len(cards) == 1 else f"{len(cards)} cards are"
            yield diagnose(
                "card-in-no-deck",
                f"the pack `{pack}` has no deck, so {number} never built",
                cards[0].span,
                help=f"if you renamed the pack, rename decks/{unused[0]}/ to decks/{pack}/ as well"
                if len(unused) == 1
                else f"add {manifest}",
            )


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        # It may be there, and is reported if it is.
        return False
    return False


def _check_empty(
    deck: Deck, placed: Mapping[tuple[str, ...], Sequence[CardHead]], *, has_cards: bool
) -> Iterator[Diagnostic]:
    if not has_cards:
        yield diagnose(
            "empty-deck",
            f"the pack `{deck.pack}` has no cards",
            deck.span,
            help=f"add some in cards/{deck.pack}/, or remove decks/{deck.pack}/",
        )
        return
    paths = list(placed)
    places = {path: place for place, path in enumerate(paths)}
    for path, part in deck.walk():
        # A deck for the remaining cards may be empty, and sub-decks may take all cards of theirs.
        if part.select in {None, Selection()} or placed[path]:
            continue
        below = _list_below(paths, places[path])
        if any(part.select.takes(card) for other in below for card in placed[other]):
            continue
        yield diagnose(
            "empty-deck",
            f"the deck `{'::'.join(path)}` selects no cards",
            part.span,
            help="change its `select`; a card goes to the first deck that selects it",
        )


def _list_below(paths: Sequence[tuple[str, ...]], place: int) -> Iterator[tuple[str, ...]]:
    """Yield the paths of a deck's sub-decks, which follow its own."""
    path = paths[place]
    for below in islice(paths, place + 1, None):
        if below[: len(path)] != path:
            return
        yield below


def check_deck_values(checking: Checking) -> Iterator[Diagnostic]:
    """Report kinds, lessons, cards and files named in a manifest that do not exist."""
    collection = checking.collection
    ids_by_pack: dict[str, dict[str, None]] = defaultdict(dict)
    files_by_pack: dict[str, dict[str, None]] = defaultdict(dict)
    for file, _ in checking.files:
        ids_by_pack[file.pack].update((card.id, None) for card in file.heads)
        files_by_pack[file.pack].update((card.file, None) for card in file.heads[:1])
    for pack, deck in collection.decks.items():
        files = _Files(files_by_pack[pack])
        suggested = 0
        exam = collection.blueprints.get(pack)
        lessons = exam.lessons if exam else {}
        ids = ids_by_pack[pack]
        kinds = collection.kinds
        for name in deck.order:
            yield from _check_value(deck, "order", "kind", name, kinds)
        for _, part in deck.walk():
            select = part.select or Selection()
            for name in select.kinds:
                yield from _check_value(part, "kind", "kind", name, kinds)
            for name in select.lessons if exam else ():
                yield from _check_value(part, "lesson", "lesson", name, lessons)
            unknown = (
                ()
                if pack in collection.incomplete
                else sorted(name for name in select.ids if name not in ids)
            )
            for name in unknown:
                # To look for a similar one among thousands takes time.
                known = ids if suggested < _MAX_SUGGESTED else {}
                suggested += 1
                yield from _check_value(part, "id", "card", name, known)
            if pack not in collection.incomplete:
                yield from _check_files(part, select.files, files)


class _Files:
    """The files of a pack, in which patterns are looked for: there may be thousands of both."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self._by_first: dict[str, list[str]] = defaultdict(list)
        self._folders: set[str] = set()
        self._suggested = 0
        for name in names:
            self._by_first[name.partition("/")[0]].append(name)
            folder = name.rpartition("/")[0]
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]

    def has(self, pattern: str) -> bool:
        """Tell whether a pattern matches a file."""
        if not has_wildcard(pattern):
            return pattern in self._names
        first = first_name(pattern)
        names = self._names if first is None else self._by_first.get(first, ())
        return any(is_match(name, pattern) for name in names)

    def explain(self, pattern: str, pack: str) -> str:
        """Return what to write in place of a pattern that matches nothing."""
        folder = pattern.rstrip("/")
        if folder in self._folders:
            return f"write `{folder}/**` for all files in this folder"
        self._suggested += 1
        help = f"write its path below cards/{pack}/"
        if self._names and self._suggested <= _MAX_SUGGESTED:
            return f"{help}; {suggest(pattern, self._names, 'files')}"
        return help


def _check_files(deck: Deck, patterns: Iterable[str], files: _Files) -> Iterator[Diagnostic]:
    for pattern in patterns:
        if not files.has(pattern):
            yield diagnose(
                "bad-value",
                f"no file with cards matches `{pattern}`",
                deck.span_of("file", pattern),
                help=files.explain(pattern, deck.pack),
            )


def _check_value(
    deck: Deck, key: str, noun: str, name: str, known: Mapping[str, object]
) -> Iterator[Diagnostic]:
    if not name or name in known:
        return
    # Suggestions are useless for lesson numbers, which all look alike; cards may be thousands.
    listed = (
        f"lessons: {list_names(known)}" if noun == "lesson" else suggest(name, known, f"{noun}s")
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
    kinds = checking.collection.kinds
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
    blueprints = checking.collection.blueprints
    asked = checking.asked_by_pack() if blueprints else {}
    for pack, blueprint in blueprints.items():
        if pack in checking.collection.incomplete:
            continue
        cards = asked.get(pack, [])
        lessons = {card.lesson for card in cards}
        for lesson in blueprint.lessons.values():
            if cards and lesson.id not in lessons:
                yield diagnose(
                    "lesson-without-card",
                    f"no card belongs to lesson {lesson}",
                    lesson.span,
                    help=f'add one, or add `lesson: "{lesson.id}"` to cards that do',
                )
        pool = _count_questions(checking.collection, blueprint, cards)
        yield from _check_domains(checking.collection, blueprint, pool)
        yield from _check_pool(blueprint, pool)
        covered = {objective for card in cards for objective in card.all_objectives}
        for objective in blueprint.objectives.values():
            if objective.id not in covered:
                yield diagnose(
                    "objective-without-card",
                    f"no card covers objective {objective.id}: {objective.about}",
                    objective.span,
                    help=f'add one, or add `objectives: ["{objective.id}"]` to a card that does',
                )


def _count_questions(
    collection: Collection, blueprint: Blueprint, cards: Iterable[CardHead]
) -> Pool:
    """Count the cards that a mock exam can ask."""
    domains = blueprint.domains_by_lesson
    return Counter(
        (domains[card.lesson].id, card.siblings)
        for card in cards
        if card.lesson in domains and _has_options(collection, card)
    )


def _has_options(collection: Collection, card: CardHead) -> bool:
    kind = collection.kinds[card.kind]
    if kind.options is None:
        return False
    return kind.field(kind.options).required or bool(collection.load(card).options)


def _check_domains(
    collection: Collection, blueprint: Blueprint, pool: Pool
) -> Iterator[Diagnostic]:
    """Report domains without questions for a mock exam, if other domains have some."""
    asking = {name for name, kind in collection.kinds.items() if kind.options}
    filled = {domain for domain, _ in pool}
    for domain in blueprint.domains.values() if pool else ():
        if domain.weight and domain.id not in filled:
            yield diagnose(
                "domain-without-question",
                f"a mock exam has no questions on {domain.name}, which is {domain.weight:g} percent of it",
                domain.span,
                help=f"write cards with options ({list_names(sorted(asking))}) for its lessons",
            )


def _check_pool(blueprint: Blueprint, pool: Pool) -> Iterator[Diagnostic]:
    """Report an exam whose questions are not enough for MIN_MOCKS mock exams, if it has some."""
    sizes = group_sizes(pool)
    lacking = {
        domain: missing
        for domain, share in blueprint.share_out().items()
        if (missing := MIN_MOCKS * share - count_askable(sizes.get(domain, ()), MIN_MOCKS)) > 0
    }
    if pool and lacking:
        more = [
            f"{missing:,} more on {blueprint.domains[domain].name}"
            for domain, missing in lacking.items()
        ]
        exams = count(blueprint.count_mocks(pool), "mock exam")
        yield diagnose(
            "few-questions",
            f"the questions are enough for {exams} without repetition; {MIN_MOCKS} need "
            f"{list_names(more)}",
            blueprint.span,
            help="write more cards with options for their lessons; until then, mock exams repeat some",
        )


def check_reserved(checking: Checking) -> Iterator[Diagnostic]:
    """Report reserved cards that no mock exam can ask, so that they are never asked."""
    collection = checking.collection
    for card in collection.heads:
        if card.withdrawn != "reserved":
            continue
        blueprint = collection.blueprints.get(card.pack)
        domain = blueprint.domain_of(card.lesson) if blueprint else None
        if blueprint is None:
            why = f"the pack `{card.pack}` has no exam"
        elif not _has_options(collection, card):
            why = "it has no options to choose from"
        elif domain is None or not domain.weight:
            why = "it is in no lesson that the exam asks about"
        else:
            continue
        yield diagnose(
            "never-asked",
            f"`{card.id}` is reserved for mock exams, but none can ask it: {why}",
            collection.load(card).span_of("reserved"),
            help="remove `reserved`",
        )


def check_twins(checking: Checking) -> Iterator[Diagnostic]:
    """Report twins whose options are not the same, or not right equally often."""
    collection = checking.collection
    sets: dict[str, list[CardHead]] = defaultdict(list)
    for head in collection.heads:
        if head.twins is not None and head.retired is None:
            sets[head.siblings].append(head)
    for heads in sets.values():
        # Of a pack with errors, the others may be missing.
        if heads[0].pack not in collection.incomplete:
            yield from _check_twins(collection, [collection.load(head) for head in heads])


def _check_twins(collection: Collection, cards: Sequence[Card]) -> Iterator[Diagnostic]:
    """Report what is wrong with a set of twins."""
    name = cards[0].twins
    if len(cards) == 1:
        yield diagnose(
            "uneven-twins",
            f"no other card has the twins `{name}`",
            cards[0].span_of("twins"),
            help="write the others, or remove `twins`",
        )
        return
    texts = [frozenset(option.text for option in card.options) for card in cards]
    (usual, _), *others = Counter(texts).most_common()
    model = cards[texts.index(usual)]
    for card, own in zip(cards, texts, strict=True):
        if own != usual:
            yield diagnose(
                "uneven-twins",
                f"the options of `{card.id}` are not those of `{model.id}`",
                card.span_of("twins"),
                help="write the same options word for word, or give it other `twins`",
                related=(Related(message="the other card", span=model.span),),
            )
    domains = {domain.id: card for card in cards if (domain := collection.domain_of(card))}
    if len(domains) > 1:
        yield diagnose(
            "uneven-twins",
            f"the twins `{name}` are in the domains {list_names(domains)}",
            list(domains.values())[-1].span_of("twins"),
            help="write twins for each domain: a mock exam draws from each by itself",
        )
    if others or not usual:
        return
    rights = Counter(option.text for card in cards for option in card.options if option.right)
    often, seldom = (end(sorted(usual), key=rights.__getitem__) for end in (max, min))
    if rights[often] > rights[seldom]:
        yield diagnose(
            "uneven-twins",
            f"of the twins `{name}`, `{often}` is right on {rights[often]} and `{seldom}` on "
            f"{rights[seldom]}",
            model.span_of("twins"),
            help="make each option right equally often, or those who know the set can guess",
        )


def check_mentions(checking: Checking) -> Iterator[Diagnostic]:
    """Report media that are missing, wrong or shown as text."""
    mentions = [one for _, findings in checking.files for one in findings.mentions]
    if mentions:
        from cardwright.project.mentions import explain_mentions  # noqa: PLC0415  (few have media)

        yield from explain_mentions(mentions, checking.media, checking.texts)


def check_frames(checking: Checking) -> Iterable[Diagnostic]:
    """Report problems in Markdown beside that of cards: in descriptions of decks, and in kinds."""
    keys = (checking.kinds_key, checking.decks_key)
    key = make_key("frames", *filter(None, keys)) if all(keys) else None
    found = checking.cache.recall(key, tuple[Diagnostic, ...])
    if found is None:
        from cardwright.project.check_texts import (  # noqa: PLC0415  (they seldom change)
            check_asks,
            check_descriptions,
        )

        found = (*check_descriptions(checking), *check_asks(checking))
        # The files may have changed since they were loaded, and with them the places in them.
        if (
            key
            and checking.cache.is_lasting
            and all(checking.texts.is_as(*one) for one in checking.digests.items())
        ):
            checking.cache.keep(key, found)
    return found


def check_kind_media(checking: Checking) -> Iterator[Diagnostic]:
    """Report files of adopted note types that are not there, or that share a name in Anki."""
    owners: dict[str, tuple[Path, Span]] = {}
    for kind in checking.collection.kinds.values():
        for written in kind.adopted.media if kind.adopted else ():
            span = checking.texts.find(kind.spans["media"], written)
            found = checking.media.look_up_of_kind(kind, written)
            if not isinstance(found, Path):
                yield diagnose(found.code, found.message, span, help=found.help)
                continue
            first, place = owners.setdefault(to_nfc(found.name), (found, span))
            if first != found:
                yield diagnose(
                    "duplicate-id",
                    f"another file is called `{found.name}`, too",
                    span,
                    help="rename one, here and in the templates: Anki has one folder for all files",
                    related=(Related(message="first used", span=place),),
                )


def check_questions(checking: Checking) -> Iterator[Diagnostic]:
    """Report cards with the same question, ignoring case, punctuation and emphasis."""
    collection = checking.collection
    seen: dict[tuple[str, bytes], CardHead] = {}
    for file, findings in checking.files:
        for card, question in zip(file.heads, findings.questions, strict=True):
            first = seen.setdefault((file.pack, question), card)
            if question and first is not card:
                name = collection.kinds[card.kind].fields[0].name
                yield diagnose(
                    "near-duplicate",
                    f"`{card.id}` asks the same question as `{first.id}`",
                    collection.load(card).span_of(name),
                    help="keep one of them, or make the questions distinct",
                    related=(Related(message="the other card", span=first.span),),
                )


def check_schemas(checking: Checking) -> Iterator[Diagnostic]:
    """Report schemas that were written before the kinds changed, as editors then mislead."""
    if not os.path.isdir(checking.root / "schemas"):  # noqa: PTH112  (pathlib may raise)
        return

    def make() -> dict[str, str]:
        from cardwright.project.schema import format_schemas  # noqa: PLC0415  (imports YAML)

        return format_schemas(checking.collection.kinds)

    key = checking.kinds_key and make_key("schemas", checking.kinds_key)
    made = checking.cache.ask(key, dict[str, str], make)
    for name, text in made.items():
        if is_stale(checking.root, name, text):
            yield diagnose(
                "stale-schema",
                "this schema does not match the kinds of the project, or this version of Cardwright",
                Span(path=name_schema_file(name), line=1, column=1),
                help="run `cards schema --write`",
            )
            return


CHECKS: Final[tuple[Callable[[Checking], Iterable[Diagnostic]], ...]] = (
    check_ids,
    check_namespaces,
    check_blueprint_refs,
    check_decks,
    check_deck_values,
    check_signals,
    check_coverage,
    check_reserved,
    check_twins,
    check_mentions,
    check_frames,
    check_kind_media,
    check_questions,
    check_schemas,
)
"""The checks across files. To add one, write a function and list it here.

A check of cards that needs nothing outside of their file belongs into `check_cards`.
"""

"""`Incoming` → `Draft`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cardwright.adopt.card import ReadOwn, ValueReader, Values
from cardwright.adopt.clean import clean_tag
from cardwright.adopt.deck import ManifestMaker
from cardwright.adopt.draft import Draft, DraftCard, DraftPack, Known
from cardwright.adopt.ids import IdMaker, make_slug
from cardwright.adopt.kind import KindPlan, KindPlanner
from cardwright.adopt.kind_file import make_kind_file
from cardwright.adopt.layout import FilePlanner, NotePlan, PackPlan
from cardwright.adopt.media import KindMediaPlan, MediaPlan, find_named, is_for_templates
from cardwright.adopt.survey import Survey, survey_notes
from cardwright.html import TooLargeError
from cardwright.incoming import Incoming, IncomingNote, LossCounter, cut_deck
from cardwright.markdown.cloze import find_deletions

_SCRIPT: Final = "<script"
_FORMULA: Final = re.compile(r"latex-[0-9a-f]{40}\.(?:png|svg)")
_MAX_GUID_LENGTH: Final = 128


def make_draft(
    incoming: Incoming,
    known: Known,
    *,
    read_values: ReadOwn | None = None,
) -> Draft:
    """Return what is to be written for an incoming deck.

    `read_values` reads notes of Cardwright's own note types; without it, they are read like others.
    """
    return _Maker(incoming, known, read_values).make()


class _Maker:
    """Makes one draft."""

    def __init__(
        self,
        incoming: Incoming,
        known: Known,
        read_values: ReadOwn | None,
    ) -> None:
        self._incoming = incoming
        self._known = known
        self._losses = LossCounter()
        for loss in incoming.losses:
            self._losses.add(loss.what, loss.first, loss.example, loss.count)
        self._reader = ValueReader(incoming.markup, read_values)
        self._ids: dict[str, IdMaker] = {}
        """By pack."""
        self._cards: dict[str, list[DraftCard]] = defaultdict(list)
        """By pack."""
        taken = (path for pack in known.packs.values() for path in pack.files)
        self._media = MediaPlan(incoming, frozenset(taken))
        self._used: dict[str, dict[str, None]] = defaultdict(dict)
        """The names of the media that a pack uses."""
        self._filled: dict[str, Counter[str]] = defaultdict(Counter)
        """How many cards of a kind have a key."""
        self._made: Counter[str] = Counter()
        """How many cards a kind has."""
        self._guids: set[str] = set()
        self._left_out: dict[str, set[str]] = defaultdict(set)
        """By pack, as in `DraftPack.left_out`."""

    def make(self) -> Draft:
        incoming = self._incoming
        survey = survey_notes(incoming, incoming.read_notes())
        notes = FilePlanner(self._known, incoming.name).plan(survey.notes)
        packs = {plan.pack.name: plan.pack for plan in notes}
        self._keep_ids(packs.values(), notes)
        others = (pack.deck for name, pack in self._known.packs.items() if name not in packs)
        manifests = ManifestMaker(incoming.name, incoming.decks, others, self._losses)
        plans = self._plan_kinds(survey, next(iter(packs), ""))
        kind_media = self._plan_kind_media(plans.values())
        for note, place in zip(incoming.read_notes(), notes, strict=True):
            self._add(plans[note.type], note, place)
        self._keep_files(packs.values())
        self._report_unused(kind_media.values())
        kinds = {
            plan.name: make_kind_file(
                plan, self._list_required(plan.name), kind_media_of, self._losses
            )
            for plan, kind_media_of in self._list_new(plans.values(), kind_media)
        }
        return Draft(
            packs=tuple(
                self._make_pack(pack, manifests.make(pack))
                for pack in packs.values()
                if self._cards[pack.name]
            ),
            kinds=kinds,
            type_times_s={plan.name: plan.type.mod_s for plan in plans.values() if plan.is_adopted},
            media=self._media.paths,
            kind_media={
                name: path for paths in kind_media.values() for name, path in paths.items()
            },
            losses=self._losses.list_losses(),
        )

    def _plan_kinds(self, survey: Survey, pack: str) -> dict[str, KindPlan]:
        planner = KindPlanner(self._known.kinds)
        return {
            key: planner.plan(self._incoming.types[key], found, pack)
            for key, found in survey.types.items()
        }

    def _keep_ids(self, packs: Iterable[PackPlan], notes: Iterable[NotePlan]) -> None:
        """Take the ids of cards that stay, but for those whose notes come again."""
        back: dict[str, set[str]] = defaultdict(set)
        for note in notes:
            if note.known:
                back[note.pack.name].add(note.known.id)
        for pack in packs:
            known = pack.known
            taken = set(known.ids) - back[pack.name] if known else set()
            if known and known.is_adopted:
                # What comes without a guid again is known by its id.
                taken -= {card.id for card in known.cards.values() if not card.has_guid}
            self._ids[pack.name] = IdMaker(taken)

    def _add(self, plan: KindPlan, note: IncomingNote, place: NotePlan) -> None:
        pack = place.pack.name
        if note.guid is not None and note.guid in self._guids:
            self._losses.add("note with the guid of another", note.place, note.guid)
            return
        used: dict[str, None] = {}
        find_media = self._media.make_finder(place.file, note.folder, used)
        try:
            values = self._reader.read(plan, note, find_media)
        except TooLargeError:
            self._leave_out("note with a text that is too long", note, pack)
            return
        if lacking := _find_lacking(plan, values):
            self._leave_out(f"note without {lacking}", note, pack)
            return
        if note.guid is not None:
            self._guids.add(note.guid)
        self._used[pack] |= used
        card_id = self._make_id(pack, note, place, values)
        ref = f"{pack}:{card_id}"
        guid = self._read_guid(note, ref)
        is_adopted = bool(guid) and plan.is_adopted
        cleaned = self._clean_tags(values.tags, ref, is_adopted=is_adopted)
        tags = tuple(dict.fromkeys(cleaned))
        written: dict[str, Any] = {"guid": guid} if guid else {}
        written |= values.fields
        if tags:
            written["tags"] = list(tags)
        self._made[plan.name] += 1
        self._filled[plan.name].update(values.fields.keys())
        self._report_gaps(plan, values, ref)
        for losses in values.losses.values():
            for loss in losses:
                self._losses.add(loss.what, ref, loss.example)
        if place.deck != cut_deck(note.deck) or note.deck.count("::") > place.deck.count("::"):
            self._losses.add("deck that is nested too deeply", ref, note.deck)
        place.pack.files[place.deck][place.file] = None
        self._cards[pack].append(
            DraftCard(
                id=card_id,
                kind=plan.name,
                file=place.file,
                values=written,
                guid=note.guid,
                note_fields=values.note_fields,
                mod_s=note.mod_s,
                deck=note.deck,
                tags=tags,
                place=note.place,
                losses={
                    key: tuple(dict.fromkeys(loss.what for loss in losses))
                    for key, losses in values.losses.items()
                    if losses
                },
            )
        )

    def _keep_files(self, packs: Iterable[PackPlan]) -> None:
        """Let decks keep the files of cards whose notes are not in the incoming deck."""
        for pack in packs:
            drafted = {card.id for card in self._cards[pack.name]}
            for card in pack.known.cards.values() if pack.known else ():
                if card.deck is not None and card.id not in drafted:
                    pack.files[cut_deck(card.deck)][card.file] = None

    def _leave_out(self, what: str, note: IncomingNote, pack: str) -> None:
        self._losses.add(what, note.place)
        if note.guid is not None:
            self._left_out[pack].add(note.guid)

    def _make_id(self, pack: str, note: IncomingNote, place: NotePlan, values: Values) -> str:
        ids = self._ids[pack]
        own = values.key.partition(":")[2]
        if place.known and ids.keep(place.known.id):
            return place.known.id
        for card_id in (own, note.id, make_slug(note.id)):
            if card_id and ids.keep(card_id):
                return card_id
        return ids.make(values.texts, note.guid or f"{note.place}\0{note.fields}")

    def _read_guid(self, note: IncomingNote, ref: str) -> str:
        """Return the guid to write, or ""."""
        guid = note.guid or ""
        if guid.isprintable() and len(guid) <= _MAX_GUID_LENGTH:
            return guid
        self._losses.add("guid that cannot be written, so that people get a second note", ref)
        return ""

    def _clean_tags(self, tags: Iterable[str], ref: str, *, is_adopted: bool) -> Iterator[str]:
        for tag in tags:
            cleaned = clean_tag(tag, is_adopted=is_adopted)
            if not cleaned:
                self._losses.add("tag that Anki sets", ref, tag)
                continue
            if cleaned != tag:
                self._losses.add("tag that had to be changed", ref, f"{tag} → {cleaned}")
            yield cleaned

    def _report_gaps(self, plan: KindPlan, values: Values, ref: str) -> None:
        if plan.cloze and plan.is_adopted:
            text = values.fields.get(plan.cloze, "")
            if not find_deletions(text)[0]:
                self._losses.add("text without a gap, in a note type with gaps", ref)

    def _list_required(self, kind: str) -> set[str]:
        """Return the keys that all cards of a kind have."""
        made = self._made[kind]
        return {key for key, count in self._filled[kind].items() if count == made}

    def _plan_kind_media(self, plans: Iterable[KindPlan]) -> dict[str, dict[str, str]]:
        """Return the files that go with each kind: paths below `kinds/`, by name."""
        adopted = [plan for plan in plans if plan.is_adopted]
        names = frozenset(self._incoming.media)
        paths = KindMediaPlan()
        found: dict[str, dict[str, str]] = {}
        for plan in adopted:
            faces = (f"{one.front}\n{one.back}" for one in plan.type.templates)
            found[plan.name] = {
                name: paths.place(name) for name in find_named((plan.type.css, *faces), names)
            }
        # A script can name others.
        for plan in adopted:
            if any(_SCRIPT in f"{one.front}{one.back}".lower() for one in plan.type.templates):
                others = (name for name in self._incoming.media if is_for_templates(name))
                found[plan.name] |= {n: paths.place(n) for n in others if n not in paths.paths}
        return found

    def _list_new(
        self, plans: Iterable[KindPlan], media: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[KindPlan, list[str]]]:
        for plan in plans:
            if plan.is_new and self._made[plan.name]:
                yield plan, list(media.get(plan.name, {}).values())

    def _report_unused(self, kind_media: Iterable[Mapping[str, str]]) -> None:
        used = {name for paths in (self._media.paths, *kind_media) for name in paths}
        # Why others cannot be used is known already.
        used |= self._incoming.unfit_media
        for name in self._incoming.media:
            if name not in used:
                is_formula = _FORMULA.fullmatch(name)
                what = (
                    "picture of a LaTeX formula, which Anki makes itself"
                    if is_formula
                    else ("media file that no card uses")
                )
                self._losses.add(what, name)

    def _make_pack(self, pack: PackPlan, manifest: Mapping[str, Any]) -> DraftPack:
        return DraftPack(
            name=pack.name,
            deck=manifest,
            cards=tuple(self._cards[pack.name]),
            media=tuple(self._used[pack.name]),
            left_out=frozenset(self._left_out[pack.name]),
        )


def _find_lacking(plan: KindPlan, values: Values) -> str:
    """Return what a card of a kind that is not adopted cannot do without, but a note does; or ""."""
    if plan.is_adopted:
        return ""
    if plan.kind is None:
        required = [next(key for key in plan.keys if key not in {"extra", "sources", "lesson"})]
    else:
        required = [field.name for field in plan.kind.fields if field.required]
    lacking = next((key for key in required if not values.fields.get(key)), "")
    if not lacking and plan.cloze and not find_deletions(values.fields[plan.cloze])[0]:
        return "gaps"
    return lacking and f"`{lacking}`"

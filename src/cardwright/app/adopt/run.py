"""Adopting a deck into a project, or what is new in it since it was adopted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from cardwright.adopt.draft import Draft, DraftPack
from cardwright.adopt.make import make_draft
from cardwright.anki.adopted import ADOPTED_NAME, AdoptedPack, format_adopted
from cardwright.anki.adoption import Changed, publish_adopted
from cardwright.anki.ledger import LEDGER_NAME, Ledger, format_ledger, read_ledger
from cardwright.anki.notetype import make_note_types
from cardwright.anki.values import read_values
from cardwright.app.adopt.formats import open_deck
from cardwright.app.adopt.known import Before, find_own_namespace, look_at, refuse_unreadable
from cardwright.app.adopt.merge import PackMerge, describe_note, find_guid, merge_pack
from cardwright.app.adopt.write import (
    Stage,
    add_cards,
    edit_file,
    hash_file,
    hash_text,
    make_kind_text,
    make_manifest_text,
    place_file,
    stage_media,
    write_text,
)
from cardwright.app.garbage import gc_paused
from cardwright.app.lock import lock_project
from cardwright.diagnostic import Diagnostic
from cardwright.error import ProjectError
from cardwright.files import find_below, find_real, write_below
from cardwright.incoming import Incoming, IncomingNote, Loss, LossCounter
from cardwright.markdown.render import Renderer
from cardwright.model import Collection, Kind
from cardwright.progress import track
from cardwright.project.document import Document
from cardwright.project.kind import parse_kind
from cardwright.project.load import load
from cardwright.project.media import MediaLibrary
from cardwright.project.schema import format_schemas
from cardwright.project.schema_file import name_schema_file
from cardwright.project.start import make_shared_files, make_title
from cardwright.project.walk import find_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for."""

    source: Path
    folder: Path
    """The working folder."""
    into: str = ""
    """The pack that gets all cards; "" for one for each top-level deck."""
    columns: Sequence[str] = ()
    """What the columns of a table hold."""


@dataclass(slots=True, kw_only=True)
class Adopted:
    """What was adopted into a pack."""

    pack: str
    deck: str
    """The name of its top deck."""
    is_new: bool
    merge: PackMerge
    kept: list[str] = field(default_factory=list)
    """Files that have changed in the deck, and here: those of here stay."""
    replaced: list[str] = field(default_factory=list)
    """Files that were not changed here, and are as in the deck now."""
    files: dict[str, str] = field(default_factory=dict)
    """Digests of manifest, kinds and media as they are in the deck now, by path."""


@dataclass(slots=True, kw_only=True)
class Adoption:
    """What was adopted."""

    root: Path
    is_new: bool
    """Whether the project was made for it."""
    packs: list[Adopted] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    """The new ones."""
    media: int = 0
    """How many files were added or replaced."""
    losses: list[Loss] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    """What was found when reading what was written."""
    has_history: bool = False
    """Whether the file has answers."""


def adopt_deck(wish: Wish, random: Random, tell_waiting: Callable[[], None]) -> Adoption:
    """Adopt a deck, all of it or what is new; an interrupted run is finished by the next one.

    Raises:
        CardwrightError: the deck cannot be read, the project has errors, or something is in the way.
        OSError: a file cannot be written.

    """
    root, is_new = _find_root(wish.folder)
    with lock_project(root, tell_waiting), open_deck(wish.source, wish.columns) as incoming:
        before = look_at(root, is_new=is_new)
        own = find_own_namespace(incoming, before.kinds)
        last = {
            name: digest for base in before.adopted.values() for name, digest in base.media.items()
        }
        with stage_media(root, incoming, last) as stage:
            staged = _leave_out(incoming, stage)
            with gc_paused():
                watched = replace(staged, read_notes=lambda: _watch(staged))
                known = before.make_known(wish.into, stage.list_names())
                draft = make_draft(watched, known, read_values=read_values)
            if not draft.packs:
                lost = "; ".join(f"{loss.what}, first at {loss.first}" for loss in draft.losses)
                help = f"left out: {lost}" if lost else ""
                raise ProjectError(f"{wish.source} has no cards: nothing was written", help=help)
            done = _Job(before, draft, stage, own, random).run()
            done.has_history = incoming.has_history
            return done


def _find_root(folder: Path) -> tuple[Path, bool]:
    with suppress(ProjectError):
        return find_project(folder), False
    root = find_real(folder)
    refuse_unreadable(root)
    return root, True


def _watch(incoming: Incoming) -> Iterator[IncomingNote]:
    return track(incoming.read_notes(), "Reading notes", incoming.note_count)


def _leave_out(incoming: Incoming, stage: Stage) -> Incoming:
    """Return a deck without the media that cannot be read."""
    losses = LossCounter()
    for name, reason in stage.refused.items():
        losses.add("media file that cannot be read", name, reason)
    for name, file in stage.files.items():
        if not (file.is_media or name.startswith("_")):
            losses.add("file that is no image, sound or video", name)
    return replace(
        incoming,
        media=tuple(name for name in incoming.media if name in stage.files),
        unfit_media=frozenset(name for name, file in stage.files.items() if not file.is_media),
        losses=(*incoming.losses, *losses.list_losses()),
    )


def _drop_derived(pack: DraftPack, namespace: str) -> DraftPack:
    """Return a pack in which cards have no `guid` that follows from their ids anyway."""
    cards = [
        replace(card, values={key: value for key, value in card.values.items() if key != "guid"})
        if card.guid and card.guid == find_guid(replace(card, guid=None), pack.name, namespace)
        else card
        for card in pack.cards
    ]
    return replace(pack, cards=tuple(cards))


class _Job:
    """Writes a draft into a project."""

    def __init__(
        self,
        before: Before,
        draft: Draft,
        stage: Stage,
        own_namespace: str,
        random: Random,
    ) -> None:
        self._before = before
        self._root = before.root
        self._stage = stage
        self._namespaces = {
            pack.name: before.find_namespace(pack.name, own_namespace, random)
            for pack in draft.packs
        }
        packs = tuple(_drop_derived(pack, self._namespaces[pack.name]) for pack in draft.packs)
        self._draft = replace(draft, packs=packs)
        self._bases = {
            pack.name: before.adopted.get(pack.name, AdoptedPack()) for pack in draft.packs
        }
        self._last = {
            path: digest for base in before.adopted.values() for path, digest in base.files.items()
        }
        """Digests of files as they were last adopted."""
        self.done = Adoption(root=before.root, is_new=before.is_new)

    def run(self) -> Adoption:
        kinds = self._read_kinds()
        merges = {
            pack.name: merge_pack(
                pack,
                self._namespaces[pack.name],
                self._before.collection.load_pack(pack.name),
                kinds,
                self._bases[pack.name].notes,
            )
            for pack in self._draft.packs
        }
        self._start()
        for pack in self._draft.packs:
            made = Adopted(
                pack=pack.name,
                deck=str(pack.deck["name"]),
                is_new=pack.name not in self._before.collection.decks,
                merge=merges[pack.name],
            )
            self.done.packs.append(made)
            self._mark(pack.name)
        self._write_kinds()
        for pack, made in zip(self._draft.packs, self.done.packs, strict=True):
            media = self._write_media(pack, made)
            self._write_manifest(pack, made)
            for shown, edits in made.merge.edits.items():
                edit_file(self._root, shown, edits)
            list(add_cards(self._root, pack.name, made.merge.added, kinds))
            self._bases[pack.name] = replace(self._bases[pack.name], media=media)
        self._finish()
        return self.done

    def _read_kinds(self) -> dict[str, Kind]:
        """Return all kinds as they will be."""
        kinds = dict(self._before.kinds)
        for name, data in self._draft.kinds.items():
            shown = f"kinds/{name}.yaml"
            found = hash_file(find_below(self._root, shown))
            _, kind = parse_kind(Document(shown, make_kind_text(name, data).encode()))
            if kind and found in {None, self._last.get(shown)}:
                kinds[name] = kind
        return kinds

    def _start(self) -> None:
        """Make the project, if there is none."""
        if not self._before.is_new:
            return
        packs = self._draft.packs
        title = str(packs[0].deck["name"]) if len(packs) == 1 else make_title(self._root.name)
        files = make_shared_files([pack.name for pack in packs], title)
        for shown, text in files.items():
            if not os.path.lexists(self._root / shown):
                write_below(self._root, shown, text)
        # These last, since they make it a project.
        for folder in ("cards", "decks"):
            find_below(self._root, folder).mkdir(exist_ok=True)

    def _mark(self, pack: str) -> None:
        """Let the next run know that the pack is adopted, if this one is interrupted."""
        if pack not in self._before.adopted:
            text = format_adopted(self._bases[pack])
            write_below(self._root, f"decks/{pack}/{ADOPTED_NAME}", text)

    def _write_kinds(self) -> None:
        for name, path in self._draft.kind_media.items():
            self._place(f"kinds/{path}", name, self.done.packs)
        for name, data in self._draft.kinds.items():
            shown, text = f"kinds/{name}.yaml", make_kind_text(name, data)
            if name not in self._before.kinds:
                self.done.kinds.append(name)
            self._write(shown, text, self.done.packs)

    def _write_media(self, pack: DraftPack, made: Adopted) -> dict[str, str]:
        """Put a pack's media into its folders; return their digests by name in the deck."""
        media = dict(self._bases[pack.name].media)
        for name in pack.media:
            self._place(f"cards/{pack.name}/{self._draft.media[name]}", name, [made])
            if "/" not in name:
                # Other programs have folders, but only what comes from Anki keeps its name there.
                media[name] = self._stage.files[name].digest
        return media

    def _write_manifest(self, pack: DraftPack, made: Adopted) -> None:
        known = self._before.collection.decks.get(pack.name)
        if known and known.name != pack.deck["name"]:
            # The cards go into a pack of another name, whose manifest places them.
            return
        shown = f"decks/{pack.name}/deck.yaml"
        text = make_manifest_text(pack.name, pack.deck, self._namespaces[pack.name])
        found = hash_file(find_below(self._root, shown))
        if shown in self._last or found in {None, hash_text(text)}:
            self._write(shown, text, [made])
        # Otherwise the pack was here before, and its manifest places the cards.

    def _place(self, shown: str, name: str, packs: Sequence[Adopted]) -> None:
        staged, last = self._stage.files[name], self._last.get(shown)
        is_there = hash_file(find_below(self._root, shown)) == staged.digest
        self._note(
            shown,
            staged.digest,
            packs,
            is_new=is_there or last is None,
            is_done=place_file(self._root, shown, self._stage, name, last=last),
        )
        self.done.media += not is_there

    def _write(self, shown: str, text: str, packs: Sequence[Adopted]) -> None:
        digest, last = hash_text(text), self._last.get(shown)
        is_done = last == digest or write_text(self._root, shown, text, last=last)
        self._note(shown, digest, packs, is_new=last in {None, digest}, is_done=is_done)

    def _note(
        self, shown: str, digest: str, packs: Sequence[Adopted], *, is_new: bool, is_done: bool
    ) -> None:
        """Remember what a file is adopted from, and whether it was replaced or stays as it is."""
        for made in packs:
            made.files[shown] = digest
        if packs and not is_done:
            packs[0].kept.append(shown)
        elif packs and not is_new:
            packs[0].replaced.append(shown)

    def _finish(self) -> None:
        """Write what is adopted, the ledgers and the schemas, once everything can be read back."""
        with gc_paused():
            collection, problems = load(self._root)
        self.done.problems = [problem for problem in problems if problem.is_error]
        renderer, library = Renderer(highlights=True), MediaLibrary(self._root)
        replaced = {path for one in self.done.packs for path in one.replaced}
        for pack, made in zip(self._draft.packs, self.done.packs, strict=True):
            base = self._describe_base(pack, made, collection)
            deck = collection.decks.get(pack.name)
            shown = f"decks/{pack.name}/{LEDGER_NAME}"
            ledger, damage = read_ledger(self._root / shown, pack.name, shown)
            self.done.problems += damage
            if deck and not damage:
                new = publish_adopted(
                    collection,
                    deck,
                    ledger,
                    base,
                    make_note_types(collection, pack.name, renderer, ledger.list_note_type_ids()),
                    self._find_changed(pack, made, base, ledger, replaced),
                    root=find_real(self._root),
                    renderer=renderer,
                    find_media=library.find,
                )
                if new.notes:
                    self._update(shown, "".join(format_ledger(new)))
            # This last, so that what is interrupted is done again.
            self._update(f"decks/{pack.name}/{ADOPTED_NAME}", format_adopted(base))
        for name, text in format_schemas(collection.kinds).items():
            self._update(name_schema_file(name), text)
        self.done.losses = self._list_losses(collection)

    def _find_changed(
        self,
        pack: DraftPack,
        made: Adopted,
        base: AdoptedPack,
        ledger: Ledger,
        replaced: set[str],
    ) -> Changed:
        """Return what is adopted otherwise than before; `replaced` are the files of all packs."""
        last = self._before.adopted.get(pack.name, AdoptedPack()).notes
        guids = {guid for guid, note in base.notes.items() if last.get(guid) is not note}
        if made.replaced:
            guids |= {note.guid for note in ledger.notes.values() if "media" in note.content}
        return Changed(
            guids=guids,
            kinds={kind for kind in base.type_times_s if f"kinds/{kind}.yaml" in replaced},
        )

    def _update(self, shown: str, text: str) -> None:
        if hash_file(find_below(self._root, shown)) != hash_text(text):
            write_below(self._root, shown, text)

    def _describe_base(self, pack: DraftPack, made: Adopted, collection: Collection) -> AdoptedPack:
        base = self._bases[pack.name]
        notes = dict(made.merge.notes)
        cards = {card.id: card for card in collection.load_pack(pack.name)}
        for drafted in made.merge.added:
            if card := cards.get(drafted.id):
                note = describe_note(drafted, card, collection.kinds[card.kind])
                notes[note.guid] = note
        return AdoptedPack(
            notes=notes,
            media=base.media,
            type_times_s={**base.type_times_s, **self._draft.type_times_s},
            files={**base.files, **made.files},
        )

    def _list_losses(self, collection: Collection) -> list[Loss]:
        """Return what is not carried over, each with a place in the sources if it has one."""
        places = {card.ref: str(card.span) for card in collection.heads}
        cards = {
            drafted.place: places.get(f"{pack.name}:{drafted.id}", "")
            for pack in self._draft.packs
            for drafted in pack.cards
        }
        return [
            replace(loss, first=cards.get(loss.first) or places.get(loss.first) or loss.first)
            for loss in self._draft.losses
        ]

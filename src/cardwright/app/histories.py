"""Deciding which history a pack continues when it gets a namespace.

Until then, its history is kept under the pack's name, which several projects may have used. If all
of it is about cards of this project, the pack continues it; if only some is, the user is asked once.
See `study.alias`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from cardwright.error import ProjectError
from cardwright.history import Moment
from cardwright.project.sources import Sources
from cardwright.study.alias import Alias
from cardwright.study.store import Store
from cardwright.text import count


class Claim(NamedTuple):
    """A history that a pack may continue, while this is undecided."""

    pack: str
    """Its name, under which the history is kept."""
    namespace: str
    ours: int
    """How many of the history's prompts are about cards of this project, present or former."""
    others: int
    """How many are not."""
    owner: str
    """The namespace that continues the history already, or ""."""

    def describe(self) -> str:
        """Return what is known about the history."""
        prompts = count(self.ours + self.others, "prompt")
        return (
            f"the review store has {prompts} under the name `{self.pack}`, but only {self.ours} "
            f"{'is' if self.ours == 1 else 'are'} in this project: another one may have used the name"
        )


Decide = Callable[[Claim], bool | None]
"""Returns whether a pack continues a history; None to decide later."""


def refuse_undecided(claim: Claim) -> bool | None:
    """Raise a ProjectError that says how to decide."""
    raise ProjectError(
        claim.describe(),
        help=f"`cards namespace {claim.pack} --history keep` if these reviews belong to this project, "
        f"`cards namespace {claim.pack} --history leave` to start afresh",
    )


def list_claims(store: Store, sources: Sources) -> Iterator[Claim]:
    """Yield the undecided histories under the names of packs."""
    used = {deck.namespace for deck in sources.decks.values()}
    for pack, deck in sources.decks.items():
        is_open = pack not in used and store.aliases.is_open(deck.namespace, pack)
        if is_open and store.has_reviews(pack):
            yield _make_claim(store, sources, pack, deck.namespace)


def settle_histories(
    store: Store,
    sources: Sources,
    moment: Moment,
    decide: Decide | None,
    wanted: Mapping[str, bool] | None = None,
) -> list[str]:
    """Record which histories namespaces continue, and return notes to the user.

    Without `decide`, nothing is recorded: what is certain holds until the store is closed.
    `wanted` says by pack whether the user wants to continue its history.

    Raises:
        ProjectError: the user wants what is impossible, or `decide` refuses to.

    """
    wanted = wanted or {}
    notes = []
    # A decision about one pack may change the claims of the next.
    for claim in list_claims(store, sources):
        keeps, note = _settle(claim, decide, wanted.get(claim.pack))
        if keeps is None:
            continue
        alias = _make_alias(store, claim, moment, keeps=keeps)
        if decide is not None:
            _record(store, alias)
            notes += [note] if note else []
        elif keeps and not store.has_reviews(claim.namespace):
            store.assume_alias(alias)
    if decide is not None:
        for namespace in list_own(store, sources):
            _record(store, _make_own(store, namespace, moment))
    return notes


def list_own(store: Store, sources: Sources) -> Iterator[str]:
    """Yield namespaces that are pack names, and whose histories another project could yet take."""
    for pack, deck in sources.decks.items():
        is_written = deck.namespace == pack and "namespace" in deck.spans
        if is_written and not store.aliases.is_known(pack) and store.has_reviews(pack):
            yield pack


def _make_own(store: Store, namespace: str, moment: Moment) -> Alias:
    name = f"alias-{moment.at_ms:012x}-{store.device}-{namespace}"
    return Alias(id=name, at_ms=moment.at_ms, namespace=namespace, history="")


def _make_claim(store: Store, sources: Sources, pack: str, namespace: str) -> Claim:
    aliases = store.aliases
    owner = aliases.owners.get(pack) or (pack if pack in aliases.decided else "")
    ids = [_id_of(key) for key in store.list_keys(pack)]
    ours = {
        _id_of(key)
        for item in sources.items
        if item.pack == pack
        for key in (item.key, item.card_ref)
    }
    if not ours.issuperset(ids):
        # Retired cards have no prompts.
        for card in sources.list_cards():
            if card.pack == pack:
                ours |= {card.id, *card.formerly}
    known = sum(card_id in ours for card_id in ids)
    return Claim(pack, namespace, known, len(ids) - known, owner)


def _id_of(key: str) -> str:
    return key.partition(":")[2].partition("/")[0]


def _settle(claim: Claim, decide: Decide | None, wanted: bool | None) -> tuple[bool | None, str]:
    """Return whether a claim is kept (None: undecided), and a note to the user."""
    if claim.owner:
        if wanted:
            raise ProjectError(
                f"the history under `{claim.pack}` is already continued by `{claim.owner}`"
            )
        if not claim.ours:
            return None, ""
        note = f"the reviews under `{claim.pack}` belong to another project ({claim.owner})"
        return False, f"{note}: this one starts afresh"
    if wanted is not None:
        return wanted, ""
    if not claim.ours:
        return None, ""
    if not claim.others:
        return True, f"the reviews under `{claim.pack}` continue as `{claim.namespace}`"
    return (decide(claim) if decide else None), ""


def _make_alias(store: Store, claim: Claim, moment: Moment, *, keeps: bool) -> Alias:
    alias = _make_own(store, claim.namespace, moment)
    return alias._replace(history=claim.pack) if keeps else alias


def _record(store: Store, alias: Alias) -> None:
    """Record an alias; `make_journal` unites what was recorded under both keys."""
    with store.transaction():
        store.add_aliases([alias])
        if alias.history:
            store.settings.carry_over(alias.namespace, alias.history)

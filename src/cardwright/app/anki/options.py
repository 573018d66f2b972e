"""Options that differ between Anki's presets and the user's decks here, and taking over Anki's.

Only those count that change memories or due days: with others, both sides keep the same memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose, log
from typing import Any, Final, NamedTuple

from cardwright.anki.rows import AnkiCard, AnkiView, Preset
from cardwright.app.study import Study
from cardwright.history import count_study_day, make_date, namespace_of
from cardwright.model import Deck, DeckOptions
from cardwright.project.deck import OPTION_BOUNDS, is_step
from cardwright.study.decks import list_options, name_deck
from cardwright.study.fsrs import DEFAULT_PARAMETERS, Fsrs
from cardwright.study.journal import make_journal
from cardwright.study.settings import PARAMETERS, ROLLOVER_HOUR, Settings, describe_fit
from cardwright.text import count, format_command, list_names

_STEPS: Final = ("learning_steps_minutes", "relearning_steps_minutes")
IGNORED: Final = "ignores_before"
_NAMES: Final = ("desired_retention", *_STEPS, "maximum_interval_days")
_TOLERANCE: Final = 1e-6
"""Anki keeps numbers in 32 bits."""
_PARAMETER_TOLERANCE: Final = 6e-5
"""Anki's window shows four decimals, which is how people copy parameters."""
_FSRS_5_DECAY: Final = 0.5
_FSRS_4_COUNT: Final = 17
_FSRS_5_COUNT: Final = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An option that Anki has otherwise."""

    preset: str
    """Anki's preset, or "" if it is an option of the whole collection."""
    name: str
    """As in `cards options`; `parameters` for those of FSRS."""
    theirs: Any
    ours: Any
    deck: str
    """The name in settings of the deck here; "" for all."""
    shown: str
    """What the user calls that deck."""
    remedy: str
    """What aligns both, besides taking over Anki's option; "" if nothing else does."""
    can_take: bool = True
    """Whether Anki's option can be taken over."""

    def describe(self) -> str:
        """Return the difference in words."""
        where = f"Anki's preset {self.preset}" if self.preset else "Anki"
        here = f" for {self.shown}" if self.shown else ""
        if self.name == IGNORED:
            return f"{where} ignores reviews before {self.theirs}, which count here"
        if self.name == PARAMETERS:
            theirs = self.theirs if isinstance(self.theirs, str) else "other FSRS parameters"
            return f"{where} has {theirs} than are used here{here}"
        theirs, ours = format_option(self.theirs), format_option(self.ours)
        return f"{where} has {self.name} {theirs}; here it is {ours}{here}"


class _Wanted(NamedTuple):
    """The options under which Anki asks a card."""

    preset: str
    desired_retention: float
    learning_steps_minutes: tuple[float, ...]
    relearning_steps_minutes: tuple[float, ...]
    maximum_interval_days: int

    @property
    def values(self) -> tuple[Any, ...]:
        """The options without the preset's name."""
        return self[1:]


def find_differences(study: Study, view: AnkiView) -> list[Difference]:
    """Return the options in which Anki differs, one for each preset and deck."""
    return _Comparison(study, view).find()


def take_options(study: Study, differences: Iterable[Difference]) -> int:
    """Adopt Anki's options as the user's, and compute all memories again; return how many."""
    values: dict[tuple[str, str], Any] = {}
    today = study.moment.local.date().isoformat()
    for one in differences:
        if not one.can_take:
            continue
        value = one.theirs
        if one.name == PARAMETERS:
            is_default = _are_equal(value, DEFAULT_PARAMETERS)
            value = None if is_default else describe_fit(list(value), today, 0)
        elif one.name in _STEPS:
            value = list(value)
        values[one.deck, one.name] = value
    if values:
        study.store.settings.put(values, study.moment.at_ms)
        study.journal = make_journal(study.store, study.sources.decks, study.items)
    return len(values)


def list_remedies(difference: Difference) -> list[str]:
    """Return what aligns a difference, as commands and steps."""
    found = []
    if difference.can_take and difference.name not in {PARAMETERS, IGNORED}:
        value = f"{difference.name}={format_option(difference.theirs)}"
        deck = (difference.shown,) if difference.shown else ()
        found.append(f"`{format_command('cards', 'options', *deck, value)}`")
    if difference.can_take:
        found.append(f"{'or ' if found else ''}`cards anki sync --take-options`")
    if difference.remedy:
        found.append(difference.remedy)
    return found


def fill_parameters(parameters: Sequence[float]) -> tuple[float, ...] | None:
    """Return parameters of FSRS-4.5, 5 or 6 as those of FSRS-6; None if it cannot use them.

    The older models are special cases of it, as in fsrs-rs, which Anki uses.
    """
    found = list(parameters)
    if not found:
        return DEFAULT_PARAMETERS
    if len(found) == _FSRS_4_COUNT:
        found[4] += found[5] * 2
        found[5] = log(found[5] * 3 + 1) / 3 if found[5] > -1 / 3 else -1
        found[6] += 0.5
        found += [0.0, 0.0]
    if len(found) == _FSRS_5_COUNT:
        found += [0.0, _FSRS_5_DECAY]
    try:
        return Fsrs(found).parameters
    except (ValueError, OverflowError):
        return None


def format_option(value: Any) -> str:
    """Return a value as `cards options` takes it."""
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value) or "none"
    return f"{value:g}"


class _Comparison:
    def __init__(self, study: Study, view: AnkiView) -> None:
        self._study = study
        self._view = view
        self._decks: dict[str, Counter[_Wanted]] = defaultdict(Counter)
        """How many prompts of each deck here are asked under which options in Anki."""
        self._presets: dict[str, Counter[str]] = defaultdict(Counter)
        """How many prompts of each namespace are under which preset."""
        wanted: dict[tuple[str, float | None], _Wanted] = {}
        places: dict[tuple[str, str], str] = {}
        for item in study.items:
            card = view.cards.get(item.key)
            preset = card and view.presets.get(card.preset)
            if card is None or preset is None:
                continue
            group = (card.preset, card.desired_retention)
            if group not in wanted:
                wanted[group] = _find_wanted(card, preset)
            namespace = namespace_of(item.key)
            place = (namespace, item.deck)
            if place not in places:
                places[place] = name_deck(namespace, item.deck)
            self._decks[places[place]][wanted[group]] += 1
            self._presets[namespace][card.preset] += 1

    def find(self) -> list[Difference]:
        """Return all differences."""
        found = list(self._compare_hours())
        settings = self._study.store.settings.read()
        for pack, deck in self._study.sources.decks.items():
            found += self._compare_parameters(pack, deck.namespace)
            found += self._compare_decks(pack, deck, settings)
        found += self._compare_ignored()
        return found

    def _compare_hours(self) -> Iterator[Difference]:
        theirs, ours = self._view.timing.rollover_hour, self._study.journal.rollover_hour
        if theirs != ours and self._view.cards:
            yield Difference(
                preset="",
                name=ROLLOVER_HOUR,
                theirs=theirs,
                ours=ours,
                deck="",
                shown="",
                remedy=f"or let the next day start {ours} hours past midnight in Anki",
                can_take=0 <= theirs <= 23,  # noqa: PLR2004  (the hours of a day)
            )

    def _compare_parameters(self, pack: str, namespace: str) -> Iterator[Difference]:
        """Compare the parameters, which a pack has only one set of here."""
        names = list(self._presets.get(namespace, ()))
        if not names or not self._view.is_fsrs:
            return
        ours = self._study.journal.schedule_of_namespace(namespace).parameters
        theirs = {name: fill_parameters(self._view.presets[name].parameters) for name in names}
        sets = list(theirs.values())
        first = sets[0]
        agree = first is not None and all(other and _are_equal(first, other) for other in sets)
        for name, parameters in theirs.items():
            if parameters is not None and _are_equal(parameters, ours):
                continue
            remedy = f"or paste into the preset: {', '.join(f'{number:.4f}' for number in ours)}"
            if not agree and len(names) > 1:
                shown = list_names(sorted(names))
                remedy = f"a pack has one set of parameters here: give {shown} the same, {remedy}"
            yield Difference(
                preset=name,
                name=PARAMETERS,
                theirs="FSRS parameters that are not usable" if parameters is None else parameters,
                ours=ours,
                deck=namespace,
                shown=pack,
                remedy=remedy,
                can_take=agree,
            )
            if agree:
                return

    def _compare_decks(
        self, pack: str, deck: Deck, settings: Mapping[tuple[str, str], Any]
    ) -> Iterator[Difference]:
        """Compare the options of a pack's decks, from the top to the bottom.

        A sub-deck that is right once the deck above has Anki's options is not named.
        """
        values = {**settings}
        options = list_options(deck, Settings(values), is_complete=True)
        for path, _ in deck.walk():
            full_name = "::".join(path)
            name = name_deck(deck.namespace, full_name)
            counted = self._decks.get(name) or self._sum_below(name)
            if not counted:
                continue
            shown = pack if len(path) == 1 else full_name
            wanted, _ = max(counted.items(), key=lambda pair: (pair[1], pair[0].preset))
            changes = list(_compare_options(wanted, options[name]))
            for option, theirs, ours in changes:
                can_take = _is_allowed(option, theirs)
                yield Difference(
                    preset=wanted.preset,
                    name=option,
                    theirs=theirs,
                    ours=ours,
                    deck=name,
                    shown=shown,
                    remedy="" if can_take else "choose a value in Anki that can be set here too",
                    can_take=can_take,
                )
                if can_take:
                    values[name, option] = list(theirs) if option in _STEPS else theirs
            if changes:
                options = list_options(deck, Settings(values), is_complete=True)
            yield from self._name_others(wanted, self._decks.get(name, Counter()), name, shown)

    def _name_others(
        self, wanted: _Wanted, counted: Counter[_Wanted], name: str, shown: str
    ) -> Iterator[Difference]:
        """Name presets of some prompts of a deck that the rest of it does not have."""
        named = set()
        for other, number in counted.items():
            ours = replace(DeckOptions(), **dict(zip(_NAMES, wanted.values, strict=True)))
            for option, theirs, value in _compare_options(other, ours):
                if (other.preset, option) in named:
                    continue
                named.add((other.preset, option))
                yield Difference(
                    preset=other.preset,
                    name=option,
                    theirs=theirs,
                    ours=value,
                    deck=name,
                    shown=f"{count(number, 'prompt')} of {shown}",
                    remedy=f"in Anki, give the deck of these cards the preset {wanted.preset}",
                    can_take=False,
                )

    def _sum_below(self, name: str) -> Counter[_Wanted]:
        found: Counter[_Wanted] = Counter()
        for other, counted in self._decks.items():
            if other.startswith(f"{name}::"):
                found.update(counted)
        return found

    def _compare_ignored(self) -> Iterator[Difference]:
        """Name presets that ignore reviews which cards of this project have."""
        if not self._view.is_fsrs:
            return
        view = self._view
        ignoring = {name for name, preset in view.presets.items() if preset.ignores_before_ms > 0}
        if not ignoring:
            return
        for key, card in view.cards.items():
            rows = view.log.get(key)
            if card.preset not in ignoring or not rows:
                continue
            before_ms = view.presets[card.preset].ignores_before_ms
            if rows[0].id < before_ms:
                ignoring.remove(card.preset)
                offset = self._study.moment.utc_offset_minutes
                yield Difference(
                    preset=card.preset,
                    name=IGNORED,
                    theirs=make_date(count_study_day(before_ms, offset, 0)).isoformat(),
                    ours=None,
                    deck="",
                    shown="",
                    remedy="clear 'Ignore cards reviewed before' in the preset's FSRS options",
                    can_take=False,
                )


def _find_wanted(card: AnkiCard, preset: Preset) -> _Wanted:
    retention = card.desired_retention
    return _Wanted(
        preset=card.preset,
        desired_retention=_round(preset.desired_retention if retention is None else retention),
        learning_steps_minutes=tuple(map(_round, preset.learning_steps_minutes)),
        relearning_steps_minutes=tuple(map(_round, preset.relearning_steps_minutes)),
        maximum_interval_days=preset.maximum_interval_days,
    )


def _compare_options(wanted: _Wanted, options: DeckOptions) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, Anki's value and ours of options that differ."""
    for name in _NAMES:
        theirs, ours = getattr(wanted, name), getattr(options, name)
        if name in _STEPS:
            differs = len(theirs) != len(ours) or not all(map(_is_close, theirs, ours))
        else:
            differs = not _is_close(theirs, ours)
        if differs:
            yield name, theirs, ours


def _is_allowed(name: str, value: Any) -> bool:
    """Tell whether an option can have a value here."""
    if name in _STEPS:
        return all(map(is_step, value))
    low, high = OPTION_BOUNDS[name]
    return bool(low <= value <= high)


def _is_close(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def _are_equal(some: Iterable[float], others: Iterable[float]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(abs(one - other) <= _PARAMETER_TOLERANCE for one, other in pairs)


def _round(number: float) -> float:
    """Return a number of 32 bits as the user wrote it."""
    return float(f"{number:.6g}")


def name_presets(view: AnkiView, differences: Sequence[Difference]) -> Mapping[str, bool]:
    """Return by preset whether memories under it follow from the same rules here."""
    shared = any(not one.preset for one in differences)
    differing = {one.preset for one in differences}
    return {name: not shared and name not in differing for name in view.presets}

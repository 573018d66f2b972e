"""The open project: its checked sources, and the ledgers of its packs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cardwright.anki.adopted import ADOPTED_NAME, AdoptedPack, read_adopted
from cardwright.anki.check import check_ledger
from cardwright.anki.guid import find_shared_guids
from cardwright.anki.ledger import LEDGER_NAME, Ledger, read_ledger
from cardwright.app.garbage import gc_paused
from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.error import CardwrightError, ProjectError
from cardwright.files import read_below
from cardwright.frozen import frozen
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection, Kind
from cardwright.progress import track
from cardwright.project.allow import drop_allowed, report_unused
from cardwright.project.cache import Cache, make_key
from cardwright.project.card_file import CardFile
from cardwright.project.check import apply_checks, check
from cardwright.project.checking import Checking
from cardwright.project.findings import check_file
from cardwright.project.load import load_sources
from cardwright.project.media import MediaLibrary
from cardwright.project.renderers import Renderers
from cardwright.project.texts import SourceTexts
from cardwright.project.walk import NOTHING_UNSAVED, Unsaved, find_project
from cardwright.text import compile_late, count, list_names, suggest_close

if TYPE_CHECKING:
    from cardwright.anki.notetype import NoteType
    from cardwright.anki.pack import PackContents

_SCRIPT_ENDINGS: Final = (".js", ".mjs", ".htm", ".html", ".svg", ".wasm")
_SCRIPT: Final = (
    r"(?i)<(?:script|iframe|object|embed|frame)\b|javascript:|[\s/\"']on[a-z]{3,30}\s*=|\bsrcdoc\b"
    r"|=[\s\"']*[a-z\s]{0,20}&(?:#|tab|newline|colon)"
)
"""What can run a script in a template; entities at the start of an address can hide one."""


_T = TypeVar("_T")


class SourceProblemsError(CardwrightError):
    """The sources have errors, so nothing can be built from them."""

    def __init__(self, errors: Sequence[Diagnostic], texts: SourceTexts) -> None:
        """Put the errors, with their source lines, into `details`."""
        from cardwright.report import format_text  # noqa: PLC0415  (start-up of `cards check`)

        super().__init__(f"{count(len(errors), 'error')}: nothing was written")
        self.details = format_text(errors, texts.line, is_folded=True)


@frozen
class Project:
    """A project's content, with all its problems."""

    root: Path
    collection: Collection
    ledgers: dict[str, Ledger]
    """By pack; empty before the first release."""
    adopted_packs: dict[str, AdoptedPack]
    """What each pack was adopted from, by pack; empty if it was not."""
    problems: list[Diagnostic]
    """In reading order."""
    files: Sequence[CardFile]
    """The files of cards."""
    cache: Cache
    renderer: Renderer
    """Renders what is not in a file of cards."""
    renderers: Renderers
    """Render the texts of files of cards."""
    texts: SourceTexts
    media: MediaLibrary

    @property
    def errors(self) -> list[Diagnostic]:
        """The problems that stop a build."""
        return [problem for problem in self.problems if problem.is_error]

    @property
    def adopted(self) -> list[Kind]:
        """The adopted kinds in use, whose note types ship as they are."""
        used = dict.fromkeys(card.kind for card in self.collection.heads)
        kinds = (self.collection.kinds[name] for name in used)
        return [kind for kind in kinds if kind.adopted]

    def refuse_errors(self) -> None:
        """Raise SourceProblemsError if the sources have errors."""
        if errors := self.errors:
            raise SourceProblemsError(errors, self.texts)

    def refuse_damaged_ledger(self, pack: str) -> None:
        """Raise SourceProblemsError if a pack's ledger could not be read completely."""
        if found := self._list_damage(pack):
            raise SourceProblemsError(found, self.texts)

    def has_damaged_ledger(self, pack: str) -> bool:
        """Tell whether a pack's ledger is missing, or could not be read completely."""
        return bool(self._list_damage(pack))

    def _list_damage(self, pack: str) -> list[Diagnostic]:
        paths = {f"decks/{pack}/{name}" for name in (LEDGER_NAME, ADOPTED_NAME)}
        codes = {"ledger-mismatch", "adopted-damaged", "merge-conflict"}
        return [one for one in self.errors if one.span.path in paths and one.code in codes]

    def choose_packs(self, names: Sequence[str]) -> list[str]:
        """Return the named packs, or all.

        Raises:
            ProjectError: a pack has no deck, or the project has none at all.

        """
        from cardwright.app.choice import choose_packs  # noqa: PLC0415  (start-up of `cards check`)

        chosen = choose_packs(self.collection.decks, names)
        if not chosen:
            raise ProjectError("the project has no deck: write decks/PACK/deck.yaml")
        return chosen

    def describe_pack(self, pack: str, *, is_reserved: bool = False) -> PackContents:
        """Return the contents of a pack's package, or of that of its reserved cards.

        The project must be free of errors.
        """
        from cardwright.anki.pack import describe_pack  # noqa: PLC0415  (start-up of `cards check`)

        with gc_paused():
            return describe_pack(
                self.collection,
                self.files,
                self.collection.decks[pack],
                self.ledgers[pack],
                _make_note_types(self.collection, self.ledgers[pack], self.renderers),
                open_renderer=self.renderers.open,
                find_media=self.media.find,
                find_kind_media=self.media.find_of_kind,
                adopted=self.adopted_packs[pack],
                cache=self.cache,
                is_reserved=is_reserved,
            )


def _make_note_types(
    collection: Collection, ledger: Ledger, renderers: Renderers
) -> dict[str, NoteType]:
    """Return the note types that a pack uses, by kind."""
    from cardwright.anki.notetype import make_note_types  # noqa: PLC0415  (start-up of `cards check`)

    with renderers.open(f"decks/{ledger.pack}") as renderer:
        return make_note_types(collection, ledger.pack, renderer, ledger.list_note_type_ids())


def load_collection(
    folder: Path, cache_folder: Path | None = None
) -> tuple[Path, Collection, list[Diagnostic]]:
    """Load the project in or above a folder without checking its texts.

    What was read before comes from the cache folder, if there is one.

    Raises:
        ProjectError: there is none, or it cannot be read.

    """
    root = find_project(folder)
    with gc_paused():
        loaded = load_sources(root, Cache(cache_folder))
    return root, loaded.collection, loaded.problems


def describe_adopted(kinds: Sequence[Kind]) -> list[str]:
    """Return notes on the adopted note types, which ship as they are: which may run scripts."""
    if not kinds:
        return []
    scripted = [kind for kind in kinds if _has_script(kind)]
    if len(kinds) == 1:
        ending = ", with scripts that run in Anki" if scripted else ""
        where = _locate(kinds[0])
        ships = "its templates and stylesheet ship as they are"
        return [f"note type {where} is adopted: {ships}{ending}"]
    return [
        f"{len(kinds):,} note types are adopted: their templates and stylesheets ship as they are",
        *(f"note type {_locate(kind)} has scripts that run in Anki" for kind in scripted),
    ]


def _locate(kind: Kind) -> str:
    return f"{kind.anki_name} of {kind.spans[''].path}"


def _has_script(kind: Kind) -> bool:
    templates = [side.template for side in kind.sides if side.template]
    media = kind.adopted.media if kind.adopted else ()
    script = compile_late(_SCRIPT)
    return any(script.search(made.front + made.back) for made in templates) or any(
        name.lower().endswith(_SCRIPT_ENDINGS) for name in media
    )


def open_project(
    folder: Path, *, highlights: bool = True, cache_folder: Path | None = None
) -> Project:
    """Load the project in or above a folder and run every check.

    Unless its renderer `highlights`, nothing can be built, but checks take less time. What was found
    before comes from the cache folder, if there is one.

    Raises:
        ProjectError: there is none, or it cannot be read.

    """
    return check_project(find_project(folder), Cache(cache_folder), highlights=highlights)


def check_project(
    root: Path,
    cache: Cache,
    *,
    highlights: bool,
    unsaved: Unsaved = NOTHING_UNSAVED,
    earlier: Sequence[CardFile] = (),
    media: MediaLibrary | None = None,
) -> Project:
    """Load the project in a folder and run every check, as `open_project` does.

    What is unsaved stands for the files on the disk. What was `earlier` in the files of cards, and what
    `media` knows of others, need not be found out again.

    Raises:
        ProjectError: it cannot be read.

    """
    with gc_paused():
        loaded = load_sources(root, cache, unsaved, earlier)
    collection = loaded.collection
    renderer = Renderer(highlights=highlights)
    renderers = Renderers(cache, root, highlights=highlights)
    texts = SourceTexts(root, unsaved)
    media = media or MediaLibrary(root)
    problems = apply_checks(loaded.problems, collection.decks)
    findings = [
        (file, check_file(file, collection.kinds, renderers, texts, cache))
        for file in track(loaded.files, "Checking files")
    ]
    problems += check(
        Checking(
            root=root,
            collection=collection,
            files=findings,
            renderer=renderer,
            texts=texts,
            media=media,
            cache=cache,
            kinds_key=loaded.kinds_key,
            decks_key=loaded.decks_key,
            digests=loaded.digests,
        )
    )
    problems += find_shared_guids(collection)
    ledgers = {}
    adopted_packs = {}

    def ask(key: bytes, value_type: type[_T], make: Callable[[], _T]) -> _T:
        return cache.ask(make_key(key), value_type, make)

    with gc_paused():
        for pack in collection.decks:
            shown = f"decks/{pack}/{LEDGER_NAME}"
            ledger, found = read_ledger(root / shown, pack, shown, ask)
            problems += found or _miss_ledger(root, ledger, shown)
            note_types = (
                _make_note_types(collection, ledger, renderers) if ledger.note_types else {}
            )
            problems += check_ledger(ledger, collection, note_types, shown)
            ledgers[pack] = ledger
            shown = f"decks/{pack}/{ADOPTED_NAME}"
            adopted_packs[pack], found = read_adopted(root / shown, shown, ask)
            problems += found
    cache.flush()
    problems, allowances = drop_allowed(problems, collection.allowances)
    problems += report_unused(allowances, problems, collection.decks)
    return Project(
        root=root,
        collection=collection,
        ledgers=ledgers,
        adopted_packs=adopted_packs,
        problems=sorted(problems, key=lambda problem: problem.sort_key),
        files=loaded.files,
        cache=cache,
        renderer=renderer,
        renderers=renderers,
        texts=texts,
        media=media,
    )


def _miss_ledger(root: Path, ledger: Ledger, shown: str) -> Iterator[Diagnostic]:
    """Report a ledger that is gone: without it, a release would be a first one.

    It would overwrite what people have edited, and cards retired or renamed since would fork.
    """
    if ledger != Ledger(pack=ledger.pack) or (root / shown).exists():
        return
    from cardwright.anki.changelog import (  # noqa: PLC0415  (start-up of `cards check`)
        CHANGELOG_NAME,
        find_released,
    )

    try:
        data = read_below(root, f"decks/{ledger.pack}/{CHANGELOG_NAME}") or b""
    except (OSError, ProjectError):
        # A release reports it.
        return
    if version := find_released(data.decode("utf-8", "replace")):
        yield diagnose(
            "ledger-mismatch",
            f"the ledger is missing, but the changelog tells of {version}",
            Span(path=shown, line=1, column=1),
            help="restore it from version control; if nothing was ever released, delete CHANGELOG.md",
        )


def find_card(collection: Collection, ref: str) -> Card:
    """Return a card by its id or `pack:id`.

    Raises:
        ProjectError: there is none, or several packs have one.

    """
    found = [
        card for card in collection.heads if ref in (card.ref, card.id) or ref in card.formerly
    ]
    exact = [card for card in found if ref == card.ref] or found
    if not exact:
        hint = suggest_close(ref.rpartition(":")[2], (card.id for card in collection.heads))
        raise ProjectError(f"there is no card `{ref}`{f'; {hint}' if hint else ''}")
    if len(exact) > 1:
        raise ProjectError(
            f"several packs have `{ref}`: {list_names([card.ref for card in exact])}"
        )
    return collection.load(exact[0])


def count_problems(problems: Iterable[Diagnostic]) -> str:
    """Return a summary such as `2 errors, 1 warning`."""
    problems = list(problems)
    errors = sum(problem.is_error for problem in problems)
    return f"{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}"

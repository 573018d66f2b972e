"""`cards adopt`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cardwright.app.adopt.run import Adopted, Adoption, Wish, adopt_deck
from cardwright.changed_lines import compare_lines
from cardwright.cli.build import warn_of_waiting
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.user_folders import default_store_path
from cardwright.diagnostic import make_printable
from cardwright.error import CardwrightError, ProjectError
from cardwright.files import find_real
from cardwright.incoming import Loss
from cardwright.project.card import suggest_id
from cardwright.text import count, format_command

if TYPE_CHECKING:
    from cardwright.app.anki.file_import import Imported

_MAX_SHOWN: Final = 20
_MAX_TEXT: Final = 200


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER")
@click.option("--into", default="", metavar="PACK", help="Put all cards into this pack.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN,…",
    help="Of a table: which columns hold what.",
)
@click.option(
    "--history/--no-history",
    default=None,
    help="Import the answers, too (default: if the file has any).",
)
@json_option
@db_option
@click.pass_obj
def adopt(
    folder: Path,
    source: Path,
    into: str,
    columns: tuple[str, ...],
    history: bool | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Take over a deck of Anki or of another program, with its identity and history.

    Reads packages and backups of Anki (.apkg, .colpkg), folders of CrowdAnki, tables (CSV, TSV, Anki's
    notes.txt), hashcards, and Obsidian's flashcards. Writes the cards as YAML, and makes a project here if
    there is none. People who have the deck in Anki can go on with what is built here: their notes are
    updated, and keep their progress.

    Run it again on a newer version of the deck to take over what has changed there. What you have changed
    here stays.

    \b
    cards adopt Geography.apkg
    cards adopt words.csv --into spanish --map word=Spanish,translation=English
    """
    if into and into != suggest_id(into):
        valid = f"`{name}` is" if (name := suggest_id(into)) else "use a-z, 0-9 and hyphens"
        raise ProjectError(f"`{into}` is not a valid name for a pack; {valid}")
    wish = Wish(source=source, folder=folder, into=into, columns=columns)
    done = adopt_deck(wish, random.SystemRandom(), warn_of_waiting)
    imported = failure = None
    try:
        if done.has_history if history is None else history:
            imported = _import_history(done.root, db, source)
        elif history is None:
            _adopt_kept_history(done.root, db)
    except (CardwrightError, OSError) as error:
        failure = error
    _report(done, imported, into, as_json=as_json)
    if failure:
        if not as_json:
            warn("note: the cards are adopted, but not the answers")
        raise failure


def _report(done: Adoption, imported: Imported | None, into: str, *, as_json: bool) -> None:
    if as_json:
        say_json(_to_json(done, imported))
        return
    _tell(done)
    for made in done.packs:
        if into and made.pack != into:
            warn(f"note: the cards of cards/{made.pack}/ were there before, and stay there")
    if imported:
        _tell_history(imported)
    if done.is_new or any(made.is_new for made in done.packs):
        _tell_next(done)


def _import_history(root: Path, db: Path | None, source: Path) -> Imported:
    from cardwright.app.anki.file_import import (  # noqa: PLC0415  (not every deck has answers)
        find_project_notes,
        import_history,
    )

    with open_study(root, db, is_writing=True) as study:
        done = import_history(study, find_project_notes(study), source)
        study.settle()
    return done


def _adopt_kept_history(root: Path, db: Path | None) -> None:
    """Take what `cards import --keep` has recorded of these cards before."""
    if not (db or default_store_path()).exists():
        return
    from cardwright.app.anki.file_import import (  # noqa: PLC0415  (as above)
        adopt_kept_history,
        find_project_notes,
    )

    with open_study(root, db, is_writing=True) as study:
        if number := adopt_kept_history(study, find_project_notes(study)):
            study.settle()
            warn(f"note: taken from what was kept: the history of {count(number, 'prompt')}")


def _tell(done: Adoption) -> None:
    if done.is_new:
        say(f"{done.root}: a new project")
    for made in done.packs:
        say(_describe(made))
        _tell_differences(made)
    parts = [count(len(done.kinds), "new kind")] if done.kinds else []
    parts += (
        [f"{done.media:,} media {'file' if done.media == 1 else 'files'}"] if done.media else []
    )
    if parts:
        say(", ".join(parts))
    if done.losses:
        say("not carried over:")
        for loss in done.losses:
            say(f"  {_describe_loss(loss)}")
    if done.problems:
        warn(f"{count(len(done.problems), 'error')}: see `cards check`")


def _describe(made: Adopted) -> str:
    merge = made.merge
    if made.is_new:
        files = len({card.file for card in merge.added})
        cards = count(len(merge.added), "card")
        return f"{_quote(made.deck)}: {cards} in {count(files, 'file')} of cards/{made.pack}/"
    parts = [f"{len(merge.added):,} added"] if merge.added else []
    parts += [f"{merge.changed:,} changed"] if merge.changed else []
    parts += [f"{len(merge.conflicts):,} in conflict"] if merge.conflicts else []
    parts += [f"{path} replaced" for path in made.replaced]
    return f"{_quote(made.deck)} into cards/{made.pack}/: {', '.join(parts) or 'nothing new'}"


def _tell_differences(made: Adopted) -> None:
    merge = made.merge
    for conflict in merge.conflicts[:_MAX_SHOWN]:
        warn(f"{conflict.span}: `{conflict.key}` was changed here and in the deck; yours stays")
        for line in compare_lines(conflict.ours.splitlines(), conflict.theirs.splitlines()):
            warn(f"  {'yours: ' if line.startswith('-') else 'deck:  '}{_quote(line[2:])}")
    _tell_more(len(merge.conflicts), "conflict")
    for path in made.kept:
        warn(f"{make_printable(path)}: it was changed here and in the deck; yours stays")
    for card in merge.gone[:_MAX_SHOWN]:
        warn(
            f"{card.span}: `{card.id}` is no longer in the deck; to withdraw it, write `retired: why`"
        )
    _tell_more(len(merge.gone), "card that is no longer in the deck")
    for card, deck in merge.moved[:_MAX_SHOWN]:
        warn(f"{card.span}: `{card.id}` is in {_quote(deck)} now, but stays where it is here")
    _tell_more(len(merge.moved), "card in another deck")
    for card in merge.retyped[:_MAX_SHOWN]:
        warn(f"{card.span}: `{card.id}` has another note type in the deck now, and stays as it is")
    _tell_more(len(merge.retyped), "card with another note type")
    for head in made.unplaced[:_MAX_SHOWN]:
        warn(
            f"{head.span}: no deck has `{head.id}`; widen a `select` in decks/{made.pack}/deck.yaml"
        )
    _tell_more(len(made.unplaced), "card that no deck has")
    if merge.deleted:
        warn(f"{count(merge.deleted, 'card')} that you deleted here: not added again")


def _tell_more(number: int, noun: str) -> None:
    if number > _MAX_SHOWN:
        warn(f"and {number - _MAX_SHOWN:,} more ({noun}): see --json")


def _describe_loss(loss: Loss) -> str:
    example = f", {_quote(loss.example)}" if loss.example else ""
    return f"{loss.what}: {loss.count:,}, first at {make_printable(loss.first)}{example}"


def _tell_history(imported: Imported) -> None:
    from cardwright.cli.anki_import import describe, list_notes  # noqa: PLC0415  (see above)

    say(describe(imported))
    for note in list_notes(imported, keeps_others=False):
        warn(f"note: {note}")


def _tell_next(done: Adoption) -> None:
    say("next:")
    if find_real(done.root) != Path.cwd():
        say(f"  cd {format_command(done.root)}")
    say("  cards check\n  cards preview\n  cards build")


def _quote(text: str) -> str:
    short = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
    return make_printable(short)


def _to_json(done: Adoption, imported: Imported | None) -> dict[str, Any]:
    from cardwright.cli.anki_import import to_json  # noqa: PLC0415  (see above)

    return {
        "project": str(done.root),
        "is_new": done.is_new,
        "packs": [_pack_to_json(made) for made in done.packs],
        "kinds": done.kinds,
        "media": done.media,
        "losses": [
            {"what": loss.what, "count": loss.count, "first": loss.first, "example": loss.example}
            for loss in done.losses
        ],
        "errors": len(done.problems),
        "history": to_json(imported) if imported else None,
    }


def _pack_to_json(made: Adopted) -> dict[str, Any]:
    merge = made.merge
    return {
        "pack": made.pack,
        "deck": made.deck,
        "is_new": made.is_new,
        "added": [card.id for card in merge.added],
        "changed": {
            card_id: sorted(values)
            for edits in merge.edits.values()
            for card_id, values in edits.items()
        },
        "conflicts": [
            {
                "card": one.ref,
                "key": one.key,
                "place": str(one.span),
                "ours": one.ours,
                "theirs": one.theirs,
            }
            for one in merge.conflicts
        ],
        "gone": _list_refs(merge.gone),
        "moved": {card.ref: deck for card, deck in merge.moved},
        "retyped": _list_refs(merge.retyped),
        "in_no_deck": _list_refs(made.unplaced),
        "deleted": merge.deleted,
        "kept": made.kept,
        "replaced": made.replaced,
    }


def _list_refs(cards: Sequence[Any]) -> list[str]:
    return [card.ref for card in cards]

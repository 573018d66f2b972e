"""Anki's own library: whether it is there, and fits a collection, which it opens to be written.

It is an extra, since it is large and under the AGPL. It is imported only to write, and to talk to a sync
server; everything is read by `anki.collection`.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from cardwright.anki.collection import open_collection
from cardwright.anki.error import AnkiError
from cardwright.error import CardwrightError, ExtraMissingError

if TYPE_CHECKING:
    from anki.collection import Collection
    from anki.dbproxy import DBProxy

_PACKAGES: Final = {18: "26.9.3"}
"""For each schema, a version of the package that leaves it as it is."""
_OLDEST: Final = 26, 9
"""The first version of the package that computes memories as we do; collections have schema 18 since 25.9."""
_MAX_REASON: Final = 300


class InUseError(AnkiError):
    """Another process has opened the collection."""


def load_library() -> None:
    """Import the library of Anki.

    Raises:
        ExtraMissingError: it is not installed, or too old.

    """
    try:
        import anki.collection  # noqa: F401, PLC0415  (an extra, and slow)
    except ImportError as error:
        raise ExtraMissingError(
            "changing a collection, or syncing with a server, needs Anki's package anki (31 MB, "
            "licensed under the AGPL)",
            help="pip install 'cardwright[anki]'",
        ) from error
    check_version(metadata.version("anki"))


def check_version(installed: str) -> None:
    """Check that a version of the library computes memories as we do.

    Raises:
        ExtraMissingError: it is too old.

    """
    if tuple(map(int, re.findall(r"\d+", installed)[:2])) < _OLDEST:
        oldest = f"{_OLDEST[0]}.{_OLDEST[1]:02}"
        raise ExtraMissingError(
            f"the installed package anki {installed} is too old: {oldest} is the oldest that can be used",
            help="pip install --upgrade anki",
        )


def probe_schema() -> int:
    """Return the schema of the collections that the installed library makes."""
    from anki.collection import Collection  # noqa: PLC0415  (an extra)

    with TemporaryDirectory() as folder:
        collection = Collection(os.path.join(folder, "collection.anki2"))  # noqa: PTH118
        try:
            return int(find_database(collection).scalar("select ver from col"))
        finally:
            collection.close()


def check_schema(path: Path, place: str) -> None:
    """Refuse a collection that the installed library would upgrade, or does not know."""
    load_library()
    with open_collection(path) as collection:
        schema = collection.schema
    own, installed = probe_schema(), metadata.version("anki")
    if schema == own:
        return
    if schema > own:
        raise AnkiError(
            f"{place} has schema {schema}, but the installed anki {installed} knows only {own}",
            help="pip install --upgrade anki",
        )
    wanted = _PACKAGES.get(schema)
    raise AnkiError(
        f"{place} has schema {schema}; the installed anki {installed} would upgrade it to {own}, and "
        "your Anki might not open it any more",
        help=f"pip install 'anki=={wanted}'"
        if wanted
        else "update Anki itself, open the profile there once, and run the command again",
    )


@contextmanager
def open_with_library(path: Path, place: str) -> Iterator[Collection]:
    """Open a collection, named by its place in messages.

    Raises:
        InUseError: another process has opened it.
        AnkiError: it cannot be used.

    """
    from anki.collection import Collection  # noqa: PLC0415  (an extra)

    with explain_errors(place):
        collection = Collection(str(path))
        try:
            yield collection
        finally:
            with suppress(Exception):
                collection.close()


@contextmanager
def explain_errors(place: str) -> Iterator[None]:
    """Turn exceptions of the library into an AnkiError."""
    from anki.errors import AnkiException, DBError  # noqa: PLC0415  (an extra)

    try:
        yield
    except DBError as error:
        if "already open" in str(error):
            raise InUseError(
                f"{place} is in use, so it cannot be changed",
                help="close Anki, or install its add-on AnkiConnect (2055492159)",
            ) from error
        raise AnkiError(
            f"{place} cannot be used: {shorten(error)}",
            help="open it in Anki, and choose Tools → Check Database there",
        ) from error
    except CardwrightError:
        raise
    except BaseException as error:
        is_explained = isinstance(error, AnkiException) or type(error).__name__ == "PanicException"
        # On damaged values, the library raises any other exception as well.
        if not is_explained and not (isinstance(error, Exception) and _is_of_library(error)):
            raise
        raise AnkiError(
            f"{place}: Anki's library failed: {shorten(error)}",
            help="open it in Anki, and choose Tools → Check Database there",
        ) from error


def _is_of_library(error: Exception) -> bool:
    """Tell whether an exception comes out of the library."""
    return any(
        frame.f_globals.get("__name__", "").partition(".")[0] == "anki"
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def find_database(collection: Collection) -> DBProxy:
    """Return the database of an open collection."""
    if collection.db is None:
        raise AnkiError("the collection was closed while it was used")
    return collection.db


def check_scheduler(collection: Collection, place: str) -> None:
    """Refuse a collection whose scheduler is not the current one."""
    if not collection.v3_scheduler():
        raise AnkiError(
            f"{place} uses an old scheduler of Anki",
            help="update it: Anki offers that above its list of decks",
        )


def shorten(error: BaseException) -> str:
    """Return what an exception of the library says, in one line."""
    text = str(error).replace("\u2068", "").replace("\u2069", "")
    return " ".join(text[:_MAX_REASON].split())

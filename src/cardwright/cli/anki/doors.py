"""Which collection of Anki a command uses, and the options that choose it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import click

from cardwright.anki.doors.anki_connect import find_running_anki
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.door import Door
from cardwright.anki.doors.profiles import (
    Profile,
    choose_profile,
    find_anki_folders,
    list_profiles,
)
from cardwright.anki.doors.running import AnkiConnectDoor
from cardwright.anki.doors.server import ServerDoor
from cardwright.anki.doors.server_login import ServerAddress, list_users, parse_address
from cardwright.anki.error import AnkiError
from cardwright.anki.identity import NoteIdentity
from cardwright.cli.environment import read_clock
from cardwright.cli.output import warn
from cardwright.cli.user_folders import default_store_path
from cardwright.text import list_names

_KEY: Final = "ANKICONNECT_KEY"
"""The variable with the API key of AnkiConnect, if the user has set one."""
_URL: Final = "ANKICONNECT_URL"
"""The variable with its address, if it is not the default."""
profile_option = click.option(
    "--profile", metavar="NAME", help="The profile of Anki, if there are several."
)
server_option = click.option(
    "--server",
    metavar="URL",
    help="Your own sync server, such as http://anna@192.168.1.5:8080/, instead of Anki.",
)


def open_door(
    identities: Mapping[str, NoteIdentity],
    db: Path | None,
    profile: str | None,
    server: str | None,
) -> Door:
    """Return the door to a running Anki if it has AnkiConnect, or else to a closed one or a server.

    Raises:
        AnkiError: there is no such profile, or the address cannot be used.

    """
    running = None
    if server is None:
        running = find_running_anki(os.environ.get(_URL) or None, os.environ.get(_KEY, ""))
    if running:
        folders = find_anki_folders(sys.platform, os.environ, Path.home())
        return AnkiConnectDoor(
            running,
            identities,
            profiles=list_profiles(folders),
            wanted=profile,
            folder=_find_folder(db),
            now=read_clock().local,
        )
    return open_library_door(identities, db, profile, server)


def find_profile(profile: str | None) -> Profile:
    """Return the profile that a running Anki has open, or else the one that is meant, to read it.

    Raises:
        AnkiError: there is no such profile, or it is unclear which one is meant.

    """
    folders = find_anki_folders(sys.platform, os.environ, Path.home())
    running = find_running_anki(os.environ.get(_URL) or None, os.environ.get(_KEY, ""))
    if running is None:
        return choose_profile(folders, profile)
    door = AnkiConnectDoor(
        running,
        {},
        profiles=list_profiles(folders),
        wanted=profile,
        folder=_find_folder(None),
        now=read_clock().local,
    )
    return door.profile


def open_library_door(
    identities: Mapping[str, NoteIdentity],
    db: Path | None,
    profile: str | None,
    server: str | None,
) -> ProfileDoor | ServerDoor:
    """Return the door to the collection of a profile, or to one on a server.

    Raises:
        AnkiError: there is no such profile, or the address cannot be used.

    """
    if profile is not None and server is not None:
        raise click.UsageError("use only one of --profile and --server")
    folder = _find_folder(db)
    today = read_clock().local.date()
    if server is None:
        folders = find_anki_folders(sys.platform, os.environ, Path.home())
        chosen = choose_profile(folders, profile)
        return ProfileDoor(chosen, identities, folder=folder, today=today)
    address = _find_user(folder, parse_address(server))
    return ServerDoor(
        address,
        identities,
        folder=folder,
        today=today,
        ask_password=partial(_ask_password, address),
    )


def _find_folder(db: Path | None) -> Path:
    """Return the folder for what belongs to the doors, beside the store."""
    return (db or default_store_path()).parent / "anki"


def _find_user(folder: Path, address: ServerAddress) -> ServerAddress:
    """Return an address with the user's name: as given, as logged in before, or as asked for."""
    if address.user:
        return address
    known = list_users(folder, address.url)
    if len(known) == 1:
        return address.with_user(known[0])
    example = address.url.replace("://", "://NAME@", 1)
    if known:
        raise AnkiError(
            f"several users of {address.url} have logged in here: {list_names(known)}",
            help=f"name one: --server {example}",
        )
    if not sys.stdin.isatty():
        raise AnkiError(f"{address.url} needs a user's name", help=f"give it: --server {example}")
    return address.with_user(click.prompt(f"User of {address.url}", err=True))


def _ask_password(address: ServerAddress) -> str:
    """Ask for the password, or read it from a pipe; it is never stored."""
    if address.is_readable_by_others:
        warn(f"note: {address.url} is not encrypted: others in the network can read the password")
    if sys.stdin.isatty():
        text = f"Password of {address.user} for {address.url}"
        return str(click.prompt(text, hide_input=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise AnkiError(
            f"{address.url} needs the password of {address.user}",
            help="run the command in a terminal once; after that, a key is kept and no one is asked",
        )
    return password

"""A self-hosted sync server: its address, and the key of the user's session with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from cardwright.anki.error import AnkiError
from cardwright.files import make_private_folder
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file

_ANKIWEB: Final = ("ankiweb.net", "ankiuser.net")
_HOST: Final = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
"""Other spellings of a name, such as full-width letters, could hide one that is refused."""
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.\d+){3}|::1")
_PORTS: Final = {"http": 80, "https": 443}
_EXAMPLE: Final = "such as http://anna@192.168.1.5:8080/"
_KEY_FILE: Final = "session.json"
_MAX_KEY_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A sync server, and the user's name there."""

    url: str
    """Without the user; it ends with a slash."""
    user: str
    """Empty if it was not given."""
    is_readable_by_others: bool
    """Whether what is sent there, the password too, goes unencrypted over a network."""

    def with_user(self, user: str) -> ServerAddress:
        """Return the address with the name of a user."""
        return replace(self, user=user)

    @property
    def place(self) -> str:
        """Names the collection there."""
        return f"server {self.url} {self.user}"

    @property
    def folder_name(self) -> str:
        """A name for a folder that is different for each collection."""
        return sha256(self.place.encode()).hexdigest()[:16]


def parse_address(text: str) -> ServerAddress:
    """Parse the address of a sync server, with or without the user's name.

    Raises:
        AnkiError: it is not an address, or is one of AnkiWeb.

    """
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _PORTS or not host:
        raise AnkiError(f"{text} is not the address of a sync server", help=f"give one {_EXAMPLE}")
    if not _HOST.fullmatch(host):
        raise AnkiError(f"the host in {text} has other signs than letters, digits, `-` and `.`")
    if any(host == name or host.endswith(f".{name}") for name in _ANKIWEB):
        raise AnkiError(
            "AnkiWeb admits only Anki's own programs, so Cardwright never logs in there",
            help="sync with Anki on this machine (without --server), and let Anki sync with AnkiWeb",
        )
    if parts.password is not None:
        raise AnkiError(
            "an address with a password would stay in the history of your shell",
            help=f"leave it out, {_EXAMPLE}: you will be asked for it once",
        )
    if parts.query or parts.fragment:
        raise AnkiError(f"{text} has more than the address of a sync server", help=_EXAMPLE)
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        shown += f":{port}"
    path = parts.path.strip("/")
    return ServerAddress(
        url=f"{parts.scheme}://{shown}/{path + '/' if path else ''}",
        user=unquote(parts.username or ""),
        is_readable_by_others=parts.scheme == "http" and not _LOOPBACK.fullmatch(host),
    )


def is_of_ankiweb(url: str) -> bool:
    """Tell whether an address to which a server has redirected is one of AnkiWeb."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    return any(host == name or host.endswith(f".{name}") for name in _ANKIWEB)


def list_users(folder: Path, url: str) -> list[str]:
    """Return the users who have logged in to a server; `folder` holds the folders of all servers."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    found = (_read(path) for path in paths)
    return [one["user"] for one in found if one.get("url") == url and one.get("user")]


def read_key(folder: Path, address: ServerAddress) -> str:
    """Return the key of a session; "" if there is none."""
    found = _read(folder)
    is_same = (found.get("url"), found.get("user")) == (address.url, address.user)
    return found.get("key", "") if is_same else ""


def write_key(folder: Path, address: ServerAddress, key: str) -> None:
    """Store the key of a session in a file that only its owner can read.

    Raises:
        AnkiError: it is too long, or the folder is not private.
        OSError: it cannot be written.

    """
    data = json.dumps({"url": address.url, "user": address.user, "key": key}).encode()
    if len(data) > _MAX_KEY_BYTES:
        raise AnkiError(f"{address.url} has sent a key that is too long")
    make_private_folder(folder)
    check_private_folder(folder)
    temporary = folder / f".{_KEY_FILE}.{os.urandom(4).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
        temporary.replace(folder / _KEY_FILE)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def forget_key(folder: Path) -> None:
    """Delete the key of a session."""
    with contextlib.suppress(OSError):
        (folder / _KEY_FILE).unlink()


def check_private_folder(path: Path) -> None:
    """Check that nobody else can put files into a folder, or read those in it.

    Raises:
        AnkiError: it is a link, or belongs to somebody else.
        OSError: it cannot be closed to others.

    """
    info = path.lstat()
    is_others = hasattr(os, "geteuid") and info.st_uid != os.geteuid()
    if is_others or not stat.S_ISDIR(info.st_mode):
        raise AnkiError(
            f"{path} is a link, or belongs to somebody else, who could read what is kept there",
            help="move it away, or keep your reviews elsewhere: --db",
        )
    if os.name == "posix" and info.st_mode & 0o077:
        path.chmod(0o700)


def _read(folder: Path) -> dict[str, str]:
    try:
        found = json.loads(read_plain_file(folder / _KEY_FILE, _MAX_KEY_BYTES))
    except (OSError, ValueError, RecursionError, ForeignFileError):
        return {}
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        return {}
    return found

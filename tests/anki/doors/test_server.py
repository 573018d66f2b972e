"""The door to a sync server, with Anki's own server and a stock client of it."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from anki_desktop import (
    PASSWORD,
    TODAY,
    USER,
    Client,
    Identities,
    Server,
    answer,
    build_package,
    identify,
    import_into,
    list_card_ids,
    make_push,
    open_anki,
    write_cards,
)
from cardwright.anki.doors.door import Push
from cardwright.anki.doors.server import ServerDoor
from cardwright.anki.doors.server_login import list_users, parse_address, read_key
from cardwright.anki.error import AnkiChangedError, AnkiError

AT_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_package(tmp_path_factory.mktemp("project"), write_cards(range(6)))


@pytest.fixture(scope="module")
def identities(package: Path) -> Identities:
    return identify(package.parents[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def users() -> Iterator[str]:
    return (f"{USER}{number}" for number in count())


@pytest.fixture
def user(users: Iterator[str]) -> str:
    """A user of the server without a collection there."""
    return next(users)


@pytest.fixture
def phone(tmp_path: Path, server: Server, user: str) -> Iterator[Client]:
    """Anki on another device, which has not synced yet."""
    made = Client(tmp_path / "phone" / "collection.anki2", server, user)
    yield made
    made.close()


@pytest.fixture
def synced(phone: Client, package: Path) -> Client:
    """The phone, once the cards of the package are on it and on the server."""
    import_into(phone.col, package)
    phone.upload()
    return phone


class Asked:
    """Gives passwords, one after another."""

    def __init__(self, *passwords: str) -> None:
        self.left = list(passwords)

    def __call__(self) -> str:
        return self.left.pop(0)


MakeDoor = Callable[..., ServerDoor]


@pytest.fixture
def make_door(tmp_path: Path, server: Server, user: str, identities: Identities) -> MakeDoor:
    def make(ask: Callable[[], str] | None = None, url: str = server.url) -> ServerDoor:
        address = parse_address(url.replace("//", f"//{user}@"))
        folder = tmp_path / "mine"
        return ServerDoor(
            address,
            identities,
            folder=folder,
            today=TODAY,
            ask_password=ask or Asked(PASSWORD),
        )

    return make


def read_push(door: ServerDoor, at_ms: int = AT_MS) -> Push:
    view = door.read()
    return make_push(view, sorted(view.cards)[:3], at_ms)


def read_log(client: Client) -> list[list[int]]:
    assert client.col.db
    return [list(row) for row in client.col.db.all("select id, cid from revlog order by id")]


def test_what_is_written_reaches_other_devices_by_normal_syncs(
    make_door: MakeDoor, synced: Client
) -> None:
    door = make_door()
    push = read_push(door)
    door.write(push)
    door.close()

    assert synced.sync() == 0  # done; anything else asks for a full sync
    assert read_log(synced) == [[row.id, row.card_id] for row in push.log]
    for card in push.cards:
        found = synced.col.get_card(card.card_id)  # type: ignore[arg-type]
        assert (found.due, found.ivl) == (9, 5)
        assert found.memory_state
    answer(synced.col, list_card_ids(synced.col)[5])
    assert synced.sync() == 0

    view = make_door(Asked()).read()
    assert sum(map(len, view.log.values())) == 4


@pytest.mark.usefixtures("synced")
def test_the_password_is_asked_for_once_and_stored_nowhere(
    make_door: MakeDoor, tmp_path: Path, server: Server, user: str
) -> None:
    asked = Asked(PASSWORD)
    make_door(asked).read()
    door = make_door(asked)
    door.write(read_push(door))

    assert asked.left == []
    mine = [path for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    assert not [path for path in mine if PASSWORD.encode() in path.read_bytes()]
    [key] = [path for path in mine if path.name == "session.json"]
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert {stat.S_IMODE(path.stat().st_mode) for path in (key.parent, tmp_path / "mine")} == {
            0o700
        }
    assert list_users(tmp_path / "mine", server.url) == [user]


@pytest.mark.usefixtures("synced")
def test_a_key_that_is_damaged_is_asked_for_again(make_door: MakeDoor, tmp_path: Path) -> None:
    make_door().read()
    [key] = (tmp_path / "mine").glob("*/session.json")
    for text in ("{damaged", "[1]", "", '{"key": 5}', "[" * 5000):
        key.write_text(text, "utf-8")
        asked = Asked(PASSWORD)
        make_door(asked).read()
        assert asked.left == []


@pytest.mark.usefixtures("synced")
def test_a_key_that_the_server_does_not_know_any_more_is_asked_for_again(
    make_door: MakeDoor, tmp_path: Path
) -> None:
    make_door().read()
    [key] = (tmp_path / "mine").glob("*/session.json")
    good = key.read_text("utf-8")
    key.write_text(good.replace('"key": "', '"key": "ffff'), "utf-8")

    with pytest.raises(AnkiError, match="does not accept this password of anna"):
        make_door(Asked("wrong")).read()
    assert not key.exists()
    asked = Asked(PASSWORD)
    make_door(asked).read()
    assert asked.left == []
    assert key.read_text("utf-8") == good


def test_a_mistyped_address_leaves_nothing_behind(
    make_door: MakeDoor, server: Server, tmp_path: Path
) -> None:
    with pytest.raises(AnkiError, match="does not accept this password of anna"):
        make_door(Asked("wrong")).read()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{free.getsockname()[1]}/"
    for url, said in (
        (silent, f"{silent} does not answer"),
        (f"{server.url}x/", r"404 Not Found\)"),
    ):
        with pytest.raises(AnkiError, match=said):
            make_door(url=url).read()
    assert not list((tmp_path / "mine").iterdir())


def test_a_key_of_one_server_is_not_sent_to_another(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "session.json").write_text('{"url": "http://a/", "user": "anna", "key": "k"}')
    one, other = (parse_address(url).with_user("anna") for url in ("http://a/", "http://b/"))
    assert read_key(folder, one) == "k"
    assert read_key(folder, other) == ""


def test_an_empty_server_is_never_filled(make_door: MakeDoor, phone: Client, package: Path) -> None:
    for _ in range(2):
        with pytest.raises(AnkiError, match=r"has no cards of anna.* yet") as raised:
            make_door().read()
        assert "choose to upload there" in raised.value.help
        with pytest.raises(AnkiError, match="has no cards"):
            make_door().import_package(package, {}, with_presets=False)
    import_into(phone.col, package)
    assert phone.sync() == 4  # an upload: nothing is there yet


def test_a_server_that_was_emptied_is_not_filled_again(make_door: MakeDoor, synced: Client) -> None:
    door = make_door()
    push = read_push(door)
    synced.col.remove_notes(list(synced.col.find_notes("")))
    synced.upload()
    for work in (lambda: door.write(push), door.read):
        with pytest.raises(AnkiError, match=r"has no cards of anna.* any more"):
            work()
    assert synced.sync() == 0


def test_a_full_sync_after_the_write_downloads_and_asks_to_merge_again(
    make_door: MakeDoor, synced: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = make_door()
    push = read_push(door)
    send = ServerDoor._send

    def send_late(self: ServerDoor, *words: object) -> None:
        synced.col.mod_schema(check=False)
        synced.col.set_config("mine", val=1)
        synced.upload()
        send(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ServerDoor, "_send", send_late)
        with pytest.raises(AnkiChangedError, match="other changes at the same time"):
            door.write(push)

    assert not any(door.read().log.values())
    door.write(push)
    assert synced.sync() == 0
    assert len(read_log(synced)) == 3


def test_a_device_that_syncs_between_reading_and_writing_is_noticed(
    make_door: MakeDoor, synced: Client
) -> None:
    door = make_door()
    push = read_push(door)
    answer(synced.col, list_card_ids(synced.col)[0])
    synced.sync()
    with pytest.raises(AnkiChangedError):
        door.write(push)
    assert len(read_log(synced)) == 1


def test_a_device_that_syncs_while_writing_is_noticed(
    make_door: MakeDoor, synced: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our card state would be without its answer, and newer."""
    door = make_door()
    push = read_push(door)
    send = ServerDoor._send

    def send_late(self: ServerDoor, *words: object) -> None:
        answer(synced.col, list_card_ids(synced.col)[0])
        synced.sync()
        send(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(ServerDoor, "_send", send_late)
    with pytest.raises(AnkiChangedError):
        door.write(push)
    synced.sync()
    assert len(read_log(synced)) == 4


def test_what_could_not_be_sent_is_sent_by_the_next_sync(
    make_door: MakeDoor, synced: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = make_door()
    push = read_push(door)
    send = ServerDoor._send

    def send_after_the_end(self: ServerDoor, *words: object) -> None:
        server.stop()
        send(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ServerDoor, "_send", send_after_the_end)
        with pytest.raises(AnkiError, match="waits in a private copy") as raised:
            door.write(push)
    assert "run the command again" in raised.value.help
    server.start()
    make_door(Asked()).read()
    assert synced.sync() == 0
    assert len(read_log(synced)) == 3


@pytest.mark.usefixtures("synced")
def test_a_private_copy_that_is_damaged_is_downloaded_again(
    make_door: MakeDoor, tmp_path: Path
) -> None:
    make_door().read()
    [copy] = (tmp_path / "mine").glob("*/collection.anki2")
    for data in (copy.read_bytes()[:5000], b"text" * 1000):
        copy.write_bytes(data)
        assert len(make_door().read().cards) == 6
    shutil.rmtree(copy.parent)
    assert len(make_door().read().cards) == 6


def test_an_import_reaches_the_server(make_door: MakeDoor, synced: Client, tmp_path: Path) -> None:
    more = build_package(tmp_path / "more", write_cards(range(8)))
    done = make_door().import_package(more, {}, with_presets=False)
    assert len(done.new) == 2
    assert synced.sync() == 0
    assert synced.col.card_count() == 8


def test_a_collection_with_what_runs_by_itself_is_refused_and_deleted(
    make_door: MakeDoor,
    synced: Client,
    server: Server,
    user: str,
    tmp_path: Path,
) -> None:
    make_door().read()
    server.stop()
    with closing(sqlite3.connect(server.folder / user / "collection.anki2")) as made:
        made.execute("create trigger t after update on col begin update col set crt = 1; end")
        made.execute("update col set scm = scm + 1, mod = mod + 1")
        made.commit()
    server.start()
    with pytest.raises(AnkiError, match="has a trigger, a view or a virtual table"):
        make_door(Asked()).read()
    assert not list((tmp_path / "mine").glob("*/collection.anki2*"))
    assert not list((tmp_path / "mine").glob("*/unchecked"))
    assert synced.col.card_count() == 6


@pytest.mark.usefixtures("synced")
def test_a_copy_that_was_not_checked_is_downloaded_again(
    make_door: MakeDoor, tmp_path: Path
) -> None:
    make_door().read()
    [copy] = (tmp_path / "mine").glob("*/collection.anki2")
    with closing(sqlite3.connect(copy)) as made:
        made.execute("create trigger t after update on col begin update col set crt = 1; end")
    (copy.parent / "unchecked").touch()
    assert len(make_door().read().cards) == 6
    with closing(sqlite3.connect(copy)) as made:
        assert not made.execute("select * from sqlite_master where type = 'trigger'").fetchall()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.usefixtures("synced")
def test_the_folder_of_the_copy_is_the_users_alone(
    make_door: MakeDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_door().read()
    [folder] = (tmp_path / "mine").iterdir()
    folder.chmod(0o777)
    make_door().read()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    os.mkfifo(tmp_path / "pipe")
    (folder / "session.json").unlink()
    (folder / "session.json").symlink_to(tmp_path / "pipe")
    make_door().read()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
        with pytest.raises(AnkiError, match="belongs to somebody else"):
            make_door().read()
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    with pytest.raises(AnkiError, match="is a link"):
        make_door().read()


def test_work_that_does_not_end_is_left_behind(
    make_door: MakeDoor, monkeypatch: pytest.MonkeyPatch, synced: Client
) -> None:
    monkeypatch.setattr("cardwright.anki.doors.server._ABORT_LIMIT_S", 0.05)
    is_done = threading.Event()
    with pytest.raises(AnkiError, match="busy forever"):
        make_door()._ask_server(synced.col, is_done.wait, limit_s=0.05)
    assert synced.col.db is None
    monkeypatch.setattr("cardwright.anki.doors.server._MAX_FOLDER_BYTES", -1)
    with pytest.raises(AnkiError, match="sends more than 2 GiB"):
        make_door()._ask_server(synced.col, is_done.wait)
    is_done.set()
    synced.col.reopen(after_full_sync=True)


class Misbehaving(BaseHTTPRequestHandler):
    """Answers everything in the same strange way."""

    status: ClassVar = 200
    body: ClassVar = b""
    headers_sent: ClassVar[dict[str, str]] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>a router</html>", {}),
        (200, b"\x28\xb5\x2f\xfd garbage", {"anki-original-size": "99"}),
        (200, b"", {"anki-original-size": "0"}),
        (500, b"\x1b]0;title\x07", {}),
        (404, b"", {}),
        (308, b"", {"Location": "https://sync.ankiweb.invalid/"}),
        (302, b"", {"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_a_server_that_misbehaves_gives_a_message(
    make_door: MakeDoor,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    headers: dict[str, str],
) -> None:
    monkeypatch.setattr(Misbehaving, "status", status)
    monkeypatch.setattr(Misbehaving, "body", body)
    monkeypatch.setattr(Misbehaving, "headers_sent", headers)
    strange = HTTPServer(("127.0.0.1", 0), Misbehaving)
    thread = threading.Thread(target=strange.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(AnkiError) as raised:
            make_door(url=f"http://127.0.0.1:{strange.server_port}/").read()
        assert len(str(raised.value)) < 600
    finally:
        strange.shutdown()
        thread.join()
        strange.server_close()


def test_a_server_that_never_answers_is_given_up(
    make_door: MakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardwright.anki.doors.server._SYNC_LIMIT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = make_door(url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(AnkiError, match="took longer than"):
            door.read()


def test_a_private_copy_in_use_is_left_alone(make_door: MakeDoor, tmp_path: Path) -> None:
    with pytest.raises(AnkiError):
        make_door().read()
    [copy] = (tmp_path / "mine").glob("*/collection.anki2")
    with open_anki(copy), pytest.raises(AnkiError, match="another `cards` syncs with"):
        make_door().read()


@pytest.mark.parametrize(
    ("text", "url", "user"),
    [
        ("http://localhost:8080", "http://localhost:8080/", ""),
        ("HTTP://Anna@Example.ORG:80/anki", "http://example.org/anki/", "Anna"),
        ("https://a%40b@example.org:443/", "https://example.org/", "a@b"),
        ("https://[::1]:27701/x/y/", "https://[::1]:27701/x/y/", ""),
    ],
)
def test_addresses_of_servers(text: str, url: str, user: str) -> None:
    address = parse_address(text)
    assert (address.url, address.user) == (url, user)
    assert parse_address(address.url).url == address.url


@pytest.mark.parametrize(
    "text",
    [
        *("ankiweb.net", "", "ftp://example.org/", "http://", "localhost:8080", "//example.org"),
        *("http://example.org:99999/", "http://[::1/", "file:///etc/passwd", "http://u:p@host/"),
        *("http://host/?a=b", "http://host/#a", "http://host\x1b/", "http://ho st/"),
        *("http://ankiweb\u3002net/", "http://ankiweb%2enet/", "http://\uff41nkiweb.net/"),
    ],
)
def test_what_is_not_the_address_of_a_server_is_refused(text: str) -> None:
    with pytest.raises(AnkiError):
        parse_address(text)


@pytest.mark.parametrize(
    "host",
    [
        "ankiweb.net",
        "sync.AnkiWeb.net",
        "ankiuser.net.",
        "sync12.ankiweb.net:443",
        "x.ankiuser.net",
    ],
)
def test_ankiweb_is_refused_with_the_reason(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(AnkiError, match="AnkiWeb admits only Anki's own programs") as raised:
            parse_address(f"{scheme}://anna@{host}/")
        assert "let Anki sync with AnkiWeb" in raised.value.help
    assert parse_address("http://ankiweb.net.example.org/")
    assert parse_address("http://notankiweb.net/")


def test_unencrypted_addresses_are_known() -> None:
    for text, is_open in {
        "http://192.168.1.5:8080/": True,
        "http://localhost/": False,
        "http://127.0.0.1:8080/": False,
        "https://example.org/": False,
    }.items():
        assert parse_address(text).is_readable_by_others is is_open
    assert os.sep not in parse_address("http://a/../b/").folder_name

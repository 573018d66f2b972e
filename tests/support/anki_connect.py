"""AnkiConnect's interface (version 6) over a real collection, as the add-on serves it from Anki's window.

Each action does what the add-on's source does with the `anki` package, its oddities included; what only
shows in the window is left out. `CONTRIBUTING.md` says how to compare it with the add-on itself.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anki.collection  # before the modules that import it in a circle
from anki.cards import Card
from anki.errors import NotFoundError
from anki.scheduler.v3 import CardAnswer, Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anki.cards import CardId
    from anki.notes import NoteId

VERSION = 6
GUARDED = {
    *("did", "id", "ivl", "lapses", "left", "mod", "nid", "odid", "odue", "ord", "queue", "reps"),
    *("type", "usn"),
}
"""What `setSpecificValueOfCard` sets only with `warning_check`."""
LOG_COLUMNS = ("id", "usn", "ease", "ivl", "lastIvl", "factor", "time", "type")
RATINGS = {1: CardAnswer.AGAIN, 2: CardAnswer.HARD, 3: CardAnswer.GOOD, 4: CardAnswer.EASY}


class GoneError(Exception):
    """Raised by a hook of the server: Anki ends, and nobody gets a reply."""


class AnkiConnectServer:
    """The add-on in a running Anki that has a collection open."""

    def __init__(
        self,
        col: anki.collection.Collection | None,
        *,
        key: str | None = None,
        lacks: Collection[str] = (),
    ) -> None:
        """`lacks` names actions that the installed release of the add-on does not have yet."""
        self.col = col
        """None while Anki shows its list of profiles."""
        self.key = key
        self.lacks = lacks
        self.asked: list[str] = []
        """The actions so far, those within `multi` included."""
        self.before: Callable[[str, Mapping[str, Any]], None] = lambda _action, _params: None
        """Called before each action, such as to answer a card in between."""
        self.on_sync: Callable[[], None] = lambda: None
        """What the button "Sync" does."""
        self.refreshes = 0
        """How often the window was made to show what has changed."""
        self.instead: dict[str, Any] = {}
        """What some actions reply instead of their result."""
        self.url = ""

    @property
    def _open_col(self) -> anki.collection.Collection:
        if self.col is None:
            raise ValueError("collection is not available")
        return self.col

    def handle(self, request: Any) -> Any:
        """Reply to a request, or to one of the actions of `multi`."""
        if not isinstance(request, dict) or not isinstance(request.get("action"), str):
            return {"result": None, "error": "'action' is a required property"}
        name, version = request["action"], request.get("version", 4)
        params = request.get("params", {})
        try:
            action = self._choose(name, request.get("key"))
            self.asked.append(name)
            self.before(name, params)
            result = self.instead[name] if name in self.instead else action(self, **params)
        except GoneError:
            raise
        except Exception as error:  # noqa: BLE001  (the add-on catches all too)
            return {"result": None, "error": str(error)}
        return result if version <= 4 else {"result": result, "error": None}

    def _choose(self, name: str, key: Any) -> Callable[..., Any]:
        if key != self.key and name != "requestPermission":
            raise ValueError("valid api key must be provided")
        if name in self.lacks or name not in ACTIONS:
            raise ValueError("unsupported action")
        return ACTIONS[name]

    # What concerns Anki as a whole.

    def version(self) -> int:
        return VERSION

    def request_permission(self) -> dict[str, Any]:
        is_locked = self.key is not None
        return {"permission": "granted", "requireApikey": is_locked, "version": VERSION}

    def multi(self, actions: Sequence[Any]) -> list[Any]:
        return [self.handle(action) for action in actions]

    def get_profiles(self) -> list[str]:
        base = Path(self._open_col.path).parent.parent
        return sorted(path.parent.name for path in base.glob("*/collection.anki2"))

    def get_active_profile(self) -> str:
        return Path(self._open_col.path).parent.name

    def get_media_dir_path(self) -> str:
        return str(Path(self._open_col.media.dir()).absolute())

    def sync(self) -> None:
        self.on_sync()

    def import_package(self, path: str) -> bool:
        # It prints that it is deprecated.
        importing: Any = import_module("anki.importing")
        importing.AnkiPackageImporter(self._open_col, path).run()
        self.refreshes += 1
        return True

    # Decks.

    def deck_names(self) -> list[str]:
        return [deck.name for deck in self._open_col.decks.all_names_and_ids()]

    def get_deck_config(self, deck: str) -> Any:
        decks = self._open_col.decks
        deck_id = decks.id_for_name(deck)
        return False if deck_id is None else decks.config_dict_for_deck_id(deck_id)

    # Notes.

    def find_notes(self, query: str | None = None) -> list[int]:
        return [] if query is None else [int(it) for it in self._open_col.find_notes(query)]

    def notes_info(self, notes: Sequence[int]) -> list[dict[str, Any]]:
        return [self._describe_note(note) for note in notes]

    def _describe_note(self, note_id: int) -> dict[str, Any]:
        col = self._open_col
        try:
            note = col.get_note(cast("NoteId", note_id))
        except NotFoundError:
            return {}
        query = "select id from cards where nid = ? order by ord"
        return {
            "noteId": note.id,
            "tags": note.tags,
            "fields": {
                name: {"value": value, "order": order}
                for order, (name, value) in enumerate(note.items())
            },
            "modelName": cast("dict[str, Any]", note.note_type())["name"],
            "cards": self._db.list(query, note.id),
        }

    def replace_tags(
        self, notes: Sequence[int], tag_to_replace: str, replace_with_tag: str
    ) -> None:
        for note_id in notes:
            note = self._open_col.get_note(cast("NoteId", note_id))
            if note.has_tag(tag_to_replace):
                note.remove_tag(tag_to_replace)
                note.add_tag(replace_with_tag)
                self._open_col.update_note(note, skip_undo_entry=True)
        self.refreshes += 1

    # Cards.

    @property
    def _db(self) -> Any:
        return self._open_col.db

    def find_cards(self, query: str | None = None) -> list[int]:
        return [] if query is None else [int(it) for it in self._open_col.find_cards(query)]

    def cards_info(self, cards: Sequence[int]) -> list[dict[str, Any]]:
        return [self._describe_card(card) for card in cards]

    def _describe_card(self, card_id: int) -> dict[str, Any]:
        col = self._open_col
        try:
            card = col.get_card(cast("CardId", card_id))
        except NotFoundError:
            return {}
        note = self._describe_note(card.nid)
        return {
            "cardId": card.id,
            "fields": note["fields"],
            "fieldOrder": card.ord,
            "question": card.question(),
            "answer": card.answer(),
            "modelName": note["modelName"],
            "ord": card.ord,
            "deckName": col.decks.name(card.did),
            "css": card.note_type()["css"],
            "factor": card.factor,
            "interval": card.ivl,
            "note": card.nid,
            "type": int(card.type),
            "queue": int(card.queue),
            "due": card.due,
            "reps": card.reps,
            "lapses": card.lapses,
            "left": card.left,
            "mod": card.mod,
        }

    def cards_mod_time(self, cards: Sequence[int]) -> list[dict[str, int]]:
        found = []
        for card_id in cards:
            try:
                card = self._open_col.get_card(cast("CardId", card_id))
                found.append({"cardId": int(card.id), "mod": card.mod})
            except NotFoundError:
                found.append({})
        return found

    def are_suspended(self, cards: Sequence[int]) -> list[bool | None]:
        found: list[bool | None] = []
        for card_id in cards:
            try:
                found.append(self._open_col.get_card(cast("CardId", card_id)).queue == -1)
            except NotFoundError:
                found.append(None)
        return found

    def set_specific_value_of_card(
        self,
        card: Any,
        keys: Any,
        newValues: Any,  # noqa: N803  (the name is the add-on's)
        warning_check: bool = False,  # noqa: FBT002
    ) -> Any:
        if isinstance(card, list) or not isinstance(keys, list) or not isinstance(newValues, list):
            return False
        if len(keys) != len(newValues) or (warning_check is False and GUARDED & set(keys)):
            return False
        try:
            try:
                changed = self._open_col.get_card(cast("CardId", card))
            except NotFoundError:
                raise ValueError(f"Card was not found: {card}") from None
            # Any name will do: those that Anki does not store, such as `data`, change nothing.
            for key, value in zip(keys, newValues, strict=True):
                setattr(changed, key, value)
            self._open_col.update_card(changed, skip_undo_entry=True)
        except Exception as error:  # noqa: BLE001  (the add-on catches all too)
            return [[False, str(error)]]
        return [True]

    def answer_cards(self, answers: Sequence[Mapping[str, int]]) -> list[bool]:
        done = []
        scheduler = cast("Scheduler", self._open_col.sched)
        for answer in answers:
            try:
                card: Card = self._open_col.get_card(cast("CardId", answer["cardId"]))
            except NotFoundError:
                done.append(False)
                continue
            card.start_timer()
            states = self._open_col._backend.get_scheduling_states(card.id)
            rating = RATINGS[answer["ease"]]
            scheduler.answer_card(scheduler.build_answer(card=card, states=states, rating=rating))
            done.append(True)
        return done

    # The review log.

    def card_reviews(self, deck: str, startID: int) -> Any:  # noqa: N803
        query = f"select id, cid, {', '.join(LOG_COLUMNS[1:])} from revlog where id > ?"
        # Cards in decks below it do not count.
        in_deck = " and cid in (select id from cards where did = ?)"
        return self._db.all(query + in_deck, startID, self._open_col.decks.id(deck))

    def get_reviews_of_cards(self, cards: Sequence[int]) -> dict[int, list[dict[str, int]]]:
        query = f"select {', '.join(LOG_COLUMNS)} from revlog where cid = ?"
        return {
            card: [dict(zip(LOG_COLUMNS, row, strict=True)) for row in self._db.all(query, card)]
            for card in cards
        }

    def insert_reviews(self, reviews: Sequence[Sequence[Any]]) -> None:
        if reviews:
            rows = ",".join(f"({','.join(map(str, row))})" for row in reviews)
            columns = "id, cid, usn, ease, ivl, lastIvl, factor, time, type"
            # Text that is not checked, outside any operation: the collection counts as unchanged.
            self._db.execute(f"insert into revlog ({columns}) values {rows}")


ACTIONS: dict[str, Callable[..., Any]] = {
    "version": AnkiConnectServer.version,
    "requestPermission": AnkiConnectServer.request_permission,
    "multi": AnkiConnectServer.multi,
    "getProfiles": AnkiConnectServer.get_profiles,
    "getActiveProfile": AnkiConnectServer.get_active_profile,
    "getMediaDirPath": AnkiConnectServer.get_media_dir_path,
    "sync": AnkiConnectServer.sync,
    "importPackage": AnkiConnectServer.import_package,
    "deckNames": AnkiConnectServer.deck_names,
    "getDeckConfig": AnkiConnectServer.get_deck_config,
    "findNotes": AnkiConnectServer.find_notes,
    "notesInfo": AnkiConnectServer.notes_info,
    "replaceTags": AnkiConnectServer.replace_tags,
    "findCards": AnkiConnectServer.find_cards,
    "cardsInfo": AnkiConnectServer.cards_info,
    "cardsModTime": AnkiConnectServer.cards_mod_time,
    "areSuspended": AnkiConnectServer.are_suspended,
    "setSpecificValueOfCard": AnkiConnectServer.set_specific_value_of_card,
    "answerCards": AnkiConnectServer.answer_cards,
    "cardReviews": AnkiConnectServer.card_reviews,
    "getReviewsOfCards": AnkiConnectServer.get_reviews_of_cards,
    "insertReviews": AnkiConnectServer.insert_reviews,
}


@contextmanager
def serve_anki_connect(
    col: anki.collection.Collection | None, *, key: str | None = None, lacks: Collection[str] = ()
) -> Iterator[AnkiConnectServer]:
    """Serve a collection at a free port of 127.0.0.1 while the context lasts; `url` is the address."""
    connect = AnkiConnectServer(col, key=key, lacks=lacks)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                reply = json.dumps(connect.handle(json.loads(data))).encode()
            except (GoneError, json.JSONDecodeError):
                # The client has ended in the middle of a request.
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # The client has ended before it got its reply.
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        connect.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield connect
        finally:
            server.shutdown()
            thread.join()

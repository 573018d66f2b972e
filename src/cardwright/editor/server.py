"""The language server: messages of an editor → what the other modules find out.

Besides what the protocol defines, it answers `cards/preview`, for editors that can show a page beside the
text. Its params are those of a hover: `{textDocument: {uri}, position}`. The result is null if there is
no card at the position, or if the file cannot be read just now; otherwise:

- `ref`: the name of the card, `pack:id`;
- `range`: its lines;
- `html`: its prompts as `cards preview` shows them, with media as `data:` addresses, or "" if it asks
  nothing. Nothing in it runs, and it needs nothing else. Faces of adopted note types are frames with
  `srcdoc` and an empty `sandbox`;
- `style`: the stylesheet for it. The class `nightMode` on the root element makes it dark;
- `script`: what the templates of built-in kinds run, or "". It listens for the event `prompts`, whose
  `detail` is the part of the document with new prompts.

`initializationOptions` may have `codeLens: true`.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cardwright import __version__
from cardwright.app.garbage import gc_paused
from cardwright.app.project import Project
from cardwright.diagnostic import Diagnostic, Related
from cardwright.editor.buffer import Buffer
from cardwright.editor.fixes import make_diagnostic
from cardwright.editor.parent import is_running
from cardwright.editor.wire import (
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REQUEST_FAILED,
    Damaged,
    Json,
    Message,
    ProtocolError,
    read_messages,
    write_message,
)
from cardwright.editor.workspace import (
    CheckedProject,
    OpenFile,
    Workspace,
    find_card_at,
    find_root,
    to_path,
)
from cardwright.error import CardwrightError
from cardwright.progress import show_progress

if TYPE_CHECKING:
    from cardwright.editor.schemas import Schemas

CONTENT_MODIFIED: Final = -32801
NOT_INITIALIZED: Final = -32002
_IDLE_S: Final = 0.01
"""After a change, so much silence lets the project be checked."""
_MAX_WAIT_S: Final = 0.1
"""While messages keep coming, it is checked after this time, or after twice what a check takes."""
_PARENT_S: Final = 3.0
"""In silence, the editor's process is looked for so often: others may hold its end of the stream."""
_MAX_PROBLEMS: Final = 1_000
"""The maximum reported per file."""
_MAX_FILES: Final = 500
"""The maximum of files reported that are not open."""
_INFO: Final = 3
_HAS_CHANGED: Final = "the text has changed meanwhile"
_LATER: Final = {"exit", "workspace/didChangeWorkspaceFolders"}
"""What always has its turn after a check."""
_WATCHED: Final = ("**/{cards,decks,kinds}/**",)
_CAPABILITIES: Final[Json] = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": True},
    "completionProvider": {"triggerCharacters": [" ", '"', "'", "(", "/", "[", ",", "{"]},
    "hoverProvider": True,
    "definitionProvider": True,
    "documentSymbolProvider": True,
    "renameProvider": {"prepareProvider": True},
    "codeActionProvider": {"codeActionKinds": ["quickfix"]},
    "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    "experimental": {"cardsPreview": True},
}


class _RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _BusyError(Exception):
    """A request that has to wait for the check that is running."""


class _Gone(BaseException):
    """Nobody reads what is written any more."""


class Server:
    """One conversation with an editor."""

    def __init__(
        self,
        output: BinaryIO,
        read_clock_s: Callable[[], float],
        *,
        cache_folder: Path | None,
        store_path: Path,
    ) -> None:
        """Answer on a stream; `read_clock_s` is a clock that never goes back."""
        self._output = output
        self._read_clock_s = read_clock_s
        self._store_path = store_path
        self._workspace = Workspace(cache_folder)
        self._state = "new"
        self._schemas: Schemas | None = None
        self._has_lenses = False
        self._watches = False
        self._shown: dict[Path, dict[str, Json]] = {}
        """The problems that the editor shows, by project and name of the file."""
        self._stale_since_s: float | None = None
        self._check_s = 0.0
        """How long the last check took."""
        self._is_checking = False
        """Whether messages are answered in the middle of a check."""
        self._takes_changes = False
        """Whether files may change meanwhile, since the project is checked again if they do."""
        self._parent: int | None = None
        """The editor's process."""
        self._inbox: queue.Queue[Message | Damaged | None] = queue.Queue()
        self._waiting: deque[Message | Damaged] = deque()
        self._cancelled: set[int | str] = set()
        self._is_over = False
        """Whether the editor will send no more."""
        self._requests: dict[str, Callable[[Json], Json]] = {
            "initialize": self._initialize,
            "shutdown": self._shut_down,
            "textDocument/completion": self._complete,
            "textDocument/hover": self._hover,
            "textDocument/definition": self._define,
            "textDocument/documentSymbol": self._list_symbols,
            "textDocument/codeAction": self._list_actions,
            "textDocument/codeLens": self._list_lenses,
            "textDocument/prepareRename": self._prepare_rename,
            "textDocument/rename": self._rename,
            "cards/preview": self._preview,
        }
        self._notifications: dict[str, Callable[[Json], None]] = {
            "initialized": self._begin,
            "textDocument/didOpen": self._open,
            "textDocument/didChange": self._change,
            "textDocument/didSave": self._save,
            "textDocument/didClose": self._close,
            "workspace/didChangeWatchedFiles": self._see_files,
            "workspace/didChangeWorkspaceFolders": self._see_folders,
        }

    def serve(self, input: BinaryIO) -> int:
        """Talk until the editor says `exit` or goes away; return the exit status."""
        threading.Thread(target=_read, args=(input, self._inbox), daemon=True).start()
        show_progress(_Pause(self._answer_meanwhile))
        try:
            while message := self._next():
                if isinstance(message, Message) and message.method == "exit":
                    break
                self._take(message)
        except _Gone:
            return 1
        finally:
            show_progress(None)
        return 0 if self._state == "shut down" else 1

    def _next(self) -> Message | Damaged | None:
        """Return the next message, once projects are checked if it is time to."""
        while True:
            self._receive_all()
            if self._waiting:
                if not self._is_due():
                    return self._waiting.popleft()
                self._check()
                continue
            if self._is_over:
                return None
            self._cancelled.clear()
            wait_s = None if self._parent is None else _PARENT_S
            try:
                self._receive(
                    self._inbox.get(timeout=wait_s if self._stale_since_s is None else _IDLE_S)
                )
            except queue.Empty:
                if self._stale_since_s is not None:
                    self._check()
                elif self._parent is not None and not is_running(self._parent):
                    return None

    def _answer_meanwhile(self) -> None:
        """Answer what needs only the text, or the project as it was, in the middle of a check."""
        self._receive_all()
        self._is_checking = True
        left: list[Message] = []
        try:
            for message in list(self._waiting):
                if isinstance(message, Damaged) or message.method in _LATER:
                    break
                # What was sent behind a change of a file counts on it.
                if message.id is None and not self._takes_changes:
                    break
                try:
                    self._take(message)
                except _BusyError:
                    left.append(message)
                    continue
                self._waiting.remove(message)
                if message.id is None:
                    left = [one for one in left if not self._refuse_outdated(one, message)]
        finally:
            self._is_checking = False

    def _refuse_outdated(self, request: Message, change: Message) -> bool:
        """Refuse a request that waits if it is about a text that has changed; tell whether it is."""
        uri = _find_uri(change)
        if uri is None or _find_uri(request) != uri:
            return False
        self._waiting.remove(request)
        self._send_error(request.id, CONTENT_MODIFIED, _HAS_CHANGED)
        return True

    def _receive_all(self) -> None:
        while not (self._is_over or self._inbox.empty()):
            self._receive(self._inbox.get())

    def _receive(self, message: Message | Damaged | None) -> None:
        """Keep a message until its turn."""
        if message is None:
            self._is_over = True
        elif isinstance(message, Message) and message.method == "$/cancelRequest":
            key = message.params.get("id") if isinstance(message.params, dict) else None
            self._cancelled |= {key} if isinstance(key, int | str) else set()
        else:
            self._waiting.append(message)

    def _is_due(self) -> bool:
        if self._stale_since_s is None:
            return False
        waited_s = self._read_clock_s() - self._stale_since_s
        return waited_s > max(_MAX_WAIT_S, 2 * self._check_s)

    def _take(self, message: Message | Damaged) -> None:
        """Answer a request, or do what a notification tells."""
        if isinstance(message, Damaged):
            self._send_error(None, PARSE_ERROR, message.why)
            return
        method, params, key = message
        if key is None:
            notify = self._notifications.get(method)
            if notify and (self._state == "open" or method == "initialized"):
                try:
                    notify(params)
                except Exception as error:  # noqa: BLE001  (what an editor gets wrong must not end the session)
                    self._log_bug(method, error)
            return
        if not method:
            return
        try:
            self._send({"id": key, "result": self._answer(method, params, key)})
        except _RefusedError as error:
            self._send_error(key, error.code, str(error))
        except _BusyError:
            raise
        except (CardwrightError, OSError) as error:
            self._send_error(key, REQUEST_FAILED, str(error))
        except Exception as error:  # noqa: BLE001  (as above)
            self._send_error(key, INTERNAL_ERROR, f"{method}: {type(error).__name__}: {error}")

    def _answer(self, method: str, params: Json, key: int | str) -> Json:
        if method not in self._requests:
            raise _RefusedError(METHOD_NOT_FOUND, f"there is no method {method}")
        if self._state == "new" and method != "initialize":
            raise _RefusedError(NOT_INITIALIZED, "send `initialize` first")
        if self._state == "shut down" or (method == "initialize" and self._state != "new"):
            raise _RefusedError(INVALID_REQUEST, f"{method} is not possible any more")
        if key in self._cancelled:
            self._cancelled.discard(key)
            raise _RefusedError(CANCELLED, "cancelled")
        return self._requests[method](params)

    def _send(self, message: dict[str, Json]) -> None:
        try:
            write_message(self._output, message)
        except OSError as error:
            raise _Gone from error

    def _send_error(self, key: int | str | None, code: int, message: str) -> None:
        self._send({"id": key, "error": {"code": code, "message": message}})

    def _notify(self, method: str, params: Json) -> None:
        self._send({"method": method, "params": params})

    def _log(self, text: str) -> None:
        self._notify("window/logMessage", {"type": _INFO, "message": text})

    def _log_bug(self, where: str, error: Exception) -> None:
        self._log(f"{where}: {type(error).__name__}: {error}")

    # Its life.

    def _initialize(self, params: Json) -> Json:
        self._state = "open"
        process = params.get("processId")
        # In a container, the editor's process may not be seen at all.
        if isinstance(process, int) and process > 0 and is_running(process):
            self._parent = process
        options = params.get("initializationOptions")
        self._has_lenses = isinstance(options, dict) and options.get("codeLens") is True
        workspace = params.get("capabilities", {}).get("workspace") or {}
        self._watches = bool(
            (workspace.get("didChangeWatchedFiles") or {}).get("dynamicRegistration")
        )
        folders = params.get("workspaceFolders") or [{"uri": params.get("rootUri") or ""}]
        self._add_folders(folders)
        capabilities = dict(_CAPABILITIES)
        if self._has_lenses:
            capabilities["codeLensProvider"] = {}
        return {
            "capabilities": capabilities,
            "serverInfo": {"name": "cardwright", "version": __version__},
        }

    def _begin(self, _params: Json) -> None:
        if self._watches:
            watchers = [{"globPattern": pattern} for pattern in _WATCHED]
            method = "workspace/didChangeWatchedFiles"
            registered = {
                "id": "files",
                "method": method,
                "registerOptions": {"watchers": watchers},
            }
            params = {"registrations": [registered]}
            self._send({"id": "cards-1", "method": "client/registerCapability", "params": params})

    def _shut_down(self, _params: Json) -> None:
        self._state = "shut down"

    def _add_folders(self, folders: Iterable[Json]) -> None:
        for folder in folders:
            path = to_path(folder["uri"])
            root = find_root(path) if path else None
            if root is not None:
                self._workspace.add_project(root)
                self._expire([self._workspace.projects[root]])

    # Files.

    def _open(self, params: Json) -> None:
        document = params["textDocument"]
        buffer = Buffer(document["text"], document.get("version"))
        file = self._workspace.open(document["uri"], buffer)
        if file.root is not None:
            self._expire([self._workspace.projects[file.root]])

    def _change(self, params: Json) -> None:
        file = self._workspace.files[params["textDocument"]["uri"]]
        version = params["textDocument"].get("version")
        for change in params["contentChanges"]:
            file.buffer = file.buffer.change(change.get("range"), change["text"], version)
        file.is_dirty = True
        self._expire_file(file)

    def _save(self, params: Json) -> None:
        file = self._workspace.files[params["textDocument"]["uri"]]
        file.is_dirty = False
        self._workspace.place_strays()
        self._expire_file(file, has_files=True)

    def _close(self, params: Json) -> None:
        file = self._workspace.files.pop(params["textDocument"]["uri"])
        self._expire_file(file, has_files=True)

    def _see_files(self, _params: Json) -> None:
        self._workspace.place_strays()
        self._expire(self._workspace.projects.values(), has_files=True)

    def _see_folders(self, params: Json) -> None:
        for folder in params["event"]["removed"]:
            root = to_path(folder["uri"])
            if root is not None and self._workspace.remove_project(root):
                self._hide_problems(root)
        self._add_folders(params["event"]["added"])

    def _expire_file(self, file: OpenFile, *, has_files: bool = False) -> None:
        if file.root is not None and file.sort:
            self._expire([self._workspace.projects[file.root]], has_files=has_files)

    def _expire(self, projects: Iterable[CheckedProject], *, has_files: bool = False) -> None:
        """Check projects again before long; their media as well, if files may have changed."""
        for project in projects:
            project.is_stale = True
            if has_files:
                project.forget_media()
            if self._stale_since_s is None:
                self._stale_since_s = self._read_clock_s()

    # Problems.

    def _check(self) -> None:
        """Check what has changed, and show the problems."""
        start_s = self._read_clock_s()
        self._stale_since_s = None
        for checked in list(self._workspace.projects.values()):
            if checked.is_stale or checked.is_unshown:
                checked.is_unshown = False
                # The first check takes seconds if nothing is in the cache.
                self._takes_changes = checked.last is None
                try:
                    # The editor need not wait for a collection.
                    with gc_paused():
                        project = self._workspace.check(checked)
                        if not (self._takes_changes and checked.is_stale):
                            self._show(checked, project)
                except Exception as error:  # noqa: BLE001  (the next change may help)
                    self._log_bug(f"checking {checked.root}", error)
                finally:
                    self._takes_changes = False
        self._check_s = self._read_clock_s() - start_s

    def _show(self, checked: CheckedProject, project: Project | None) -> None:
        if project is None:
            self._log(f"{checked.root}: {checked.problem}")
            self._hide_problems(checked.root)
            return
        by_name: dict[str, list[Diagnostic]] = {}
        files = self._workspace.list_files(project.root)
        for problem in project.problems:
            for one in (problem, *_find_elsewhere(problem)):
                by_name.setdefault(one.span.path, []).append(one)
        others = [name for name in by_name if name not in files]
        before = self._shown.get(project.root, {})
        shown = {
            name: [
                self._make_diagnostic(project, one) for one in by_name.get(name, [])[:_MAX_PROBLEMS]
            ]
            for name in (*files, *others[:_MAX_FILES])
        }
        self._shown[project.root] = shown
        for name in dict.fromkeys((*shown, *before)):
            file, found = files.get(name), shown.get(name, [])
            if file or found != before.get(name):
                version = file.buffer.version if file else None
                uri = file.uri if file else self._workspace.find_uri(project.root, name)
                self._show_problems(uri, found, version)

    def _hide_problems(self, root: Path) -> None:
        for name in self._shown.pop(root, {}):
            self._show_problems(self._workspace.find_uri(root, name), [])

    def _show_problems(self, uri: str, found: Json, version: int | None = None) -> None:
        params: Json = {"uri": uri, "diagnostics": found}
        params |= {} if version is None else {"version": version}
        self._notify("textDocument/publishDiagnostics", params)

    def _make_diagnostic(self, project: Project, problem: Diagnostic) -> dict[str, Json]:
        made = make_diagnostic(self._workspace.range_of(project, problem.span), problem)
        if problem.related:
            made["relatedInformation"] = [
                {
                    "location": self._workspace.locate(project, related.span),
                    "message": related.message,
                }
                for related in problem.related
            ]
        return made

    # What editors ask.

    def _find(self, params: Json) -> tuple[OpenFile, Project] | None:
        """Return an open file and its project as it is now."""
        file = self._workspace.files.get(params["textDocument"]["uri"])
        if file is None or file.root is None:
            return None
        if self._is_checking:
            raise _BusyError
        checked = self._workspace.projects[file.root]
        if checked.last is None and checked.is_stale:
            buffer = file.buffer
            self._check()
            if file.buffer is not buffer:
                raise _RefusedError(CONTENT_MODIFIED, _HAS_CHANGED)
        checked.is_unshown |= checked.is_stale
        project = self._workspace.find_project(file)
        return None if project is None else (file, project)

    def _find_known(self, params: Json) -> tuple[OpenFile, Project] | None:
        """Return an open file and its project as it was last checked, maybe some letters ago."""
        known = self._find_checked(params)
        if known and known[1].last:
            return known[0], known[1].last
        return self._find(params)

    def _find_checked(self, params: Json) -> tuple[OpenFile, CheckedProject] | None:
        """Return an open source and its project, without a check of it."""
        file = self._workspace.files.get(params["textDocument"]["uri"])
        if file is None or file.root is None or not file.sort:
            return None
        return file, self._workspace.projects[file.root]

    def _find_schemas(self, params: Json) -> tuple[OpenFile, Schemas] | None:
        """Return an open file and the schemas of its project, without a check of it."""
        known = self._find_checked(params)
        if known is None:
            return None
        file, checked = known
        if checked.problem and not checked.is_stale:
            return None
        kinds = checked.kinds
        if self._schemas is None or self._schemas.kinds is not kinds:
            from cardwright.editor.schemas import Schemas  # noqa: PLC0415  (start-up)

            self._schemas = Schemas(kinds)
        return file, self._schemas

    def _complete(self, params: Json) -> Json:
        described = self._find_schemas(params)
        if described is None:
            return None
        from cardwright.editor.complete import complete, complete_key  # noqa: PLC0415  (start-up)

        file, schemas = described
        position = params["position"]
        if (keys := complete_key(file, schemas, position)) is not None:
            return keys
        found = self._find_known(params)
        return complete(*found, schemas, position) if found else None

    def _hover(self, params: Json) -> Json:
        described = self._find_schemas(params)
        if described is None:
            return None
        from cardwright.editor.hover import hover, hover_key, is_at_id  # noqa: PLC0415  (as above)

        file, schemas = described
        position = params["position"]
        key = hover_key(file, schemas, position)
        if key and not is_at_id(file, position):
            return key
        found = self._find(params)
        return (hover(*found, position) if found else None) or key

    def _define(self, params: Json) -> Json:
        found = self._find(params)
        if found is None:
            return None
        from cardwright.editor.navigate import find_definitions  # noqa: PLC0415  (as above)

        return find_definitions(*found, self._workspace, params["position"])

    def _list_symbols(self, params: Json) -> Json:
        file = self._workspace.files.get(params["textDocument"]["uri"])
        if file is None or not file.sort:
            return None
        from cardwright.editor.navigate import list_symbols  # noqa: PLC0415  (as above)

        return list_symbols(file)

    def _list_actions(self, params: Json) -> Json:
        found = self._find(params)
        if found is None:
            return None
        from cardwright.editor.fixes import list_fixes  # noqa: PLC0415  (as above)

        file, project = found
        problems = [one for one in project.problems if one.span.path == file.name]
        return list_fixes(file, project, self._workspace, problems, params["range"])

    def _list_lenses(self, params: Json) -> Json:
        found = self._find(params) if self._has_lenses else None
        if found is None:
            return None
        from cardwright.editor.lens import list_lenses  # noqa: PLC0415  (seldom used)

        return list_lenses(*found, self._store_path)

    def _prepare_rename(self, params: Json) -> Json:
        found = self._find(params)
        if found is None:
            return None
        from cardwright.editor.navigate import find_renamed  # noqa: PLC0415  (seldom used)

        renamed = find_renamed(*found, params["position"])
        if renamed is None:
            return None
        card, span = renamed
        return {"range": found[0].buffer.range_of(span), "placeholder": card.id}

    def _rename(self, params: Json) -> Json:
        found = self._find(params)
        if found is None:
            return None
        from cardwright.editor.navigate import change_id, find_renamed  # noqa: PLC0415  (seldom used)

        _, project = found
        renamed = find_renamed(*found, params["position"])
        if renamed is None:
            raise _RefusedError(REQUEST_FAILED, "only the id of a card can be renamed")
        return {"changes": change_id(renamed[0], params["newName"], project, self._workspace)}

    def _preview(self, params: Json) -> Json:
        found = self._find(params)
        if found is None:
            return None
        from cardwright.web.preview import make_card_view  # noqa: PLC0415  (only where it is shown)

        file, project = found
        place = file.buffer.locate(params["position"])
        card = find_card_at(file, project, place.line)
        item = file.outline.find_card(place.line)
        if card is None or item is None:
            return None
        view = make_card_view(project, card)
        last = item.end - 1
        lines = {
            "start": file.buffer.position(item.start, 0),
            "end": file.buffer.position(last, len(file.buffer.line(last))),
        }
        return {
            "ref": card.ref,
            "range": lines,
            "html": view.html,
            "style": view.style,
            "script": view.script,
        }


def _find_uri(message: Message) -> Json:
    """Return the address of the text that a message is about; None if it is about none."""
    document = message.params.get("textDocument") if isinstance(message.params, dict) else None
    return document.get("uri") if isinstance(document, dict) else None


class _Pause:
    """Lets something be done between two files, in place of showing how far the work has come."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def show(self, _what: str, _done: int, _total: int | None) -> None:
        self._act()

    def announce(self, what: str) -> None:
        pass

    def erase(self) -> None:
        pass


def _read(input: BinaryIO, inbox: queue.Queue[Message | Damaged | None]) -> None:
    """Put messages into a queue, and None after the last one."""
    try:
        for message in read_messages(input):
            inbox.put(message)
            if isinstance(message, Message) and message.method == "exit":
                break
    except (ProtocolError, OSError, ValueError):
        pass
    inbox.put(None)


def _find_elsewhere(problem: Diagnostic) -> Iterator[Diagnostic]:
    """Yield an error again for each other file that it concerns: its author may be there."""
    for other in problem.related if problem.is_error else ():
        if other.span.path != problem.span.path:
            here = Related(message="here too", span=problem.span)
            yield replace(problem, span=other.span, related=(here,))

"""Writes to a collection again and again, and is killed each time at a later call of the library.

Called with the folders of a profile, of a project and for scratch; prints as JSON what the collection holds
after each kill, and at last without one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from anki._backend import RustBackend
from anki.collection import Collection

from anki_desktop import TODAY, identify, make_push
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.identity import NoteIdentity

_AT_MS = 1_700_000_000_000
_KILLED = -signal.SIGKILL


def _write_until(
    number: int, profile: Profile, identities: Mapping[str, NoteIdentity], folder: Path
) -> None:
    """Write, but die at the library's call of this number, from the start of the transaction."""
    door = ProfileDoor(profile, identities, folder=folder, today=TODAY)
    view = door.read()
    push = make_push(view, sorted(view.cards)[:3], _AT_MS)
    left = number
    has_begun = False

    def count_down(name: str) -> None:
        call = getattr(RustBackend, name)

        def wrapped(self: RustBackend, *words: object) -> object:
            nonlocal left, has_begun
            has_begun = has_begun or words[0] == {"kind": "begin"}
            left -= has_begun
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(self, *words)

        setattr(RustBackend, name, wrapped)

    for name in ("_run_command", "_db_command"):
        count_down(name)
    door.write(push)


def _look(path: Path) -> tuple[int, int]:
    """Return how many rows and review cards a collection has; it must be intact."""
    collection = Collection(str(path))
    assert collection.db
    found = (
        collection.db.scalar("select count() from revlog"),
        collection.db.scalar("select count() from cards where type = 2"),
    )
    assert collection.db.scalar("pragma integrity_check") == "ok"
    assert collection.fix_integrity()[1]
    collection.close()
    return found


def main() -> None:
    """Kill a child at every point, until one finishes."""
    pristine, project, scratch = map(Path, sys.argv[1:])
    identities = identify(project)
    found = []
    for number in range(1000):
        folder = scratch / str(number)
        shutil.copytree(pristine, folder / "profile")
        profile = Profile("User 1", folder / "profile")
        child = os.fork()
        if not child:
            try:
                _write_until(number, profile, identities, folder / "mine")
                os._exit(0)
            except BaseException:  # noqa: BLE001  (nothing of it may reach the parent's code)
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, _KILLED), status
        found.append(_look(profile.collection))
        if status == 0:
            break
    print(json.dumps(found))


main()

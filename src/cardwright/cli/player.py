"""Playing sounds and videos with the system's player."""

from __future__ import annotations

import platform
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardwright.app.config import split_words
from cardwright.cli.programs import find_program
from cardwright.foreign.media import MediaFile, MediaKind

_SSH: Final = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


@dataclass(frozen=True, slots=True)
class _Program:
    """A player: its options before the path of a sound and of a video; None if it plays none."""

    name: str
    audio: tuple[str, ...]
    video: tuple[str, ...] | None = None
    formats: tuple[str, ...] = ()
    """The only ones it plays; empty if it plays all."""

    def make_command(self, program: str, file: MediaFile) -> list[str] | None:
        """Return the command that plays a file; None if it cannot.

        The path is absolute, so that it cannot be taken for an option.
        """
        options = self.video if file.format.kind is MediaKind.VIDEO else self.audio
        if options is None or (self.formats and file.format.name not in self.formats):
            return None
        return [program, *options, str(file.path)]


_PROGRAMS: Final = (
    _Program(
        "mpv", ("--no-terminal", "--no-video", "--"), ("--no-terminal", "--force-window", "--")
    ),
    _Program(
        "ffplay",
        ("-nodisp", "-autoexit", "-loglevel", "quiet", "-i"),
        ("-autoexit", "-loglevel", "quiet", "-i"),
    ),
    _Program("afplay", ()),
    _Program(
        "vlc",
        ("--intf", "dummy", "--play-and-exit", "--no-video"),
        ("--intf", "dummy", "--play-and-exit"),
    ),
    _Program(
        "mplayer",
        ("-really-quiet", "-noconsolecontrols", "-vo", "null"),
        ("-really-quiet", "-noconsolecontrols"),
    ),
    _Program("pw-play", (), formats=("WAV", "FLAC")),
    _Program("paplay", (), formats=("WAV", "FLAC")),
    _Program("aplay", ("--quiet",), formats=("WAV",)),
)
"""The best first. None reads the terminal or writes to it."""


class Player:
    """Plays files one after another, in the background, until they end or are stopped."""

    def __init__(
        self, environ: Mapping[str, str], projects: Sequence[Path], command: str = ""
    ) -> None:
        """Use the user's command, or the programs on PATH, but none inside the projects."""
        self._command = command
        self._environ = environ
        self._projects = projects
        self._lock = threading.Lock()
        self._commands: list[list[str]] = []
        """Those still to be run, the next one last."""
        self._process: subprocess.Popen[bytes] | None = None
        self.has_complained = False
        """Whether the user was told that there is no player."""

    @property
    def is_remote(self) -> bool:
        """Whether the user is at another machine, where nothing would be heard."""
        return any(self._environ.get(name) for name in _SSH)

    def play(self, files: Sequence[MediaFile]) -> str:
        """Play files instead of what is playing; return a message, which does not name them.

        A name often gives away the answer.
        """
        self.stop()
        if self.is_remote:
            paths = " ".join(str(file.path) for file in files)
            return f"over ssh this would play on {platform.node()}, not where you are: {paths}"
        if problem := self.find_problem():
            return problem
        commands = [command for file in files if (command := self._find_command(file))]
        if not commands:
            return self._complain()
        self._commands = commands[::-1]
        try:
            process = self._start_next(None)
        except OSError as error:
            return f"{commands[0][0]}: {error.strerror}"
        threading.Thread(target=self._play_rest, args=(process,), daemon=True).start()
        return "playing" if len(commands) == 1 else f"playing {len(commands)} files"

    def stop(self) -> None:
        """Stop what is playing, at once."""
        with self._lock:
            self._commands = []
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def find_problem(self) -> str:
        """Return what is wrong with the user's command; "" if nothing is, or there is none."""
        if not self._command:
            return ""
        try:
            words = split_words(self._command)
        except ValueError as error:
            return f"player: {error}"
        return (
            "" if words and self._find_program(words[0]) else f"player: {self._command}: not found"
        )

    def _find_program(self, name: str) -> str | None:
        path = Path(name).expanduser()
        if path.name == name:
            return find_program(name, outside=self._projects)
        return str(path) if path.is_absolute() else None

    def _find_command(self, file: MediaFile) -> list[str] | None:
        if self._command:
            name, *options = split_words(self._command)
            found = self._find_program(name)
            return [found, *options, str(file.path)] if found else None
        for program in _PROGRAMS:
            path = find_program(program.name, outside=self._projects)
            command = program.make_command(path, file) if path else None
            if command:
                return command
        return None

    def _complain(self) -> str:
        """Explain once what to do without a player."""
        is_first, self.has_complained = not self.has_complained, True
        return f"no player found{': install mpv or ffmpeg, or open it with o' * is_first}"

    def _start_next(self, before: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes] | None:
        """Start the next command, unless the one before it was stopped; return its process."""
        with self._lock:
            if self._process is not before:
                return None
            self._process = None
            if self._commands:
                command = self._commands.pop()
                # It stays in our process group, so that closing the terminal ends it too.
                self._process = subprocess.Popen(  # noqa: S603  (a player, and no shell)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd=Path(command[0]).parent,
                )
            return self._process

    def _play_rest(self, process: subprocess.Popen[bytes] | None) -> None:
        while process is not None:
            process.wait()
            with suppress(OSError):
                process = self._start_next(process)

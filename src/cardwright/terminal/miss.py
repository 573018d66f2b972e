"""The miss log as plain prompts: one question a line, each answer kept at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.misses import Miss
from cardwright.model import Kind, Prompt
from cardwright.terminal.face import draw_answer, draw_question
from cardwright.text import make_plain


class _InputEndedError(Exception):
    """Nothing more will be typed."""


class MissAsker:
    """Asks what is missing of an entry."""

    def __init__(
        self,
        lines: TextIO,
        blueprint: Blueprint,
        keep: Callable[[Miss], None],
        *,
        to_stderr: bool,
    ) -> None:
        """Read from `lines`; `keep` writes an entry down."""
        self._lines = lines
        self._console = Console(
            highlight=False, markup=False, emoji=False, color_system=None, stderr=to_stderr
        )
        self._blueprint = blueprint
        self._keep = keep

    def ask(
        self, miss: Miss, prompt: Prompt | None, find_kind: Callable[[str], Kind]
    ) -> tuple[Miss, bool]:
        """Fill an entry in, below its card; return it, and whether the input goes on."""
        self._say(f"\n{miss.card}, missed on {miss.on}\n", "bold")
        if prompt is not None:
            kind = find_kind(prompt.card.kind)
            self._console.print(draw_question(prompt, kind))
            self._console.print()
            self._console.print(draw_answer(prompt, kind))
            self._console.print()
        try:
            miss = self._ask_text(miss, "failure", "What went wrong")
            if not miss.mode:
                miss = self._ask_mode(miss)
            miss = self._ask_text(miss, "rule", "The rule that was missing, in one sentence")
            if not miss.rule:
                self._say("skipped")
                return miss, True
            miss = self._ask_text(miss, "action", "The safer action")
            return self._ask_lesson(miss), True
        except _InputEndedError:
            self._console.print()
            return miss, False

    def _ask_text(self, miss: Miss, name: str, about: str) -> Miss:
        given: str = getattr(miss, name)
        if given and name != "failure":
            return miss
        typed = self._read(f"{about} [{given}]: " if given else f"{about}: ")
        return self._change(miss, name, typed)

    def _ask_mode(self, miss: Miss) -> Miss:
        modes = list(self._blueprint.failure_modes.values())
        if not modes:
            return miss
        numbers = [str(number) for number in range(1, len(modes) + 1)]
        for number, mode in zip(numbers, modes, strict=True):
            self._say(f"  {number}  {mode.about}")
        while True:
            typed = self._read(f"Failure mode, 1 to {len(modes)} (enter: none of them): ")
            if not typed:
                return miss
            if typed in numbers:
                return self._change(miss, "mode", modes[numbers.index(typed)].id)
            self._say(f"there is no {typed}")

    def _ask_lesson(self, miss: Miss) -> Miss:
        while True:
            typed = self._read(f"Lesson to revisit [{miss.lesson}]: ")
            if not typed or typed in self._blueprint.lessons:
                return self._change(miss, "lesson", typed)
            self._say(f"there is no lesson {typed}: {', '.join(self._blueprint.lessons)}")

    def _change(self, miss: Miss, name: str, typed: str) -> Miss:
        if not typed:
            return miss
        change: dict[str, Any] = {name: typed}
        miss = replace(miss, **change)
        self._keep(miss)
        return miss

    def _read(self, prompt: str) -> str:
        self._console.print(Text(make_plain(prompt)), end="")
        line = self._lines.readline()
        if not line:
            raise _InputEndedError
        return line.strip()

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(make_plain(text), style))

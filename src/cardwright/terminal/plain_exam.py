"""Line-by-line dialogues for exams: mock exams and drills, and the miss log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TextIO

from cardwright.blueprint import Blueprint
from cardwright.exam.misses import Miss
from cardwright.exam.mock import CardSource
from cardwright.exam.result import format_clock
from cardwright.exam.sheet import Sheet
from cardwright.history import Moment
from cardwright.model import Kind, Prompt
from cardwright.terminal.card import draw_answer, draw_question
from cardwright.terminal.card_acts import CardActs, Copy, find_card_act
from cardwright.terminal.keymap import HAND_IN, MOCK, KeyMap
from cardwright.terminal.mock import (
    TIME_IS_UP,
    ask_to_end,
    can_show_answer,
    draw_mock_question,
    draw_questions,
    format_places,
    has_shown_all,
    list_order,
    make_attempt,
)
from cardwright.terminal.plain import MAX_DIGITS, InputEndedError, PromptLoop, Prompts, Say
from cardwright.text import count, list_names

_DOES: Final = {
    "continue": "next question; in a drill, the answer to this one first",
    "go": "go to the question of the number after it",
}
"""What acts do that work differently line by line."""
_STOP: Final = "q"
_HOW_TO_STOP: Final = f"""\
Enter leaves a line as it is, and a miss without a rule is skipped.
{_STOP} stops, and what you have written stays."""


class PlainTaker(PromptLoop):
    """A mock exam or drill, line by line."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        lines: TextIO,
        say: Say,
        clock: Callable[[], Moment],
        *,
        acts: CardActs,
        keymap: KeyMap,
        copy: Copy | None = None,
    ) -> None:
        """Read commands from `lines`; `copy` puts a text on the clipboard, if the terminal can."""
        self._sheet = sheet
        self._sources = sources
        self._clock = clock
        self._card_acts = acts
        self._copy = copy
        self._acts: dict[str, Callable[[], bool]] = {
            "continue": self._continue,
            "next": lambda: self._move(sheet.mock.place + 1),
            "back": lambda: self._move(sheet.mock.place - 1),
            "mark": self._mark,
            "list": self._list,
            "hand-in": self._hand_in,
        }
        others = ("go", "open", "web", "play", "copy", "copy-reference")
        super().__init__(MOCK, keymap, lines, say, (*self._acts, *others))

    @property
    def _goes_on(self) -> bool:
        return not self._sheet.is_over

    @property
    def _warning(self) -> str:
        return self._sheet.warning

    def _show(self) -> None:
        self._card_acts.stop()
        sheet, mock = self._sheet, self._sheet.mock
        left = sheet.left_ms(self._clock())
        clock = f", {format_clock(left)} left" if left is not None else ""
        mark = ", marked" if mock.question.is_marked else ""
        self._say(f"\nQuestion {mock.place + 1} of {len(mock.questions)}{mark}{clock}\n")
        for part in draw_mock_question(mock, mock.question, self._sources):
            self._say(part)

    def _make_prompt(self) -> str:
        mock = self._sheet.mock
        options = 0 if mock.question.is_shown else len(list_order(mock, self._sources))
        if can_show_answer(mock):
            following = "the answer"
        else:
            is_last = mock.place + 1 == len(mock.questions)
            following = "the end" if is_last else "the next question"
        return f"\n[{self._hint_at_picks(options, following)}] "

    def _act(self, line: str) -> bool:
        self._sheet.tick(self._clock())
        if self._sheet.is_over:
            return False
        act, text = self._read_command(line, with_text="go")
        if not line or act in self._acts:
            return self._acts[act or "continue"]()
        if act == "go" and _is_number(text):
            return self._move(int(text) - 1)
        if numbers := self._read_numbers(line):
            self._pick(numbers)
        else:
            self._say(self._act_on_card(act) or self._list_help(_DOES))
        return False

    def _act_on_card(self, act: str) -> str:
        """Open, play or copy the question if that is the act; return a message."""
        do = find_card_act(act, self._card_acts, self._copy)
        if do is None:
            return ""
        mock = self._sheet.mock
        question = mock.question
        attempt = make_attempt(mock, question, self._sources, is_revealed=question.is_shown)
        return do(attempt) if attempt else "no question is shown"

    def _end(self) -> None:
        self._card_acts.stop()
        if self._sheet.mock.is_timed_out:
            self._say(TIME_IS_UP)
        elif not self._sheet.is_over:
            # This records the time spent on the question.
            self._sheet.go_to(self._sheet.mock.place, self._clock())

    def _pick(self, numbers: list[int]) -> None:
        order = list_order(self._sheet.mock, self._sources)
        for number in numbers:
            if 1 <= number <= len(order):
                self._sheet.pick(order[number - 1], self._clock())
            else:
                self._say(f"there is no option {number}")
        picked = self._sheet.mock.question.picked
        places = [str(place) for place, option in enumerate(order, 1) if option in picked]
        self._say(f"picked: {', '.join(places) or 'nothing'}")

    def _continue(self) -> bool:
        mock = self._sheet.mock
        if can_show_answer(mock):
            self._sheet.show(self._clock())
            question = self._sheet.mock.question
            self._say(draw_mock_question(mock, question, self._sources, is_answered=True)[-1])
            return False
        return self._move(mock.place + 1)

    def _move(self, place: int) -> bool:
        if self._sheet.go_to(place, self._clock()):
            return True
        if place >= len(self._sheet.mock.questions):
            return self._hand_in()
        self._say("there is no such question")
        return False

    def _mark(self) -> bool:
        self._sheet.mark(self._clock())
        self._say("marked" if self._sheet.mock.question.is_marked else "mark removed")
        return False

    def _list(self) -> bool:
        self._say(draw_questions(self._sheet.mock))
        return False

    def _hand_in(self) -> bool:
        sheet = self._sheet
        if has_shown_all(sheet.mock):
            sheet.hand_in(self._clock())
            return False
        if sheet.unanswered:
            self._say(f"Unanswered: {format_places(sheet.unanswered)}")
        if sheet.miscounted:
            self._say(f"Wrong number of picks: {format_places(sheet.miscounted)}")
        if sheet.marked:
            self._say(f"Marked: {format_places(sheet.marked)}")
        yes = self._keymap.show("confirm") or "yes"
        typed = self._read(f"{ask_to_end(sheet.mock)} ({yes}: yes) > ")
        if typed == "yes" or self._keymap.find(HAND_IN, typed) == "confirm":
            sheet.hand_in(self._clock())
        return False


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS


class MissAsker(Prompts):
    """The miss log, line by line: asks for the gaps of an entry, and saves each answer at once."""

    def __init__(
        self, lines: TextIO, say: Say, blueprint: Blueprint, save: Callable[[Miss], None]
    ) -> None:
        """Read from `lines`; `save` stores an entry."""
        super().__init__(lines, say)
        self._blueprint = blueprint
        self._save = save
        self._has_explained = False

    def offer(self, number: int) -> bool:
        """Ask whether to log so many misses; return the answer."""
        with suppress(InputEndedError):
            return (
                self._read(f"\nLog why you missed {count(number, 'question')}? (y: yes) > ") == "y"
            )
        return False

    def ask(
        self,
        miss: Miss,
        prompt: Prompt | None,
        find_kind: Callable[[str], Kind],
        *,
        place: str,
        shuffle_seed: int | None,
    ) -> tuple[Miss, bool]:
        """Show the card and complete the entry; return it, and whether to go on.

        `place` is its number among all, and `shuffle_seed` that of the mock exam or drill.
        """
        self._say(f"\n{place}: {miss.card}, missed on {miss.on}\n")
        if prompt is not None:
            kind = find_kind(prompt.card.kind)
            asked = draw_question(prompt, kind, shuffle_seed=shuffle_seed, is_above_answer=True)
            for part in (asked, "", draw_answer(prompt, kind, shuffle_seed=shuffle_seed), ""):
                self._say(part)
        if not self._has_explained:
            self._say(f"{_HOW_TO_STOP}\n")
            self._has_explained = True
        try:
            miss = self._ask_text(miss, "failure", "What went wrong")
            if not miss.mode:
                miss = self._ask_mode(miss)
            miss = self._ask_text(miss, "rule", "The missing rule, in one sentence")
            if not miss.rule:
                self._say("skipped")
                return miss, True
            miss = self._ask_text(miss, "action", "The safer action")
            return self._ask_lesson(miss), True
        except InputEndedError:
            return miss, False

    def _read(self, prompt: str) -> str:
        typed = super()._read(prompt)
        if typed == _STOP:
            raise InputEndedError
        return typed

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
            typed = self._read(f"Failure mode, 1 to {len(modes)} (enter: none of these): ")
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
            self._say(f"there is no lesson {typed}: {list_names(self._blueprint.lessons)}")

    def _change(self, miss: Miss, name: str, typed: str) -> Miss:
        if not typed:
            return miss
        change: dict[str, Any] = {name: typed}
        miss = replace(miss, **change)
        self._save(miss)
        return miss

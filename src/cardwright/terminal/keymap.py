"""What each key does on each screen, and the keys that the user prefers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from cardwright.app.config import ConfigError
from cardwright.text import suggest

HOME: Final = "home"
REVIEW: Final = "review"
BROWSE: Final = "browse"
MOCK: Final = "mock"
HAND_IN: Final = "hand-in"
RESULT: Final = "result"
SCREENS: Final = {
    HOME: "the home screen",
    REVIEW: "`cards review`",
    BROWSE: "`cards browse`",
    MOCK: "mock exams and drills",
    HAND_IN: "the question whether to hand in, or to finish a drill",
    RESULT: "their result",
}
"""Each screen with keys of its own, as the docs call it."""
PRESET: Final = "preset"
"""The name, among the keys in the config file, of the preset to start from."""
DIGITS: Final = tuple("123456789")


class Binding(NamedTuple):
    """An act, and the keys that call it."""

    keys: str
    """By default: names divided by blanks, the one that hints show first."""
    does: Mapping[str, str]
    """What it does, by screen."""


def _everywhere(does: str) -> dict[str, str]:
    return dict.fromkeys(SCREENS, does)


def _with_answer(does: str) -> dict[str, str]:
    return dict.fromkeys((REVIEW, BROWSE, RESULT), does)


def _with_card(does: str) -> dict[str, str]:
    return dict.fromkeys((REVIEW, BROWSE, MOCK, RESULT), does)


_RATES: Final = {
    "1": "; then rate Again",
    "2": "; then rate Hard",
    "3": "; then rate Good",
    "4": "; then rate Easy",
}
DIGITS_DO: Final = {
    REVIEW: "pick an option, tick a point; then rate Again, Hard, Good, Easy",
    MOCK: "pick an option, or undo the pick",
}
"""What all digits do, by screen."""
BINDINGS: Final[dict[str, Binding]] = {
    "continue": Binding(
        "space enter",
        {
            HOME: "study the deck, or open the project",
            REVIEW: "show the answer; scroll; then give the highlighted rating",
            BROWSE: "view it, with memory and history; scroll; back to the list",
            MOCK: "scroll; next question; in a drill, the answer to this one first",
            RESULT: "scroll; next answer",
        },
    ),
    **{
        digit: Binding(
            digit,
            {
                REVIEW: f"option or point {digit}{_RATES.get(digit, '')}",
                MOCK: f"option {digit}",
            },
        )
        for digit in DIGITS
    },
    "tick": Binding("t", {BROWSE: "tick it, for acts on several"}),
    "all": Binding("a", {REVIEW: "tick all points, or none", BROWSE: "tick all shown, or none"}),
    "undo": Binding(
        "u",
        {
            REVIEW: "undo, as often as you like, back to the start of this review",
            BROWSE: "undo, as often as you like, back to the start of browsing",
        },
    ),
    "edit": Binding("e", dict.fromkeys((REVIEW, BROWSE), "edit it in your editor, and reload it")),
    "suspend": Binding(
        "s",
        {
            REVIEW: "suspend: not asked until you `cards unsuspend` it",
            BROWSE: "suspend; again: ask it again",
        },
    ),
    "bury": Binding(
        "b",
        {
            REVIEW: "bury: put it off until tomorrow",
            BROWSE: "bury: put it off until tomorrow; again: ask it today",
        },
    ),
    "flag": Binding(
        "f",
        dict.fromkeys((REVIEW, BROWSE), "flag it, or remove the flag (`cards review --flagged`)"),
    ),
    "reschedule": Binding("d", {BROWSE: "make it due in some days: 0, 7, or 5-10 to spread them"}),
    "reset": Binding("R", {BROWSE: "start over as new; `u` undoes it"}),
    "memory": Binding(
        "i",
        {REVIEW: "memory and history of this card", BROWSE: "view its memory and history"},
    ),
    "sort": Binding("S", {BROWSE: "change the order: deck, due, lapses"}),
    "browse": Binding("c", {HOME: "browse the cards of the deck or project"}),
    "search": Binding(
        "/",
        {
            HOME: "filter by name; escape shows all again",
            REVIEW: "search: ask the next card that contains a text",
            BROWSE: "search: words, `tag:x`, `is:due`, …; escape shows all again",
        },
    ),
    "projects": Binding("tab", {HOME: "show all projects, and go back"}),
    "next": Binding(
        "n right",
        {**dict.fromkeys((MOCK, RESULT), "next question"), BROWSE: "next prompt"},
    ),
    "back": Binding(
        "N left",
        {**dict.fromkeys((MOCK, RESULT), "previous question"), BROWSE: "previous prompt"},
    ),
    "mark": Binding("m", {MOCK: "mark to come back to it, or remove the mark"}),
    "go": Binding("g", {MOCK: "go to a question by its number"}),
    "list": Binding("l", {MOCK: "list all questions: answered, marked, unanswered"}),
    "hand-in": Binding("h", {MOCK: "hand in; finish a drill"}),
    "confirm": Binding("y", {HAND_IN: "yes, hand in, or finish"}),
    "wrong": Binding("x", {RESULT: "only the wrong answers, or all"}),
    "misses": Binding("r", {RESULT: "record the misses in the miss log"}),
    "open": Binding("o", _with_card("open images, sounds and videos of the side shown, in turn")),
    "web": Binding("w", _with_card("open links and sources of the side shown, in turn")),
    "improve": Binding("E", _with_answer("improve it on the web")),
    "play": Binding("p", _with_card("play the sounds and videos of the side shown")),
    "copy": Binding("y", _with_card("copy the card, as far as it is shown")),
    "copy-reference": Binding("Y", _with_card("copy the card's reference")),
    "up": Binding("up k", _everywhere("scroll up")),
    "down": Binding("down j", _everywhere("scroll down")),
    "page-up": Binding("pageup", _everywhere("scroll up by a window")),
    "page-down": Binding("pagedown", _everywhere("scroll down by a window")),
    "start": Binding("home", _everywhere("scroll to the start")),
    "end": Binding("end", _everywhere("scroll to the end")),
    "help": Binding("? f1", {HOME: "show all keys", **_with_card("show all keys")}),
    "quit": Binding(
        "q",
        {
            HOME: "quit",
            REVIEW: "stop, at any time",
            BROWSE: "back to the list; leave",
            MOCK: "leave, and go on later: the result notes the break",
            RESULT: "finish",
        },
    ),
}
"""Every act by its name in the config file, in the order of the help."""
_SCROLLS: Final = ("up", "down", "page-up", "page-down", "start", "end")
"""Acts that are one row of the help."""
_PAIRS: Final = {"tick": "all", "edit": "improve", "next": "back", "copy": "copy-reference"}
"""Acts that share a row of the help, where a screen has both."""
_PRESETS: Final[dict[str, dict[str, str]]] = {
    "default": {},
    "vi": {
        "page-down": "ctrl-f pagedown",
        "page-up": "ctrl-b pageup",
        "start": "g home",
        "end": "G end",
        "next": "l right n",
        "back": "h left N",
        "go": ":",
        "list": "L",
        "hand-in": "H",
    },
}
"""Sets of keys to start from."""
_REQUIRED: Final = ("continue", "quit", *DIGITS[:4])
"""Acts that must keep a key."""
_FIXED: Final = frozenset({"ctrl-c", "ctrl-d", "ctrl-l", "ctrl-z", "escape"})
"""Keys that always do the same."""
_SENT_AS: Final = {"ctrl-h": "backspace", "ctrl-i": "tab", "ctrl-j": "enter", "ctrl-m": "enter"}
"""Keys that terminals do not tell from others."""
_SHOWN: Final = {"escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→"}
_NAMED: Final = frozenset(
    {
        *("space", "enter", "tab", "backspace", "delete", "up", "down", "left", "right", "home"),
        *(
            "end",
            "pageup",
            "pagedown",
            "f1",
            "ctrl-left",
            "ctrl-right",
            "ctrl-delete",
            "alt-b",
            "alt-f",
        ),
        *(f"ctrl-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    }
)
_LAYOUTS: Final = str.maketrans(
    # Digits without shift: French, Belgian, Czech and Slovak.
    "&é\"'(-è_ç§!+ěščřžýáíľť"
    # Letters, and / and ? last: Russian and Ukrainian, Greek, Hebrew.
    "йцукенгшщзфывапролдячсмитьі.,ςερτυθιοπασδφγηξκλζχψωβνμקראטוןםפשדגכעיחלךזסבהנמצ",
    "123456789681234567892" + "5"
    "qwertyuiopasdfghjklzxcvbnms/?wertyuiopasdfghjklzxcvbnmertyuiopasdfghjklzxcvbnm",
)
"""What is on a key of other layouts → what the same key has on the American one.

They count only if they are not keys of an act themselves.
"""


def read_layout(key: str) -> str:
    """Return the key at the same place of the American layout; of a digit, that digit."""
    if len(key) != 1:
        return key
    digit = unicodedata.digit(key, None)
    if digit is not None:
        return str(digit)
    moved = key.lower().translate(_LAYOUTS)
    if moved == key.lower():
        moved = unicodedata.normalize("NFKC", key)
        return moved if len(moved) == 1 else key
    return moved.upper() if key != key.lower() else moved


class KeyMap:
    """The act of each key on each screen."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """`keys` are those of each act; the first of an act is shown in hints."""
        self.keys = keys
        self._acts: dict[str, dict[str, str]] = {screen: {} for screen in SCREENS}
        for act, names in keys.items():
            for screen in BINDINGS[act].does:
                self._acts[screen].update(dict.fromkeys(names, act))

    def find(self, screen: str, key: str) -> str:
        """Return the act that a key calls on a screen, or ""."""
        acts, name = self._acts[screen], "space" if key == " " else key
        return acts.get(name) or acts.get(read_layout(name), "")

    def show(self, act: str) -> str:
        """Return the key to show for an act, or "" if it has none."""
        return show_key(self.keys[act][0]) if self.keys[act] else ""

    def hint(self, act: str, does: str) -> str:
        """Return a hint on an act, such as `u undo`; "" if it has no key."""
        shown = self.show(act)
        return f"{shown} {does}".rstrip() if shown else ""

    def list_acts(self, screen: str) -> Iterator[tuple[str, str, str]]:
        """Yield the acts of a screen, each with its keys and what it does; digits are one row."""
        for act, binding in BINDINGS.items():
            does = binding.does.get(screen)
            if does is None:
                continue
            if act not in DIGITS or any(self.keys[digit] != (digit,) for digit in DIGITS):
                yield act, " ".join(self.keys[act]), does
            elif act == "1":
                yield "1 … 9", "1 … 9", DIGITS_DO[screen]

    def list_help(self, screen: str) -> Iterator[tuple[str, str]]:
        """Yield the keys of a screen, as hints show them, each with what it does; few rows fit."""
        scrolling = [show_key(key) for act in _SCROLLS for key in self.keys[act]]
        acts = {act: (keys, does) for act, keys, does in self.list_acts(screen) if keys}
        for first, second in _PAIRS.items():
            if {first, second} <= acts.keys():
                keys, does = acts.pop(second)
                acts[first] = (f"{acts[first][0]} {keys}", f"{acts[first][1]}; {does}")
        for act, (keys, does) in acts.items():
            if act == _SCROLLS[0]:
                yield " ".join(scrolling[:4]), f"scroll; also {' '.join(scrolling[4:])}"
            elif act not in _SCROLLS:
                yield " ".join(map(show_key, keys.split())), does

    def find_shown(self, screen: str, shown: str) -> str:
        """Return the key that is shown like this on a screen, or ""."""
        for name in (*self._acts[screen], "escape"):
            if show_key(name) == shown:
                return " " if name == "space" else name
        return ""


def show_key(name: str) -> str:
    """Return the name of a key as hints show it."""
    return _SHOWN.get(name, name)


def make_keymap(given: Mapping[str, str]) -> KeyMap:
    """Return the key map with the keys that the config file gives, by act.

    A key that it gives to one act is taken from the others on the same screen.

    Raises:
        ConfigError: there is no such act, preset or key, or two acts are given the same one.

    """
    preset = given.get(PRESET, "default")
    if preset not in _PRESETS:
        raise ConfigError(f"keys.{PRESET}: {' or '.join(_PRESETS)}")
    own: dict[str, tuple[str, ...]] = {}
    for act, names in given.items():
        if act == PRESET:
            continue
        if act not in BINDINGS:
            known = (*BINDINGS, PRESET)
            raise ConfigError(f"keys.{act}: there is no such act", help=suggest(act, known, "acts"))
        own[act] = tuple(_read_key(act, key) for key in names.split())
    _refuse_doubles(own)
    keys = {}
    for act, binding in BINDINGS.items():
        usual = _PRESETS[preset].get(act, binding.keys).split()
        taken = {key for other, theirs in own.items() if _meet(act, other) for key in theirs}
        keys[act] = own.get(act, tuple(key for key in usual if key not in taken))
    for act in _REQUIRED:
        if not keys[act]:
            raise ConfigError(f"keys.{act}: it needs a key")
    return KeyMap(keys)


def _meet(act: str, other: str) -> bool:
    """Tell whether two acts are on the same screen."""
    return act != other and bool(BINDINGS[act].does.keys() & BINDINGS[other].does.keys())


def _refuse_doubles(own: Mapping[str, tuple[str, ...]]) -> None:
    for act, names in own.items():
        for other, theirs in own.items():
            if _meet(act, other) and (both := set(names) & set(theirs)):
                raise ConfigError(f"keys.{act}: `{min(both)}` is the key of `{other}` too")


def _read_key(act: str, name: str) -> str:
    name = name.lower() if len(name) > 1 else name
    if name in _FIXED:
        raise ConfigError(f"keys.{act}: `{name}` always does the same")
    if name in _SENT_AS:
        raise ConfigError(f"keys.{act}: terminals send `{_SENT_AS[name]}` for `{name}`")
    if len(name) > 1 and name not in _NAMED:
        help = suggest(name, sorted(_NAMED), "keys")
        raise ConfigError(f"keys.{act}: there is no key `{name}`", help=help)
    return name

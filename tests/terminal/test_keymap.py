"""Every key has one meaning, on any layout, and the docs say which."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from cardwright.app.config import ConfigError
from cardwright.terminal.keymap import (
    _PRESETS,
    BINDINGS,
    DIGITS,
    DIGITS_DO,
    HAND_IN,
    MOCK,
    REVIEW,
    SCREENS,
    make_keymap,
    show_key,
)

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
USUAL = make_keymap({})


@pytest.mark.parametrize("preset", _PRESETS)
def test_no_key_has_two_meanings_on_a_screen(preset: str) -> None:
    acts = defaultdict(list)
    for act, keys in make_keymap({"preset": preset}).keys.items():
        for screen in BINDINGS[act].does:
            for key in keys:
                acts[screen, key].append(act)

    assert {place: found for place, found in acts.items() if len(found) > 1} == {}


def test_a_key_means_the_same_on_every_screen() -> None:
    """But for `y`, which confirms where nothing can be copied."""
    acts = defaultdict(set)
    for act, keys in USUAL.keys.items():
        for key in keys:
            acts[key].add(act)

    assert {key: found for key, found in acts.items() if len(found) > 1} == {
        "y": {"copy", "confirm"}
    }


def test_the_docs_list_every_key() -> None:
    rows = re.findall(r"(?m)^\| (.+?) \| (`.+?`) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"))

    listed = set()
    for keys, name, where, does in rows:
        screens = SCREENS if where == "everywhere" else where.split(", ")
        for screen in screens:
            listed.add((keys, name.replace("`", ""), screen, does))
    expected = {("1 … 9", "1 … 9", screen, does) for screen, does in DIGITS_DO.items()} | {
        (" ".join(map(show_key, USUAL.keys[act])), act, screen, does)
        for act, binding in BINDINGS.items()
        if act not in DIGITS
        for screen, does in binding.does.items()
    }
    assert listed == expected


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        ("&é\"'(-è_ç", "123456789"),
        ("&é\"'(§è!ç", "123456789"),
        ("+ěščřžýáí", "123456789"),
        ("１２３４５６７８９", "123456789"),
        ("١٢٣۴५", "12345"),
        ("гсуиышзфлолвТ.,", "ucebsipakjkdN/?"),
        ("θφσβιπακξΝ", "ufsbipakjN"),
        ("ודנןפ", "usbip"),
        ("ｕｓ？／", "us?/"),
    ],
)
def test_other_layouts_call_the_same_acts(keys: str, meant: str) -> None:
    for screen in (REVIEW, MOCK):
        for key, same in zip(keys, meant, strict=True):
            assert USUAL.find(screen, key) == USUAL.find(screen, same), key


def test_keys_of_the_user_replace_the_usual_ones() -> None:
    keymap = make_keymap({"undo": "z ctrl-r", "bury": "u", "1": "j", "list": "b"})

    assert keymap.find(REVIEW, "z") == keymap.find(REVIEW, "ctrl-r") == "undo"
    assert keymap.find(REVIEW, "u") == "bury"
    assert keymap.find(REVIEW, "b") == ""
    assert keymap.find(MOCK, "b") == "list"
    # Taken from `down`, which keeps the arrow.
    assert keymap.find(REVIEW, "j") == "1"
    assert keymap.find(REVIEW, "down") == "down"
    assert keymap.find(REVIEW, "1") == ""
    assert keymap.hint("undo", "undo") == "z undo"
    # A letter of another layout is its own key if the user says so.
    assert make_keymap({"undo": "г", "flag": "ё"}).find(REVIEW, "ё") == "flag"


def test_the_keys_of_vi() -> None:
    keymap = make_keymap({"preset": "vi", "quit": "Q"})

    assert keymap.find(REVIEW, "G") == "end"
    assert keymap.find(REVIEW, "ctrl-f") == "page-down"
    assert keymap.find(MOCK, "h") == "back"
    assert keymap.find(HAND_IN, "y") == "confirm"
    assert keymap.find(REVIEW, "Q") == "quit"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"udno": "z"}, "keys.udno: there is no such act\n  help: did you mean `undo`?"),
        (
            {"undo": "ctrl-rr"},
            "keys.undo: there is no key `ctrl-rr`\n  help: did you mean `ctrl-r`?",
        ),
        ({"undo": "z", "bury": "x z"}, "keys.undo: `z` is the key of `bury` too"),
        ({"undo": "ctrl-c"}, "keys.undo: `ctrl-c` always does the same"),
        ({"undo": "ctrl-z"}, "keys.undo: `ctrl-z` always does the same"),
        ({"list": "ctrl-i"}, "keys.list: terminals send `tab` for `ctrl-i`"),
        ({"undo": "q", "quit": ""}, "keys.quit: it needs a key"),
        ({"undo": "1"}, "keys.1: it needs a key"),
        ({"preset": "emacs"}, "keys.preset: default or vi"),
    ],
)
def test_keys_that_are_not_valid_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make_keymap(given)

    assert str(raised.value) == message


@pytest.mark.parametrize("given", [{}, {"preset": "vi"}, {"page-up": "K", "undo": ""}])
def test_the_help_of_a_screen_lists_every_key(given: dict[str, str]) -> None:
    keymap = make_keymap(given)
    for screen in SCREENS:
        listed = " ".join(f"{keys} {does}" for keys, does in keymap.list_help(screen)).split()
        for act, keys in keymap.keys.items():
            if screen in BINDINGS[act].does and act not in DIGITS:
                assert {show_key(key) for key in keys} <= set(listed), act
        assert len(list(keymap.list_help(screen))) <= 20, "they fit a window of 24 rows"

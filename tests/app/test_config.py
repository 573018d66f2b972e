"""The config file: reading it, its errors, and changing a line of it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.app.config import (
    SETTINGS,
    Config,
    ConfigError,
    Value,
    _load_plain,
    change_text,
    parse_config,
    parse_value,
    read_config,
)

PATH = Path("config.toml")
FILE = """\
# mine
theme = "contrast"  # at night # really

mouse = false

# the keys
[keys]
undo = "u backspace"
"""


def test_a_file_that_is_absent_sets_nothing(tmp_path: Path) -> None:
    config = read_config(tmp_path / "none" / "config.toml")

    assert config == Config()
    assert config.text("theme") == "auto"
    assert config.switch("mouse") is True
    assert config.switch("autoplay") is None


@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([*FILE.split(), "\n", "=", "[", "]", "'", '"', "\\", "{", "1"])).map(
        lambda words: " ".join(words).encode()
    )
)
def test_any_bytes_are_settings_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        config = read_config(path)
    except ConfigError:
        return

    assert all(isinstance(value, str | bool) for value in config.values.values())


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes")
def test_what_is_no_file_or_too_large_is_neither_waited_for_nor_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 2**40)
    for name in ("pipe", "zero", "huge", "."):
        with pytest.raises(ConfigError):
            read_config(tmp_path / name)
    assert read_config(Path(os.devnull)) == Config()
    (tmp_path / "real").write_text("mouse = false", "utf-8")
    (tmp_path / "link").symlink_to("real")
    assert read_config(tmp_path / "link").switch("mouse") is False


def test_settings_have_their_values() -> None:
    config = parse_config(FILE, PATH)

    assert config.text("theme") == "contrast"
    assert config.switch("mouse") is False
    assert config.table("keys") == {"undo": "u backspace"}
    assert config.folder("sync") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ntheme = blue", "config.toml:2:9: invalid value"),
        ("[keys", "config.toml:1: expected ']' at the end of a table declaration"),
        ('mouse = "on"', "config.toml:1: mouse: true or false"),
        ("\n\ntheme = 3", "config.toml:3: theme: a text in quotation marks"),
        ('theme = "blue"', "config.toml:1: theme: one of auto, terminal, light, contrast"),
        ('[flags]\nreview = "new"', "config.toml:2: flags.review: options, such as --json"),
        ('[flags]\nreview = "--a \\""', "config.toml:2: flags.review: no closing quotation"),
        ('sync = "Dropbox"', "config.toml:1: sync: a path from ~ or from the root"),
        ('editor = "a\\nb"', "config.toml:1: editor: a text of one line"),
        ("theme = " + "[" * 9999, "config.toml"),
    ],
)
def test_a_mistake_is_reported_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(text, PATH)

    assert raised.value.message.startswith(message)


def test_bytes_that_are_not_utf8_are_reported_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\nmouse = true # \xff")

    with pytest.raises(ConfigError, match=r"config\.toml:2: this is not UTF-8"):
        read_config(path)


def test_a_changed_setting_keeps_comments_and_order() -> None:
    text = change_text(FILE, "theme", "terminal", PATH)

    assert text == FILE.replace('"contrast"', '"terminal"')


def test_settings_are_added_to_their_tables() -> None:
    text = change_text(FILE, "editor", r"C:\bin\hx.exe", PATH)
    text = change_text(text, "keys.bury", "B", PATH)
    text = change_text(text, "flags.exam plan", "--markdown", PATH)

    assert (
        text
        == FILE.replace("\n# the keys", "editor = 'C:\\bin\\hx.exe'\n\n# the keys")
        + 'bury = "B"\n\n[flags]\n"exam plan" = "--markdown"\n'
    )


def test_an_entry_of_several_lines_is_replaced_whole() -> None:
    text = 'editor = """\nhx\\\n"""\nmouse = true\n'

    assert change_text(text, "editor", "vi", PATH) == 'editor = "vi"\nmouse = true\n'


def test_a_setting_that_only_its_author_can_change_is_left_alone() -> None:
    with pytest.raises(ConfigError, match="only you can change"):
        change_text('keys = {undo = "u"}\n', "keys.undo", "z", PATH)


def test_line_ends_of_windows_are_kept() -> None:
    text = "mouse = true\r\n"

    assert change_text(text, "theme", "contrast", PATH) == text + 'theme = "contrast"\r\n'


def test_an_unknown_name_is_reported_but_harmless() -> None:
    config = parse_config('mosue = true\n[kyes]\nundo = "u"\n', PATH)

    assert config.unknown == ("mosue", "kyes.undo")


TEXTS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=12)


@given(
    st.lists(
        st.tuples(st.sampled_from([*SETTINGS, "keys.undo", "flags.review", "keys.x y"]), TEXTS)
    )
)
def test_what_was_set_last_is_read_back(changes: list[tuple[str, str]]) -> None:
    text = FILE
    expected: dict[str, Value | None] = {**parse_config(FILE, PATH).values}
    for name, word in changes:
        try:
            value = parse_value(name, word)
        except ConfigError:
            value = None
        text = change_text(text, name, value, PATH)
        expected[name] = value
        assert "# mine" in text
    left = {name: value for name, value in expected.items() if value is not None}
    assert parse_config(text, PATH).values == left


LINES = st.sampled_from(
    [
        *("mouse = true", "a=false", 'a = "x"', "b = 'y\\'", "[keys]", "[ keys ]", "# c", "", "a.b = true"),
        *('a = "x" # c', "a = 1", "[[a]]", 'a = "\\t"', "a\u0301 = true", "'a' = true", "a = '''x'''"),
        *('"a" = "b"', "a = true true", "\ta = true\t", "a = \"x'y\"", "= true", "[]", "[a.b]", "# \x07"),
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_a_plain_file_is_read_as_toml(lines: list[str], end: str) -> None:
    text = end.join(lines)
    plain = _load_plain(text)
    if plain is not None:
        assert plain == tomllib.loads(text)


def test_a_usual_file_is_plain() -> None:
    assert _load_plain(FILE.replace("  # at night # really", "")) is not None

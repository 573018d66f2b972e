"""Mutations of files: their bytes, their YAML or JSON structure, and the file system around them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import yaml

from cardwright.anki.note import hash_content

CHUNKS = (
    *(b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\r"),
    *(b"\t", b"\n", b"\n\n", b" ", b"---\n", b"...\n", b"%YAML 9.9\n---\n", b": ", b"- ", b"? "),
    *(b"#", b" #", b" # ", b"|", b">", b"|2-\n", b"'", b'"', b"[", b"]", b"{", b"}", b",", b"\\"),
    *(b"&a ", b"*a ", b"!t ", b"!!binary ", b"<<: ", b"!!python/object/apply:os.system [ls] "),
    *(b"\x1b[2J", b"\x1b]0;x\x07", b"\xc2\x9b31m", "\u202e".encode(), "\u2066".encode()),
    *("\u2028".encode(), "\ufeff".encode(), "\u0301".encode(), "🌳".encode(), "\ufdd0".encode()),
    *(b"<<<<<<< a\n", b"=======\n", b">>>>>>> b\n", b"$x$", b"$$", b"`", b"```\n", b"{{c1::"),
    *(b"}}", b"::", b"![](", b"](", b"<script>", b"&#x1b;", b"&#0;", b"\\x1b", b"\\ud800", b"~~~"),
    *(b"\\(", b"\\]", b"**", b"_", b"http://[::1", b"javascript:", b"../", b"/dev/zero", b"%00"),
)
WORDS = (
    *(
        "",
        "null",
        "~",
        "true",
        "no",
        "0",
        "-1",
        "1",
        "1e999",
        ".nan",
        "-.inf",
        "0x7fffffffffffffff",
    ),
    *("99999999999999999999999999", "9" * 400, "1_000", "1.5", "12:30", "2026-02-30", "0001-01-01"),
    *("9999-12-31", "2026-01-01T00:00:00Z", "[]", "{}", "[[]]", "[{}]", "{a: b}", "[a, b]", "[~]"),
    *('""', '" "', '"\\0"', '"\\e[2J"', '"\\x9b"', '"\\ud800"', '"\\u202e"', '"\\r"', "'''a'"),
    *("!!python/object/apply:os.system ['touch owned']", "!!binary aGFsbG8=", "!t a", "&a b", "*a"),
    *(
        "!!set {a, b}",
        "? a",
        "- a",
        "a: b",
        "<<: {a: b}",
        "|\n",
        ">\n  a\n  b",
        "@",
        "`a`",
        "%",
        "*",
    ),
    *("x" * 3_000, "a " * 2_000, "[" * 60 + "]" * 60, "{a: " * 50 + "}" * 50, "$" * 99, "{{" * 99),
    *(
        "trees",
        "oak",
        "elm",
        "basic",
        "cloze",
        "term",
        "choice",
        "mine",
        "adopted",
        "1.1",
        "canary",
    ),
    *("trees::", "::", "a::b::c", "../../outside/secret", "/etc/passwd", "![](media/oak.png)"),
    *(
        "![](../../../outside/secret.png)",
        "![](/dev/zero)",
        "![](media/oak.svg)",
        "[a](http://[::1)",
    ),
    *(
        "'{{c1::a}}'",
        "'{{c99999999999999999999::a}}'",
        "'{{c1::{{c2::a}}}}'",
        "'{{c1::'",
        "'{{type:a}}'",
    ),
    *("'{{#a}}'", "'{{/a}}'", "'{{FrontSide}}'", "'<script>x</script>'", "$\\def\\a{\\a\\a}\\a$"),
    *(
        "'$\\sqrt{x$'",
        "'\\(x\\)'",
        "'```perl\ns{s{s{'",
        "'a | b\n--|--\n'",
        '"\\n" ',
        '"a\\tb"',
        "é",
        "e\u0301",
    ),
    *(
        "ﬀ",
        "\u212b",
        "한국어",
        "日本語",
        "ไทย",
        "عربي",
        "👩‍🔬",
        "\u200b",
        "a\u200db",
        "\u2066a",
        "off",
        "warning",
    ),
    *("error", "1m 10m", "[1m, 10m]", "1.0", "-5", "1000000", "2147483648", "9223372036854775808"),
)
"""Values, as YAML writes them."""
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        2**53 + 1,
        2**63,
        -(2**63) - 1,
        10**30,
        10**400,
        1.5,
        1e308,
    ),
    *(float("nan"), float("inf"), "", " ", "a", "trees", "oak", "elm", "basic", "x" * 5_000, "\0"),
    *(
        "\x1b[2J",
        "\x9b",
        "\u202e",
        "\ud800",
        "\ufeff",
        "e\u0301",
        "1.0.0",
        "٣.0.0",
        "1.0.0\n",
        "9" * 50,
    ),
    *("../../outside/secret", "trees::x", "trees:oak", ":", "<script>", [], {}, [[]], [None], [1]),
    *(
        {"": None},
        {"fields": 1},
        {"tags": [1]},
        {"fields": {"a": None}},
        ["a"] * 50,
        "a\x1fb",
        "1" * 5_000,
    ),
)
"""Values of JSON, and some that Python takes for JSON."""
NAMES = (
    *(
        "a\nb",
        "\x1b[2J",
        "a\x9bb",
        "a\u202eb",
        "\udcff\udcfe",
        "-rf",
        " ",
        ".",
        "é",
        "e\u0301",
        "CON",
    ),
    *(
        "a:b",
        "a*b",
        "a\\b",
        "`a`",
        "%41",
        "%0Aerror::",
        "::error::x",
        "a,b",
        "A",
        "a" * 240,
        "🌳",
        "x%",
    ),
)
SEEDS = ("kind: basic\ncards:\n- {id: new, question: New?, answer: Yes}\n", "", "a: [\n", "\0")


def mutate_bytes(dice: Random, data: bytes) -> bytes:
    """Change a few places."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        start = dice.randint(0, len(data))
        end = min(len(data), start + dice.choice((1, 1, 2, 5, 20, 200)))
        before, part, after = data[:start], data[start:end], data[end:]
        match dice.randint(0, 9):
            case 0:
                part = bytes(byte ^ 1 << dice.randint(0, 7) for byte in part[:1]) + part[1:]
            case 1:
                part = b""
            case 2:
                after = b""
            case 3:
                part *= dice.choice((2, 2, 3, 50))
            case 4:
                other = dice.randint(0, len(data))
                part = data[other : other + dice.choice((1, 5, 50))] + part
            case 5:
                part = bytes(dice.randrange(256) for _ in part[:8])
            case 6:
                part = part[::-1]
            case _:
                part = dice.choice(CHUNKS) + part
        data = before + part + after
    return data


def recode(dice: Random, data: bytes) -> bytes:
    """Write a whole text in another way."""
    text = data.decode("utf-8", "replace")
    lines = data.splitlines(keepends=True)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-16-be"),
        lambda: text.encode("latin-1", "replace"),
        lambda: data.replace(b"\n", b"\r"),
        lambda: data.replace(b"  ", b"\t"),
        lambda: unicodedata.normalize("NFD", text).encode(),
        lambda: data * dice.choice((2, 3)),
        lambda: b"".join(dice.sample(lines, len(lines))),
        lambda: b"[" * dice.choice((39, 41, 5_000)) + data,
        lambda: dice.choice((b"", b"\n", b"\0" * 99, b"# only\n", b"- a\n", b"a\n", b"{}")),
    )
    return dice.choice(ways)()


def keep_meaning(dice: Random, data: bytes, *, has_comment: bool = True) -> bytes:
    """Change a YAML file in a way that changes neither its meaning nor the place of anything."""
    data = data.rstrip(b"\n") + b"\n"
    for change in dice.sample(range(4), dice.randint(1, 4)):
        match change:
            case 0:
                data = b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf")
            case 1:
                data += b"\n\n"
            case 2:
                # In what is no YAML, it might be a part of something.
                data += b"# done\n" if has_comment else b""
            case _:
                data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data


def mutate_yaml(dice: Random, data: bytes) -> bytes:
    """Change values, keys and items, most of which leaves valid YAML."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        try:
            text = data.decode("utf-8")
            root = yaml.compose(text, yaml.CBaseLoader)
        except (UnicodeDecodeError, yaml.YAMLError):
            break
        nodes = list(_walk(root)) if root else []
        if not nodes:
            break
        data = _change_node(dice, text, *dice.choice(nodes)).encode("utf-8", "surrogatepass")
    return data


def _walk(root: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node | None]]:
    """Yield every node, the value of a mapping with its key."""
    stack: list[tuple[yaml.Node, yaml.Node | None]] = [(root, None)]
    while stack:
        node, key = stack.pop()
        yield node, key
        if isinstance(node, yaml.MappingNode):
            stack += [(value, key) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            stack += [(item, None) for item in node.value]


def _change_node(dice: Random, text: str, node: yaml.Node, key: yaml.Node | None) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    written, word = text[start:end], dice.choice(WORDS)
    tail = written[len(written.rstrip()) :]
    place = dice.randint(0, len(text))
    ways = [
        *[f"{text[:start]}{word}{tail}{text[end:]}"] * 4,
        f"{text[:start]}{dice.choice(('&a ', '*a ', '!t ', '!!str ', '? '))}{text[start:]}",
        text[:start] + text[end:],
        f"{text[:place]}{written}{text[place:]}",
    ]
    if "\n" not in written:
        ways.append(f"{text[:start]}[{written}]{text[end:]}")
    if key is not None:
        named, colon = key.start_mark.index, key.end_mark.index
        indent = text[text.rfind("\n", 0, named) + 1 : named].replace("-", " ")
        ways += [f"{text[:named]}{word}{text[colon:]}", text[:named] + text[end:]]
        if not indent.strip():
            # The same key once more.
            ways.append(f"{text[:end]}\n{indent}{text[named:colon]}: {word}\n{text[end:]}")
    return dice.choice(ways)


def mutate_ledger(dice: Random, data: bytes) -> bytes:
    """Change values and rows of a ledger; its hashes may be made to match."""
    lines = data.decode("utf-8").splitlines()
    for _ in range(dice.choice((1, 1, 2, 5))):
        if not lines:
            break
        number = dice.choice((0, dice.randrange(len(lines)), dice.randrange(len(lines))))
        number = min(number, len(lines) - 1)
        match dice.randint(0, 9):
            case 0:
                lines.insert(dice.randint(0, len(lines)), lines[number])
            case 1:
                del lines[number]
            case 2:
                other = dice.randrange(len(lines))
                lines[number], lines[other] = lines[other], lines[number]
            case 3:
                lines[number] = dice.choice(
                    ("", "[]", "1", "null", "{}", "[" * 99_999, "NaN", '"a"')
                )
            case _:
                lines[number] = _change_row(dice, lines[number])
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _change_row(dice: Random, line: str) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return line
    here: Any = row
    while isinstance(here, dict | list) and here:
        keys = list(here) if isinstance(here, dict) else range(len(here))
        key = dice.choice(list(keys))
        inner: Any = here[key]
        if isinstance(inner, dict | list) and inner and dice.random() < 3 / 4:
            here = inner
            continue
        if isinstance(here, dict) and dice.random() < 1 / 4:
            del here[key]
        else:
            here[key] = dice.choice(VALUES)
        break
    if isinstance(row, dict) and isinstance(row.get("matter"), dict) and dice.random() < 3 / 4:
        with suppress(ValueError, TypeError):
            row["hash"] = hash_content(row["matter"])
    return json.dumps(row, ensure_ascii=dice.random() < 1 / 2)


def mutate_database(dice: Random, path: Path) -> None:
    """Change cells, tables or pages of an SQLite database, whose schema may be any."""
    cells = (
        *(None, 0, -1, 2**62, 1.5, "", "a", "x" * 9_999, b"", b"\xff\xfe", b"\0" * 99, "\x1b[2J"),
        *(
            "\x1f" * 99,
            "{}",
            "[]",
            "null",
            '{"a": 1}',
            '{"1": {"id": "1", "flds": [{"name": "A"}]}}',
        ),
        *(
            '{"1": {"id": NaN, "flds": []}}',
            "[" * 5_000,
            "9" * 5_000,
            "\u202e",
            "٣",
            "a\nb",
            "1" * 30,
        ),
    )
    try:
        database = sqlite3.connect(path, isolation_level=None)
        try:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = [name for (name,) in database.execute(names)]
            for _ in range(dice.choice((1, 1, 3))):
                table = dice.choice([*tables, "notes", "col"])
                columns = [row[1] for row in database.execute(f"PRAGMA table_info('{table}')")]
                column = dice.choice(columns)
                match dice.randint(0, 9):
                    case 0:
                        database.execute(f'DROP TABLE "{table}"')
                    case 1:
                        database.execute(f'DELETE FROM "{table}"')
                    case 2:
                        database.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
                    case 3:
                        database.execute(
                            f'INSERT INTO "{table}" ("{column}") VALUES (?)', (dice.choice(cells),)
                        )
                    case _:
                        limit = dice.choice(("1", f'SELECT count(*) FROM "{table}"'))
                        database.execute(
                            f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid IN '
                            f'(SELECT rowid FROM "{table}" ORDER BY rowid * {dice.randint(1, 96)} % 97 LIMIT ({limit}))',
                            (dice.choice(cells),),
                        )
        finally:
            database.close()
    except (sqlite3.Error, IndexError, ValueError, OverflowError):
        pass
    if dice.random() < 1 / 2:
        path.write_bytes(_flip_pages(dice, path.read_bytes()))


def _flip_pages(dice: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 2, 8, 40))):
        if changed:
            near = dice.choice((len(changed), min(len(changed), 120)))
            changed[dice.randrange(near)] = dice.choice((0, 1, 0xFF, 0x80, dice.randrange(256)))
    if changed and dice.random() < 1 / 8:
        del changed[dice.randrange(len(changed)) :]
    return bytes(changed)


Act = Callable[[Random, Path, Path], None]
"""Changes the file system at a path; the second path is a folder that must stay unread."""


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _empty(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)
    path.write_bytes(b"")


def _vanish(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)


def _become_folder(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)
    path.mkdir()


def _become_full_folder(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)
    path.mkdir()
    (path / "inner.yaml").write_text(SEEDS[0], "utf-8")


def _become_pipe(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)
    os.mkfifo(path)


def _become_socket(_dice: Random, path: Path, _outside: Path) -> None:
    _remove(path)
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        # The path of a socket must be short.
        listener.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def _become_link(dice: Random, path: Path, outside: Path) -> None:
    _remove(path)
    targets = (
        *(
            "/dev/zero",
            "/dev/null",
            "/dev/stdin",
            "/proc/self/environ",
            "/proc/self/fd",
            "/",
            ".",
            "..",
        ),
        *("../..", path.name, "nowhere", "\udcff", "/etc/passwd", outside, outside / "secret"),
        *(outside / "secret.yaml", outside / "secret.png", outside / "ledger.jsonl", "x" * 255),
        *(f"../{path.parent.name}", f"../../cards/{path.parent.name}"),
    )
    path.symlink_to(dice.choice(targets))


def _become_huge(dice: Random, path: Path, _outside: Path) -> None:
    if not path.is_dir():
        os.truncate(path, dice.choice((5_000_001, 120_000_000, 2**33)))


def _gain_files(dice: Random, path: Path, _outside: Path) -> None:
    folder = path if path.is_dir() else path.parent
    for name in dice.sample(NAMES, 3):
        target = folder / (name + dice.choice(("", ".yaml", ".yml", ".YAML", ".yaml.txt", ".png")))
        try:
            if dice.random() < 1 / 4:
                target.mkdir()
                target /= "deck.yaml"
            target.write_text(dice.choice(SEEDS), "utf-8")
        except OSError:
            continue


def _gain_twin(dice: Random, path: Path, _outside: Path) -> None:
    """Add the same content under a name that some file systems take for the same."""
    if path.is_file():
        name = dice.choice(
            (path.name.upper(), path.name.title(), f"é{path.name}", f"e\u0301{path.name}")
        )
        shutil.copy(path, path.with_name(name))
        shutil.copy(path, path.with_name(unicodedata.normalize("NFD", name)))


def _gain_depth(dice: Random, path: Path, _outside: Path) -> None:
    folder = path if path.is_dir() else path.parent
    deep = folder.joinpath(*["d"] * dice.choice((5, 50, 150)))
    deep.mkdir(parents=True)
    (deep / "deep.yaml").write_text(SEEDS[0], "utf-8")


def _gain_many(_dice: Random, path: Path, _outside: Path) -> None:
    folder = path if path.is_dir() else path.parent
    for number in range(300):
        (folder / f"{number}.yaml").write_text("", "utf-8")


def _become_unreadable(dice: Random, path: Path, _outside: Path) -> None:
    path.chmod(dice.choice((0, 0o400, 0o100, 0o200)))


def nest_folders(folder: Path, depth: int) -> None:
    """Make folders within one another."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def _gain_abyss(_dice: Random, path: Path, _outside: Path) -> None:
    """Add folders nearly as deep as Python can walk through."""
    folder = path if path.is_dir() else path.parent
    nest_folders(folder, 800)


def _move(dice: Random, path: Path, _outside: Path) -> None:
    path.rename(
        path.with_name(dice.choice(("deck.yaml", "x.yaml", "blueprint.yaml", "é", "A.yml")))
    )


ACTS: tuple[Act, ...] = (
    *(_empty, _vanish, _become_folder, _become_full_folder, _become_pipe, _become_socket),
    *(
        _become_link,
        _become_link,
        _become_link,
        _become_link,
        _become_huge,
        _gain_files,
        _gain_files,
    ),
    *(_gain_twin, _gain_depth, _gain_many, _gain_abyss, _move, _become_unreadable),
)


def mutate_tree(dice: Random, path: Path, outside: Path) -> str:
    """Change the file system at or beside a path; return what was done."""
    act = dice.choice(ACTS)
    try:
        act(dice, path, outside)
    except OSError as error:
        return f"{act.__name__} failed: {error}"
    return f"{act.__name__} {path}"

"""Notes with the HTML that people's collections hold: typed, pasted, and written by add-ons and scripts."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from anki.collection import Collection, ExportAnkiPackageOptions
from anki.notes import Note

_WORDS: Final = (
    *("the", "oak", "tree", "grows", "slowly", "in", "heavy", "clay", "and", "a", "root", "holds"),
    *("water", "Wood", "ring", "bark", "leaf", "naïve", "Straße", "東京", "は", "дерево", "شجرة"),
    *(
        "עץ",
        "x_1",
        "2*3",
        "a<b",
        "R&D",
        "50%",
        "$5",
        "C#",
        "#1",
        "*",
        "_",
        "`",
        "|",
        "~",
        "1.",
        "2)",
    ),
    *("-", "+", "[x]", "(y)", "{z}", "\\n", "^2", "!", "::", "'quoted'", '"said"', "…", "—", "–"),
    *(
        "🌳",
        "é",
        "e\u0301",
        "\u00a0",
        "&nbsp;",
        "__init__",
        "**",
        "http://example.com/a_b",
        "a:",
        "==x==",
    ),
    *(
        "snake_case_name",
        "3 < 4",
        ">",
        "&lt;tag&gt;",
        "<br>",
        "{{",
        "}}",
        "$x$",
        "^",
        "©",
        "&copy",
        "#",
    ),
)
_COLOURS: Final = ("#ff0000", "rgb(0, 0, 255)", "red", "rgb(0, 0, 0)", "#000", "var(--fg)")
_FORMULAS: Final = (
    *(
        "x^2",
        r"\frac{a}{b}",
        r"a_1 &lt; b_2",
        r"\text{if } x &gt; 0",
        r"\sum_{i=1}^n i",
        r"\{a, b\}",
    ),
    *(
        "e^{i\\pi} = -1",
        r"\alpha + \beta",
        "a | b",
        r"\begin{pmatrix}1&amp;2\\3&amp;4\end{pmatrix}",
    ),
)
_CODE: Final = (
    *(
        "print(1)",
        "a = b * c",
        "for x in y:\n    pass",
        "if a &lt; b:\n\treturn &amp;x",
        "**kwargs",
    ),
    *("# comment", "SELECT *\nFROM t;", "`x`", "a\n\n\nb", "    indented", "```", "{{c1::x}}"),
)
Media = list[str]


def make_html(dice: random.Random, media: Media) -> str:
    """Return a field."""
    shapes, weights = zip(*_SHAPES, strict=True)
    (shape,) = dice.choices(shapes, weights)
    html: str = shape(dice, media)
    return html


def _say(dice: random.Random, most: int = 8) -> str:
    words = [dice.choice(_WORDS) for _ in range(dice.randint(1, most))]
    return " ".join(word.replace("<b", "&lt;b") if word == "a<b" else word for word in words)


def _inline(dice: random.Random, media: Media) -> str:
    """Return words, some of them marked in one of the ways there are."""
    return " ".join(
        _mark(dice, media, _say(dice, 4)) if dice.random() < 0.3 else _say(dice, 5)
        for _ in range(dice.randint(1, 3))
    )


def _mark(dice: random.Random, media: Media, words: str) -> str:
    file = dice.choice(media)
    formula = dice.choice(_FORMULAS)
    return dice.choice(
        [
            f"<b>{words}</b>",
            f"<strong>{words}</strong>",
            f"<i>{words}</i>",
            f"<em>{words} </em>",
            f"<b><i>{words}</i></b>",
            f"<b>{words}<i>{words}</b></i>",
            f"<u>{words}</u>",
            f"<s>{words}</s>",
            f"<code>{dice.choice(_CODE).splitlines()[0]}</code>",
            "H<sub>2</sub>O 10<sup>-3</sup>",
            f'<span style="font-weight: bold;">{words}</span>',
            f'<span style="font-weight:600; font-style: italic">{words}</span>',
            f'<b style="font-weight: normal">{words}</b>',
            f'<font color="{dice.choice(_COLOURS)}">{words}</font>',
            f'<span style="color: {dice.choice(_COLOURS)};">{words}</span>',
            f'<span style="background-color: rgb(255, 255, 255); color: rgb(0, 0, 0)">{words}</span>',
            f'<span style="font-family: Arial; font-size: 15px; font-variant-ligatures: none">{words}</span>',
            f'<span class="Apple-style-span">{words}</span>',
            f"<span>{words}</span>",
            f"<b></b>{words}",
            "wo<b>rd</b>s",
            f'<a href="https://example.com/a_(b)?c=1&amp;d=2">{words}</a>',
            f'<a href="https://example.com"><b>{words}</b></a>',
            f'<img src="{file}">',
            f'<img src="{file}" width="120" alt="{words.replace(chr(34), "").replace("<br>", "")}">',
            f'<img class="drawing" src="{file.replace(" ", "%20")}" style="width: 200px">',
            "[sound:oak.mp3]",
            f"\\({formula}\\)",
            f"\\[{formula}\\]",
            f"[$]{formula}[/$]",
            f"[latex]{formula}[/latex]",
            f"<anki-mathjax>{formula}</anki-mathjax>",
            "<ruby>漢字<rt>かんじ</rt></ruby>",
            " 漢字[かんじ]",
            "<kbd>Ctrl</kbd>+<kbd>C</kbd>",
            "<mark>seen</mark>",
            "<small>small</small>",
            f"<!-- {words.replace('-', '')} -->",
            "&lt;div&gt; &amp;amp; &quot;",
            '<span dir="rtl">שלום</span>',
        ]
    )


def _editor(dice: random.Random, media: Media) -> str:
    """Return lines as Anki's editor keeps them."""
    lines = [_inline(dice, media) for _ in range(dice.randint(1, 5))]
    if dice.random() < 0.5:
        return "<br>".join(lines) + dice.choice(["", "<br>", "&nbsp;", " "])
    first, *others = lines
    return first + "".join(
        dice.choice([f"<div>{line}</div>", f"<div>{line}<br></div>", "<div><br></div>"])
        for line in others
    )


def _paragraphs(dice: random.Random, media: Media) -> str:
    return "\n".join(
        f"<p>{_inline(dice, media)}</p>"
        if dice.random() < 0.8
        else f'<p style="margin: 0px">{_inline(dice, media)}</p>'
        for _ in range(dice.randint(1, 3))
    )


def _list(dice: random.Random, media: Media, depth: int = 0) -> str:
    name = dice.choice(["ul", "ul", "ol", 'ol start="3"'])
    items = []
    for _ in range(dice.randint(1, 4)):
        item = _inline(dice, media)
        if depth < 2 and dice.random() < 0.2:
            item += _list(dice, media, depth + 1)
        items.append(dice.choice([f"<li>{item}</li>", f"<li>{item}", f"<li><p>{item}</p></li>"]))
    return f"<{name}>{''.join(items)}</{name.split()[0]}>"


def _with_list(dice: random.Random, media: Media) -> str:
    return _inline(dice, media) + _list(dice, media) + dice.choice(["", _inline(dice, media)])


def _table(dice: random.Random, media: Media) -> str:
    columns = dice.randint(1, 3)
    rows = [
        "".join(f"<td>{_inline(dice, media)}</td>" for _ in range(columns))
        for _ in range(dice.randint(1, 3))
    ]
    head = "".join(f"<th>{_say(dice, 2)}</th>" for _ in range(columns))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    if dice.random() < 0.6:
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<table border="1" style="width: 100%"><tbody>{body}</tbody></table>'


def _code(dice: random.Random, media: Media) -> str:
    code = dice.choice(_CODE)
    return _inline(dice, media) + dice.choice(
        [
            f"<pre>{code}</pre>",
            f"<pre><code>{code}</code></pre>",
            f'<pre><code class="language-python">{code}\n</code></pre>',
            f'<div class="highlight"><pre style="line-height: 125%"><span style="color: #008000">{code}</span></pre></div>',
            f"<pre>{code.replace(chr(10), '<br>')}</pre>",
        ]
    )


def _google(dice: random.Random, media: Media) -> str:
    style = "font-size:11pt;font-family:Arial;color:#000000;background-color:transparent;font-weight:400"
    return (
        '<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38;'
        f'margin-top:0pt;margin-bottom:0pt;"><span style="{style}">{_inline(dice, media)}</span>'
        f'<span style="{style[:-3]}700">{_say(dice)}</span></p></b>'
    )


def _word(dice: random.Random, media: Media) -> str:
    return (
        '<p class="MsoNormal" style="mso-margin-top-alt:auto"><span lang="EN-US" style="mso-fareast-'
        f'language:EN-GB">{_inline(dice, media)}<o:p></o:p></span></p><!--StartFragment-->{_say(dice)}'
        "<!--EndFragment-->"
    )


def _chat(dice: random.Random, media: Media) -> str:
    return (
        f'<h3 data-start="1" data-end="9">{_say(dice, 3)}</h3><p data-start="10">{_inline(dice, media)}</p>'
        f'<ul data-start="20"><li data-start="21"><p><strong>{_say(dice, 2)}</strong>: {_say(dice)}</p></li>'
        f"</ul><hr><blockquote><p>{_inline(dice, media)}</p></blockquote>"
    )


def _script(dice: random.Random, media: Media) -> str:
    """Return what scripts write: a table of lines, plain text with line ends, elements out of place."""
    return dice.choice(
        [
            f"{_say(dice)}\n{_say(dice)}\n",
            f"<center>{_inline(dice, media)}</center>",
            f'<div style="text-align: center;">{_inline(dice, media)}</div>',
            f'<div dir="rtl">{_inline(dice, media)}</div>',
            f"<details><summary>{_say(dice, 3)}</summary>{_inline(dice, media)}</details>",
            f"<dl><dt>{_say(dice, 2)}</dt><dd>{_inline(dice, media)}</dd></dl>",
            f"<div><div><div>{_inline(dice, media)}</div></div></div>",
            f"</b>{_say(dice)}</div><i>",
            f"<script>alert(1)</script>{_say(dice)}",
            f"<style>.a {{ color: red }}</style>{_say(dice)}",
            f'<img src=x onerror="alert(1)">{_say(dice)}',
            f'<iframe src="https://example.com"></iframe>{_say(dice)}',
            f'<svg width="10" height="10"><circle r="4"/></svg>{_say(dice)}',
            f'<input type="text">{_say(dice)}',
            f'<a href="javascript:alert(1)">{_say(dice, 3)}</a>',
            f'<img src="https://example.com/remote.png">{_say(dice)}',
            "   ",
            "<br>",
            "<div></div>",
        ]
    )


def _plain(dice: random.Random, _media: Media) -> str:
    return _say(dice)


def _short(dice: random.Random, _media: Media) -> str:
    return dice.choice(
        ("oak", "the elm", "1984", "no", "12:30", "- x", "# y", "", "null", "&nbsp;", "ja")
    )


_SHAPES: Final[list[tuple[Callable[[random.Random, Media], str], int]]] = [
    (_plain, 12),
    (_short, 8),
    (_inline, 20),
    (_editor, 16),
    (_paragraphs, 5),
    (_with_list, 8),
    (_list, 3),
    (_table, 4),
    (_code, 5),
    (_google, 3),
    (_word, 3),
    (_chat, 4),
    (_script, 6),
]


def make_cloze(dice: random.Random, media: Media) -> str:
    """Return a field with gaps."""
    parts = [_inline(dice, media)]
    for number in range(1, dice.randint(1, 3) + 1):
        inner = dice.choice(
            [
                *(
                    _say(dice, 3).replace("::", "").replace("}}", "").replace("{{", ""),
                    "<b>oak</b>",
                ),
                *(r"\(x^2\)", r"\(\frac{a}{b} \)", "a<br>b", "<div>oak</div>", "oak::hint"),
                f"oak {{{{c{number + 3}::nested}}}} elm",
            ]
        )
        parts += [f"{{{{c{number}::{inner}}}}}", _say(dice, 4)]
    return dice.choice([" ", "<br>", " "]).join(parts)


def make_png(number: int) -> bytes:
    """Return a picture of one pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes((0, number % 256, number // 256 % 256, 99)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    )


def write_wild_package(path: Path, folder: Path, notes: int, seed: int) -> None:
    """Write a package of notes of several types; `folder` is for the collection."""
    dice = random.Random(seed)
    folder.mkdir(parents=True)
    col = Collection(str(folder / "collection.anki2"))
    media = ["oak.png", "elm leaf.png", "ünder_score (1).png", "paste-0a1b2c.png"]
    for number, name in enumerate(media):
        Path(col.media.dir(), name).write_bytes(make_png(number))
    Path(col.media.dir(), "oak.mp3").write_bytes(b"ID3\x03\x00\x00\x00\x00\x00\x00" + bytes(64))
    Path(col.media.dir(), "_logo.png").write_bytes(make_png(9))
    types = [*_add_types(col), *(col.models.by_name(name) for name in ("Basic", "Cloze"))]
    decks = [
        col.decks.id(name)
        for name in (
            "Wild",
            "Wild::Trees & Shrubs",
            "Wild::Trees & Shrubs::Oaks: red",
            "Wild::木",
            "Wild::1.",
        )
    ]
    for number in range(notes):
        model: Any = dice.choice(types)
        note = Note(col, model)
        for place, _ in enumerate(model["flds"]):
            is_gapped = model["type"] == 1 and place == 0
            if place and dice.random() < 0.15:
                continue
            note.fields[place] = (make_cloze if is_gapped else make_html)(dice, media)
        if not note.fields[0].strip() or dice.random() < 0.3:
            note.fields[0] = f"{number} {note.fields[0]}"
        note.tags = dice.sample(
            ["wood", "Wood::hard", "ünicode", "a,b", "x'y", "kind", "lesson::2"],
            dice.choice((0, 0, 1, 2)),
        )
        deck: Any = dice.choice(decks)
        col.add_note(note, deck)
    options = ExportAnkiPackageOptions(
        with_scheduling=False, with_deck_configs=True, with_media=True, legacy=bool(seed % 2)
    )
    col.export_anki_package(out_path=str(path), options=options, limit=None)
    col.close()


def _add_types(col: Collection) -> list[Any]:
    """Add note types such as people make."""
    made = []
    for name, fields, templates, css, changes in (
        (
            "Länder (erweitert)",
            ("Country/Land", "Capital", "Hint", "Flag", "Tags"),
            (
                (
                    "Card 1",
                    "{{Country/Land}}{{#Hint}}<br>{{hint:Hint}}{{/Hint}}",
                    "{{FrontSide}}<hr id=answer>{{Capital}}<br>{{Flag}}",
                ),
                (
                    "flag → land",
                    "{{#Flag}}{{Flag}}{{/Flag}}",
                    "{{FrontSide}}<hr>{{Country/Land}}{{Tags}}",
                ),
                (
                    "Typed",
                    "{{Capital}}? {{type:Country/Land}}",
                    "{{Capital}}: {{type:Country/Land}}",
                ),
            ),
            ".card { font-family: arial; font-size: 20px; text-align: center; }\n.x { background: url('_logo.png') }",
            {},
        ),
        (
            "Vocab 日本語",
            ("Expression", "Reading", "Meaning", "Audio", "id", "kind"),
            (
                (
                    "Recognition",
                    "<div class=jp>{{furigana:Expression}}</div>",
                    "{{FrontSide}}<hr>{{kana:Reading}} {{Meaning}} {{Audio}}",
                ),
                (
                    "Recall",
                    "{{Meaning}}{{tts en_US:Meaning}}",
                    "{{FrontSide}}<hr>{{kanji:Expression}}<script>var a = 1;</script>",
                ),
            ),
            ".card {\r\n font-size: 30px;\r\n}",
            {"rtl": True, "font": "Noto Sans"},
        ),
        (
            "Cloze++",
            ("Text", "Back Extra", "Source"),
            (("Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>{{Back Extra}}<br>{{Source}}"),),
            ".cloze { font-weight: bold; color: blue; }",
            {"sticky": True},
        ),
    ):
        model = col.models.new(name)
        for field in fields:
            col.models.add_field(model, col.models.new_field(field))
        model["flds"][1] |= changes
        for template, front, back in templates:
            added = col.models.new_template(template)
            added |= {"qfmt": front, "afmt": back}
            col.models.add_template(model, added)
        model |= {"css": css, "type": int(name.startswith("Cloze"))}
        col.models.add(model)
        made.append(col.models.by_name(name))
    return made

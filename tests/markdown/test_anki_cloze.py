"""How real Anki reads our cloze HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from anki.collection import Collection
from anki.decks import DEFAULT_DECK_ID
from anki.notes import Note
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.markdown.cloze import cloze_numbers
from cardwright.markdown.render import Renderer

renderer = Renderer()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    made = Collection(str(tmp_path_factory.mktemp("anki") / "collection.anki2"))
    yield made
    made.close()


def make_note(collection: Collection, kind: str, html: str) -> Note:
    note_type = collection.models.by_name(kind)
    assert note_type is not None
    note = collection.new_note(note_type)
    note.fields[0] = html
    return note


def add_note(collection: Collection, kind: str, html: str) -> Note:
    note = make_note(collection, kind, html)
    collection.add_note(note, DEFAULT_DECK_ID)
    return note


class Page(HTMLParser):
    """The text of a page, with the active gap in «»."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.ends: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "img"):
            return
        active = ("class", "cloze") in attrs
        self.text += "«" if active else ""
        self.ends.append("»" if active else "")

    def handle_endtag(self, _tag: str) -> None:
        self.text += self.ends.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


FACES = {
    "simple": ("The {{c1::cambium}}.", {1: ("The «[...]».", "The «cambium».")}),
    "hint": ("{{c1::a::**b**}}", {1: ("«[b]»", "«a»")}),
    "several numbers": (
        "{{c1::a}} {{c2::b}}",
        {1: ("«[...]» b", "«a» b"), 2: ("a «[...]»", "a «b»")},
    ),
    "same number twice": ("{{c1::a}} b {{c1::c}}", {1: ("«[...]» b «[...]»", "«a» b «c»")}),
    "one answer, two numbers": (
        "{{c1,2::a}} {{c2::b}}",
        {1: ("«[...]» b", "«a» b"), 2: ("«[...]» «[...]»", "«a» «b»")},
    ),
    "nested": (
        "{{c1::a {{c2::*b*}} c}} d",
        {1: ("«[...]» d", "«a b c» d"), 2: ("a «[...]» c d", "a «b» c d")},
    ),
    "nested eight deep": (
        "{{c1::{{c1::{{c1::{{c1::{{c1::{{c1::{{c1::{{c2::x}}}}}}}}}}}}}}}}",
        {1: ("«[...]»", "«««««««x»»»»»»»"), 2: ("«[...]»", "«x»")},
    ),
    "with a number leading zero": ("{{c01::a}}", {1: ("«[...]»", "«a»")}),
    "the last number": ("{{c499::a}}", {499: ("«[...]»", "«a»")}),
    "inside maths": (
        r"$a + {{c1::\frac{b}{c_{i}}}} < 1$",
        {1: (r"\(a + [...] < 1\)", r"\(a + \frac{b}{c_{i}} < 1\)")},
    ),
    "around maths, with double braces": (
        r"{{c1::$\sqrt{\frac{a}{b}}$::root}}",
        {1: ("«[root]»", r"«\(\sqrt{\frac{a}{b}}\)»")},
    ),
    "inside inline code": ("`f({{c1::x}}, {y})`", {1: ("f(«[...]», {y})", "f(«x», {y})")}),
    "around inline code": (
        "{{c1::`std::map{}`::C++}}",
        {1: ("«[C++]»", "«std::map{}»")},
    ),
    "inside a fence": (
        "```python\nx = {{c1::import_module::how {{}}?}}({1: {2}})\n```",
        {1: ("x = «[how {{}}?]»({1: {2}})", "x = «import_module»({1: {2}})")},
    ),
    "over a part of a token of a fence": (
        "```python\nimport o{{c1::s.pa}}th\n```",
        {1: ("import o«[...]»th", "import o«s.pa»th")},
    ),
    "an answer with two colons": (
        r"{{c1::a\:\:b}} {{c2::c\:::d}}",
        {1: ("«[...]» c:", "«a::b» c:"), 2: ("a::b «[d]»", "a::b «c:»")},
    ),
    "a colon at the start": ("{{c1:::a}}", {1: ("«[...]»", "«:a»")}),
    "braces that are no deletion": (
        r"{{c1::a}}} {{b}} }} \{{c2::c}}",
        {1: ("«[...]»} {{b}} }} {{c2::c}}", "«a»} {{b}} }} {{c2::c}}")},
    ),
    "MathJax delimiters in code": (
        r"`\(` {{c1::**a**}} `\)`",
        {1: (r"\( «[...]» \)", r"\( «a» \)")},
    ),
}


@pytest.mark.parametrize(("source", "faces"), FACES.values(), ids=FACES)
def test_faces(collection: Collection, source: str, faces: dict[int, tuple[str, str]]) -> None:
    rendered = renderer.render_cloze(source)
    note = add_note(collection, "Cloze", rendered.html)
    found = {}
    for card in note.cards():
        output = card.render_output()
        found[card.ord + 1] = (
            Page(output.question_text).text.strip(),
            Page(output.answer_text).text.strip(),
        )
    assert rendered.problems == ()
    assert found == faces
    assert cloze_numbers(source) == tuple(faces)


PIECES = st.sampled_from(
    [*"{}:`*$\\ \nab", "{{c1::", "{{c2,3::", "{{c4::", "::", "}}", "}}}}", "\\{", "&#123;", "```\n"]
)


def test_numbers_of_any_sound_text(collection: Collection) -> None:
    @settings(deadline=None, max_examples=300)
    @given(st.lists(PIECES, max_size=15).map("".join))
    def check(source: str) -> None:
        source = f"{{{{c1::x}}}} {source}"
        rendered = renderer.render_cloze(source)
        if not any(problem.code == "bad-cloze" for problem in rendered.problems):
            note = make_note(collection, "Cloze", rendered.html)
            assert tuple(sorted(note.cloze_numbers_in_fields())) == cloze_numbers(source)

    check()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("[sound:a.mp3]", "[sound:a.mp3]"),
        (r"[\$]x[/\$] `[$$]y[/$$]`", "[$]x[/$] [$$]y[/$$]"),
        ("[latex]x[/latex] [LATEX]y[/LATEX]", "[latex]x[/latex] [LATEX]y[/LATEX]"),
        ("[anki:tts lang=en_US]x[/anki:tts]", "[anki:tts lang=en_US]x[/anki:tts]"),
        ("![[sound:a.mp3]](media/a.png)", ""),
        ("{{Back}} {{c1::x}} {{type:Back}}", "{{Back}} {{c1::x}} {{type:Back}}"),
    ],
)
def test_anki_does_not_act_upon_text(collection: Collection, source: str, shown: str) -> None:
    note = add_note(collection, "Basic", renderer.render_block(source).html)
    output = note.cards()[0].render_output()
    assert output.question_av_tags == []
    assert "class=latex" not in output.question_text
    assert Page(output.question_text).text.strip() == shown

"""Any input gives only our own HTML elements and raises no exception."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.diagnostic import SEVERITIES
from cardwright.markdown.cloze import (
    cloze_numbers,
    find_deletions,
    hide_deletions,
    reveal_deletions,
)
from cardwright.markdown.escape import escape_html
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered, WriteMedia, replace_media

HOSTILE = """
<script> </script> <img\u0020src=x\u0020onerror=alert(1)> <b> </b> <a\u0020href=" <!-- --> <![CDATA[ <?x ?>
javascript: JaVaScRiPt: java&Tab;script: data:text/html, vbscript: file:/// //host https:// mailto:
&#106; &#x3c; &lt; &gt; &quot; &amp; &#123; &#125; &lbrace; &rbrace; &lbrack; &bsol; &colon; &NewLine;
&#12; &#13; &#146; &#x91; &#0; &copy {{ }} { } {{c1:: {{c2,3:: {{c0:: {{c1 :: : }}}} [sound:a] sound:
[latex] [/latex] [$] [$$] [anki: [[type: \\ \\( \\) \\[ \\] \\{ \\} \\: \\$ $ $$ \\left \\right
\\begin{a} \\end{a} \\\\ ` `` ``` ~~~ ```python ```x"y [ ] ( ) ](  ![ [a]: [a] [](x) ![](x:y) [{](x:y)
![a](media/x.png) ![](<m/{{".png>\u0020"{{") [a](https://e.com\u0020"') < > " ' =" onerror= style= * ** _ ~~
# - 1. > | |-|-| |:-|-:| --- === + media/x.png é ß \u2028 \u00a0 \u200b \ufeff \ufffe \U00020000 \U000f0000
~ ^ ~2~ ^2^ x^2^ {漢|かん} {漢字|か|じ} {漢| |字} <br> <br/> <BR\u0020/> {width=300} {width=50%} {width=9999}
{.a} ![a](media/x.png){width=1} [ ]\u0020 [x]\u0020 -\u0020[x]\u0020a [^1] [^1]:\u0020b \\(x\\) \\[y\\] __init__ __A__ 漢字
です。 「 」 ： **重 重要：** std::cout {{c1: {{c1\u0020:: {c2:: {{1:: [[c1:: ｛｛c1:: a::b \x95 \x95, ,\x95
\x00 \x01 \x0b \x0c \r \x1b \x7f \x85 \x8e \x90 \x91 \x92 \x93 \x94 \x92\U00020000, ,\x94\U00020000 \ud800
""".replace("\n", " ").split(" ")
HOSTILE = [piece.replace("\\u0020", " ") for piece in HOSTILE if piece]
PIECES = st.one_of(
    st.sampled_from([*HOSTILE, " ", "  ", "    ", "\t", "\n", "\n\n", "a", "1"]),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)

ATTRIBUTES = {
    "a": {"href": r"(?i:https?|mailto):.*", "title": ".*"},
    "img": {
        "src": r"(?![/\\]|[A-Za-z][A-Za-z0-9+.-]*:).+",
        "alt": ".*",
        "title": ".*",
        "width": r"[1-9][0-9]{0,3}|(?:100|[1-9][0-9]?)%",
    },
    "li": {"class": "task"},
    "ol": {"start": "[0-9]+"},
    "th": {"class": "left|right|center"},
    "td": {"class": "left|right|center"},
    "pre": {"class": "code"},
    "code": {"class": "language-[A-Za-z0-9_+#.-]+"},
    "span": {"class": "[a-z][a-z0-9]{0,2}"},
}
TAGS = {*ATTRIBUTES, "p", "em", "strong", "s", "br", "ul", "blockquote", "hr"}
TAGS |= {"sub", "sup", "ruby", "rt"}
TAGS |= {"table", "thead", "tbody", "tr", "h1", "h2", "h3", "h4", "h5", "h6"}
VOID = {"br", "hr", "img"}
ANKI_TAG = re.compile(r"\[(?:sound:|anki:|latex\]|\$\$?\])|\[\[type:", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MARKER = re.compile(r"\{\{c([0-9]+(?:,[0-9]+)*)::")
renderer = Renderer()
# A slow machine is no failure.
patiently = settings(deadline=None)


class Inspector(HTMLParser):
    """Refuses what is not on the lists, and gathers what a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.texts_for_mathjax: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert re.fullmatch(ATTRIBUTES.get(tag, {})[name], value or "", re.DOTALL)
        assert len(dict(attrs)) == len(attrs)
        self.sources += [value or "" for name, value in attrs if name == "src"]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "code" not in self.stack:
            self.texts_for_mathjax.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def inspect(source: str, rendered: Rendered) -> Inspector:
    """Assert what holds in every mode."""
    inspector = Inspector(rendered.html)
    assert not CONTROL.search(rendered.html)
    assert not ANKI_TAG.search(rendered.html)
    assert list(rendered.media) == list(dict.fromkeys(inspector.sources))
    names = {path: f"{index}.png" for index, path in enumerate(rendered.media)}
    writers: dict[str, WriteMedia] = {
        path: lambda attributes, name=name, **_: f'<img src="{name}"{attributes}>'
        for path, name in names.items()
    }
    renamed = Inspector(replace_media(rendered.html, writers))
    assert renamed.sources == [names[path] for path in inspector.sources]
    assert renamed.text == inspector.text
    if not re.search(r"\$|\\[(\[]", source):
        assert not any(re.search(r"\\[(\[]", text) for text in inspector.texts_for_mathjax)
    for problem in rendered.problems:
        assert problem.code in SEVERITIES
        assert problem.message
        assert problem.help
        assert problem.quote in source
        assert "\n" not in problem.quote
    return inspector


@patiently
@given(TEXTS)
def test_block_is_safe(source: str) -> None:
    rendered = renderer.render_block(source)
    inspect(source, rendered)
    assert "{{" not in rendered.html
    assert "}}" not in rendered.html


@patiently
@given(TEXTS)
def test_inline_is_safe_and_has_no_blocks(source: str) -> None:
    rendered = renderer.render_inline(source)
    inspect(source, rendered)
    assert "{{" not in rendered.html
    assert "}}" not in rendered.html
    assert not re.search("<(?:p|ul|ol|li|h[1-6]|pre|table|blockquote|hr)[ >]", rendered.html)


@patiently
@given(TEXTS)
def test_cloze_is_safe_and_has_no_braces_but_markers(source: str) -> None:
    rendered = renderer.render_cloze(source)
    inspect(source, rendered)
    markers = [number for match in MARKER.findall(rendered.html) for number in match.split(",")]
    assert rendered.html.count("{") == 2 * len(MARKER.findall(rendered.html))
    assert rendered.html.count("}") == rendered.html.count("{")
    assert set(map(int, markers)) <= set(cloze_numbers(source))
    if not any(problem.code == "bad-cloze" for problem in rendered.problems):
        assert set(map(int, markers)) == set(cloze_numbers(source))
        assert len(MARKER.findall(rendered.html)) == len(find_deletions(source)[0])


@patiently
@given(TEXTS)
def test_deletions_of_any_text(source: str) -> None:
    deletions, _ = find_deletions(source)
    numbers = {number for deletion in deletions for number in deletion.numbers}
    assert cloze_numbers(source) == tuple(sorted(numbers))
    assert all(1 <= number <= 499 for number in numbers)
    for deletion in deletions:
        assert deletion.text in source
        assert deletion.hint in source
    if not deletions:
        assert hide_deletions(source) == source == reveal_deletions(source)


@patiently
@given(TEXTS)
def test_plain_text_is_escaped(source: str) -> None:
    html = escape_html(source)
    assert not re.search(r"[<>\"]|\{\{|\}\}", html)
    assert not CONTROL.search(html)
    assert not ANKI_TAG.search(html)


LANGUAGES = st.sampled_from(["", "python", "sql", "bash", "yaml", "json", "c++", "html", "jinja"])
CODE = st.lists(
    st.one_of(
        st.sampled_from([*"{}()[]'\"\\#$ \n<>&", "def ", "select ", "${", "{{", "\\("]),
        st.text(max_size=3),
    ),
    max_size=20,
).map("".join)


@patiently
@given(LANGUAGES, CODE)
def test_highlighting_changes_no_character(language: str, code: str) -> None:
    code = CONTROL.sub("", code).replace("`", "")
    rendered = renderer.render_block(f"```{language}\n{code}\n```")
    assert Inspector(rendered.html).text == f"{code}\n\n"


@patiently
@given(LANGUAGES, CODE, CODE, CODE)
def test_deletions_in_code_hide_exactly_the_answer(
    language: str, before: str, answer: str, after: str
) -> None:
    before, answer, after = (
        re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f`{}\\:]", "", text) for text in (before, answer, after)
    )
    html = renderer.render_cloze(
        f"```{language}\n{before}{{{{c1::{answer}::a <hint>}}}}{after}\n```"
    ).html
    assert Inspector(html).text == f"{before}{{{{c1::{answer}::a <hint>}}}}{after}\n\n"

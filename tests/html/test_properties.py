"""Whatever Anki, add-ons and the web make of a field: its Markdown shows the same, or says what is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anki_html
from cardwright.diagnostic import SEVERITIES
from cardwright.html import Converted, Layout, convert_html, is_inert, normalize_html
from cardwright.html.parse import Element, parse_html
from cardwright.markdown.cloze import cloze_numbers
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered

ANKI_TAG = re.compile(r"\[/?(?:latex|\$\$?)\]|\[sound:[^\]]*\]")
renderer = Renderer(highlights=False)
# A slow machine is no failure.
often = settings(deadline=None, max_examples=25, derandomize=True)


def find_media(name: str) -> str | None:
    return None if "missing" in name else name


def render(markdown: str, layout: Layout, *, is_cloze: bool = False) -> Rendered:
    if is_cloze and layout is Layout.BLOCK:
        return renderer.render_cloze(markdown)
    if is_cloze:
        return renderer.render_bare_cloze(markdown)
    if layout is Layout.INLINE:
        return renderer.render_bare_inline(markdown)
    return (
        renderer.render_bare(markdown) if layout is Layout.BARE else renderer.render_block(markdown)
    )


def list_texts(element: Element) -> Iterator[str]:
    """Yield the texts that a browser would show, in order."""
    for child in element.children:
        if isinstance(child, str):
            yield child
        elif child.name not in ("script", "style", "math", "rp"):
            yield from list_texts(child)


def letters(html: str) -> str:
    text = "".join(list_texts(parse_html(ANKI_TAG.sub("", html))))
    return "".join(filter(str.isalnum, text))


def is_within(part: str, whole: str) -> bool:
    """Tell whether all characters are there in the same order."""
    rest = iter(whole)
    return all(char in rest for char in part)


def inspect(html: str, layout: Layout, converted: Converted, *, is_cloze: bool = False) -> None:
    rendered = render(converted.markdown, layout, is_cloze=is_cloze)
    assert is_inert(rendered.html)
    for problem in rendered.problems:
        is_error = SEVERITIES[problem.code] == "error"
        assert not is_error or problem.message == "this text has no gap"
    if not converted.losses and layout is not Layout.BLOCK:
        assert normalize_html(rendered.html, is_cloze=is_cloze) == normalize_html(
            html, is_cloze=is_cloze
        )
    assert all(loss.what for loss in converted.losses)


@pytest.mark.parametrize("layout", list(Layout))
@often
@given(data=st.data())
def test_a_field_renders_as_it_was(layout: Layout, data: st.DataObject) -> None:
    html = data.draw(anki_html.fields)
    converted = convert_html(html, layout, find_media=find_media)
    inspect(html, layout, converted)


@often
@given(html=anki_html.cloze_fields, layout=st.sampled_from([Layout.BARE, Layout.BLOCK]))
def test_a_field_with_gaps_renders_as_it_was(html: str, layout: Layout) -> None:
    converted = convert_html(html, layout, is_cloze=True, find_media=find_media)
    inspect(html, layout, converted, is_cloze=True)


@often
@given(html=anki_html.fields, layout=st.sampled_from(list(Layout)))
def test_no_letter_is_lost(html: str, layout: Layout) -> None:
    converted = convert_html(html, layout, find_media=lambda name: name)
    rendered = render(converted.markdown, layout)
    assert is_within(letters(html), letters(rendered.html))


@often
@given(html=anki_html.fields)
def test_the_normal_form_of_what_is_written_is_stable(html: str) -> None:
    first = convert_html(html, Layout.BARE).markdown
    again = convert_html(render(first, Layout.BARE).html, Layout.BARE)
    assert not again.losses
    assert normalize_html(render(again.markdown, Layout.BARE).html) == normalize_html(
        render(first, Layout.BARE).html
    )


@often
@given(html=st.text(max_size=60), layout=st.sampled_from(list(Layout)))
def test_any_text_is_converted(html: str, layout: Layout) -> None:
    converted = convert_html(html, layout)
    assert is_inert(render(converted.markdown, layout).html)


def test_cards_of_gaps_stay() -> None:
    html = "{{c1::<ul><li>a</li></ul>}} <b>{{c2::b</b> x}} \\(y={{c3::z}}\\)"
    converted = convert_html(html, Layout.BARE, is_cloze=True)
    assert cloze_numbers(converted.markdown) == (1, 2, 3)

"""The stylesheet of a kind loads nothing, ends nothing early, and may otherwise look as it likes."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.project.style import MAX_LENGTH, find_style_problems

HARMLESS = [
    ".card .answer { color: #2a7; margin: -1px auto; width: calc(100% - 2em) }",
    "@media (min-width: 30em) and (prefers-color-scheme: dark) { .card { --tint: hsl(200 10% 20%) } }",
    "@supports not (display: grid) { .card::before { content: '→ \"quoted\" url(x)' } }",
    "@keyframes turn { from { opacity: 0 } 50% { transform: rotate(90deg) } }",
    "/* a comment with url(x) and @import */ .cw:not(.back, [data-id^='x']) > p + p ~ p {}",
    ".card { background: repeating-linear-gradient(45deg, red, color-mix(in oklab, blue 20%, red)) }",
    ".card { font-family: 'Noto Serif', serif; width: 50% !important; content: '/*' } .x { top: 0 }",
    "",
]
HARMFUL = [
    "@import 'https://example.com/x.css';",
    "@IMPORT url(x.css);",
    "@import/**/'x';",
    "@\\69mport 'x';",
    "@font-face { font-family: x; src: local('x') }",
    "@namespace 'x';",
    "@charset 'utf-8';",
    "@document domain(x) {}",
    ".card { background: url(x) }",
    ".card { background: URL('x') }",
    ".card { background: u\\72l(x) }",
    ".card { background: \\75rl(x) }",
    ".card { background: image-set('x' 1x) }",
    ".card { background: -webkit-image-set('x' 1x) }",
    ".card { background: image('x') }",
    ".card { background: cross-fade('x', 'y') }",
    ".card { background: element(#x) }",
    ".card { background: paint(x) }",
    ".card { background: src('x') }",
    ".card { content: attr(x type(<url>)) }",
    ".card { width: expression(alert(1)) }",
    ".card { width: e/**/xpression(alert(1)) }",
    ".card { filter: progid:DXImageTransform.Microsoft.AlphaImageLoader(src='x') }",
    "</style><script>alert(1)</script>",
    "/* </style> */",
    "<!-- .card {} -->",
    ".card { content: '</style' }",
    '.card { content: "</style" }',
    ".card { content: 'a\nb' }",
    ".card { content: 'a",
    ".card { color: red",
    ".card { color: red }}",
    ".card (]",
    "/* never ended",
    "/* one */ */ /*/",
    ".card { color: red /*/",
    "`",
]


@pytest.mark.parametrize("css", HARMLESS)
def test_this_is_allowed(css: str) -> None:
    assert find_style_problems(css) == []


@pytest.mark.parametrize("css", HARMFUL)
def test_this_is_not(css: str) -> None:
    assert find_style_problems(css)


def test_our_own_stylesheet_is_allowed() -> None:
    css = resources.files("cardwright.anki").joinpath("card.css").read_text("utf-8")
    assert find_style_problems(css.replace("\\", "")) == []


def test_its_length_is_bounded() -> None:
    assert find_style_problems("a" * MAX_LENGTH) == []
    assert find_style_problems("a" * (MAX_LENGTH + 1))


PIECES = [
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "/*",
        "*/",
        "'",
        '"',
        "\\",
        "\n",
        ";",
        ":",
        " ",
        "<",
        "</style>",
    ),
    *("@", "@media ", "@import ", "url", "url(", "u", "rl(", "var(", ".a", "a", "-", "x", "!", "#"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_passes_cannot_leave_its_element_or_load(css: str) -> None:
    if find_style_problems(css):
        return
    bare = strip_texts(css)
    assert "\\" not in css
    assert "<" not in css
    assert "@import" not in bare
    assert "url(" not in bare
    assert bare.count("{") == bare.count("}")


def strip_texts(css: str) -> str:
    """Remove comments and texts as a browser does, one character after another."""
    kept, position = [], 0
    while position < len(css):
        if css.startswith("/*", position):
            end = css.find("*/", position + 2)
            assert end >= 0
            position = end + 2
        elif css[position] in "\"'":
            end = css.find(css[position], position + 1)
            assert end >= 0
            assert "\n" not in css[position:end]
            position = end + 1
        else:
            kept.append(css[position])
            position += 1
    return "".join(kept)

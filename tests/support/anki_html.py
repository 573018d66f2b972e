"""HTML as Anki's editor, its add-ons, and copying from the web, Word and Google Docs produce it."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

_WORD_LIST: Final = """
oak Oak birch 12 7 3.5 x n I a b2 CO Éire naïve Straße 漢字 かな です 한국 ไทย שלום سلام 😀 👩‍🔬 — “ ” … ½
, . : ; ! ? ' ( ) [ ] - + / % @ 's n't
"""
_MARK_LIST: Final = r"""
* ** *** _ __ ~ ~~ ^ ` `` ``` # ## > - -- --- + = == === | || $ $$ $5 $x$ \ \\ \* \( \) \[ \] [ ] [x] [ ](
](x) ![ ![a](b) [a](b) <x> List&lt;int&gt; &lt;b&gt; &lt;br&gt; &amp;amp; &amp; &amp;copy; { } {{ }} {{x}} {{c1::x}}
{{c1:: :: :&#58; {a|b} {漢|かん} 1. 1) 10. - * • ☐ :-: |-| [^1] ^[a] ==a== __init__ snake_case 2*3*4 a*b
C:\new http://a.b/c_d_e https://e.com &lt;https://e.com&gt; x@y.de a^2 H~2~O :smile: [sound: [latex] [$] \begin{x} %
&quot; &#39; &nbsp; &nbsp;&nbsp; &shy; &zwj; &#8203; &lrm; &#x202a; &#7; &#0; &nosuch; &#58;&#58; {width=3} #tag @a
"""
_ELEMENT_LIST: Final = "b i u s em strong del strike code sub sup small big mark span q kbd"
_FORMULAS: Final = (
    r"\(x^2\)",
    r"\[\frac{a}{b}\]",
    r"\(a<br>b\)",
    r"\(a &lt; b_{c_{d}}\)",
    r"[$]x_1[/$]",
    r"[$$]y[/$$]",
    r"[latex]$z$[/latex]",
    r"[latex]text $z$ more[/latex]",
    "<anki-mathjax>q</anki-mathjax>",
    '<anki-mathjax block="true">q\\\\r</anki-mathjax>',
    r"\(\text{two words}\)",
    r"\(sin x\)",
    r"\(5\)",
    '<span class="math inline">\\(p\\)</span>',
    '<script type="math/tex">s</script>',
    (
        '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>k</mi></mrow>'
        '<annotation encoding="application/x-tex">k</annotation></semantics></math></span>'
        '<span class="katex-html" aria-hidden="true">k</span></span>'
    ),
)
_MEDIA: Final = (
    '<img src="oak.png">',
    "<img src='oak leaf (2).jpg' width=\"300\">",
    '<img src="a_b.png" alt="a *leaf*" style="width: 40.5px;">',
    '<img src="x%20y.png">',
    '<img src="missing.png">',
    '<img src="https://e.com/x.png">',
    '<img src="data:image/png;base64,AAAA">',
    "[sound:oak.mp3]",
    "[sound:oak tree.ogg]",
    '<audio controls src="oak.mp3"></audio>',
    '<video controls><source src="oak.mp4"></video>',
)
WRAPPERS: Final = (
    *(f"<{name}>|</{name}>" for name in _ELEMENT_LIST.split()),
    '<span style="font-weight: bold">|</span>',
    '<span style="font-weight: 700; font-style: italic;">|</span>',
    '<b style="font-weight:normal;" id="docs-internal-guid-1a2b">|</b>',
    '<span style="color: rgb(0, 0, 0); font-family: Arial; background-color: rgb(255, 255, 255);">|</span>',
    '<span style="color: red">|</span>',
    '<font color="#0000ff">|</font>',
    '<font face="Arial" size="3">|</font>',
    '<span style="text-decoration: underline line-through">|</span>',
    '<span class="cloze-hint" data-x="1">|</span>',
    '<span style="vertical-align: super; font-size: smaller">|</span>',
    '<span lang="DE" style="mso-ansi-language:DE">|<o:p></o:p></span>',
    '<a href="https://e.com/a_(b)?c=d&amp;e=*f*">|</a>',
    '<a href="https://e.com" title="A &quot;title&quot;">|</a>',
    '<a href="#note">|</a>',
    '<a href="javascript:x()">|</a>',
    '<span dir="rtl">|</span>',
    "<ruby>|<rt>かん</rt></ruby>",
    "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>|",
    "<b><i>|</i></b>",
    "<b>|<i>x</b>y</i>",
    '<span style="white-space: pre-wrap;">  |\nx</span>',
    "<!-- c -->|",
)
BLOCKS: Final = (
    "<div>|</div>",
    "<div>|</div><div><br></div>",
    '<div style="text-align: center;">|</div>',
    '<div style="margin-left: 40px">|</div>',
    "<p>|</p>",
    '<p dir="ltr" style="line-height:1.38;margin-top:0pt;margin-bottom:0pt;">|</p>',
    '<p class="MsoNormal"><span style="mso-bidi-font-size:12.0pt">|<o:p></o:p></span></p>',
    "<ul><li>|</li><li>x</li></ul>",
    "<ul>\n<li>|</li>\n</ul>\n",
    "<ul><li>x</li><ul><li>|</li></ul></ul>",
    "<ul><li>x<ul><li>|</li></ul></li></ul>",
    '<ol start="3"><li>|</li><li>y</li></ol>',
    "<ol><li><p>|</p></li></ol>",
    "<ul>|</ul>",
    "<li>|</li>",
    "<table><tr><td>|</td><td>y</td></tr></table>",
    "<table><thead><tr><th>|</th><th>y</th></tr></thead><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
    '<table border="1"><tr><th>x</th><td colspan="2">|</td></tr></table>',
    '<table><tr><td style="text-align: right">|</td></tr><tr><td align="right"><p>z</p></td></tr></table>',
    "<blockquote>|</blockquote>",
    "<pre>|</pre>",
    '<pre><code class="language-python">|\n  x</code></pre>',
    '<pre class="code"><span style="color: #f00">def</span> |</pre>',
    "<h1>|</h1>",
    "<h3><b>|</b></h3>",
    "<hr>|",
    "<center>|</center>",
    "<details><summary>s</summary>|</details>",
    "<dl><dt>|</dt><dd>x</dd></dl>",
    "|<style>b { color: red }</style>",
    "|<script>alert(1)</script>",
    "<figure>|<figcaption>c</figcaption></figure>",
    "<div><div>|</div></div>",
    "<svg><text>|</text></svg>",
    "<form><input>|</form>",
)
_SEPARATORS: Final = ("", " ", "\n", "<br>", "<br><br>", "<br>\n", "&nbsp;", "  ")


def _put_in(wrapper: str, content: str) -> str:
    return wrapper.replace("|", content, 1)


def _mend(mark: str) -> str:
    """Escape what stands for text, not for HTML."""
    return re.sub(r"<(?=x>)", "&lt;", mark)


words = st.sampled_from(_WORD_LIST.split())
marks = st.sampled_from([_mend(mark) for mark in _MARK_LIST.split()])
texts = st.lists(
    st.one_of(words, words, marks, st.sampled_from([" ", " ", "  "])), min_size=1, max_size=6
).map("".join)
pieces = st.one_of(
    texts,
    texts,
    texts,
    st.sampled_from(_FORMULAS),
    st.sampled_from(_MEDIA),
    st.sampled_from(_SEPARATORS),
)
inlines = st.recursive(
    pieces,
    lambda inner: st.one_of(
        st.builds(_put_in, st.sampled_from(WRAPPERS), inner),
        st.lists(inner, min_size=2, max_size=3).map("".join),
    ),
    max_leaves=6,
)
blocks = st.recursive(
    inlines,
    lambda inner: st.one_of(
        st.builds(_put_in, st.sampled_from(BLOCKS), inner),
        st.builds(str.join, st.sampled_from(_SEPARATORS), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=5,
)
fields = blocks
"""Fields without gaps."""


def _make_gap(before: str, number: int, answer: str, hint: str, after: str) -> str:
    return f"{before}{{{{c{number}::{answer}{hint}}}}}{after}"


gaps = st.builds(
    _make_gap,
    st.one_of(st.just(""), inlines),
    st.integers(1, 3),
    st.one_of(inlines, blocks),
    st.sampled_from(["", "", "", "::hint", "::a <b>b</b>", ":: x", "::std"]),
    st.one_of(st.just(""), inlines),
)
cloze_fields = st.one_of(
    gaps,
    st.builds(_put_in, st.sampled_from(WRAPPERS), gaps),
    st.builds(_put_in, st.sampled_from(BLOCKS), gaps),
    st.builds(_make_gap, inlines, st.integers(1, 3), gaps, st.just(""), inlines),
    st.lists(st.one_of(gaps, blocks), min_size=1, max_size=3).map("".join),
)
"""Fields with gaps, some within others, some across elements."""

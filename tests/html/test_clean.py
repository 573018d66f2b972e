"""Only HTML that runs and loads nothing is shipped as it is."""

from __future__ import annotations

import pytest

from cardwright.html import convert_html, is_inert, normalize_html
from cardwright.html.convert import Layout
from cardwright.markdown.render import Renderer

INERT = r"""
a<b>b</b>
1 < 2 and x &lt;script&gt;
<img src='a b.png' style='width: 3px'>
<div style="font-family: &quot;Arial&quot;, sans; color: rgb(0, 0, 0)">x</div>
[sound:x.mp3]
<a href='https://e.com/?a=1&amp;b=2'>x</a>
\(x^2\) [$]x[/$] [latex]$x$[/latex]
<p class=MsoNormal style='mso-spacerun:yes'><o:p></o:p></p>
<b id='docs-internal-guid-12ab'>x</b>
<br/><br><img src="paste-abc.jpg" />
<style>.yomitan li:not(.a) { color: red; background: radial-gradient(circle, rgb(1, 2, 3) 40%, color-mix(in srgb, red 9%)) } @media (max-width: 9em) { b { top: 0 } }</style>x
<STYLE type="text/css">/* a */ [data-x="b"]::before { content: "x" }</STYLE>
"""
ACTIVE = r"""
<script>
<img src=x onerror=alert(1)>
<img/onerror=x src=y>
<b/onclick=x>
</b onx=1>
<img src=//e.com/x>
<img src=http://e/x>
<img src='../x'>
<img src='%2e%2e/x'>
<img src='a/b.png'>
<img src='data:image/png;base64,xx'>
<img srcset='http://x'>
<video poster='http://x'>
<a href='javascript:x'>
<a href='java&#10;script:x'>
<a ping=x>
<svg>
<math>
<style>@import "x"</style>
<style>b { background: url(x) }</style>
<style>b { background: u\72l(x) }</style>
<style>b { background: image-set("x" 1x) }</style>
<style>@font-face { src: "x" }</style>
<style>b { position: fixed }</style>
<style>b { color: red }
<style onload=x>b { color: red }</style>
<a title="<style>" onclick="x" title="</style>">x</a>
<!-- <style> --><b title="</style>" onclick="x">
<scr<style></style>ipt>x</script>
<textarea><style></textarea><img src=x onerror=y></style>
<iframe src=x>
<form>
<input>
<base href='http://x'>
<?php
<![CDATA[
<div style='background:url(x)'>
<div style='background: u\72l(x)'>
<div style='background-image:image(x)'>
<div style='width:expression(x)'>
<div style='behavior:b'>
<div style='position:fixed'>
<div id=qa>
<img src=x
<b
[sound:http://x/y]
[sound:/etc/passwd]
[anki:tts lang=en]x[/anki:tts]
[[type:Front]]
\(\href{x}{y}\)
&#92;(&#92;href{x}{y}\)
[latex]\input{/etc/passwd}[/latex]
"""
renderer = Renderer()
MANY = 12_000


@pytest.mark.parametrize("html", INERT.strip().split("\n"))
def test_harmless(html: str) -> None:
    assert is_inert(html)


@pytest.mark.parametrize("html", ACTIVE.strip().split("\n"))
def test_active(html: str) -> None:
    assert not is_inert(html)
    # What is written instead is harmless.
    converted = convert_html(html, Layout.BARE, find_media=lambda _: None)
    assert is_inert(renderer.render_bare(converted.markdown).html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * MANY,
        "<b>x" * MANY,
        "".join(f"<p><b a={i}>" for i in range(MANY)),
        "<div " * MANY,
        "<!--" * MANY,
        "<div a='" * MANY,
        "<table><tr><td>" * MANY,
        "<rt>" * 9_000,
        "[latex]" * MANY,
    ],
    ids=lambda html: html[:12],
)
def test_what_is_too_large_stays_text(html: str) -> None:
    assert normalize_html(html, is_cloze=True)
    converted = convert_html(f"oak {html}", Layout.BARE, is_cloze=True)
    assert converted.markdown.startswith("oak")


def test_what_is_too_large_keeps_gaps_sounds_and_formulas() -> None:
    html = "{{c1::oak}} [sound:oak.mp3] \\(x^2\\) [latex]$y$[/latex]" + "<rt>" * 10_001
    converted = convert_html(html, Layout.BARE, is_cloze=True)
    assert converted.markdown == "{{c1::oak}} ![](oak.mp3) $x^2$ $y$"
    assert [loss.what for loss in converted.losses] == ["HTML that is too large"]


def test_no_text_is_too_large_for_the_comparison() -> None:
    # What is written for it has more elements than HTML may have.
    html = "<i>a</i><b>b</b>" * 2_000 + "*_`[" * 1_000
    assert "a" in convert_html(html, Layout.BARE).markdown

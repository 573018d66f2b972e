"""Elements that HTML does not define, and comments, ship as they are; nothing hides in them."""

from __future__ import annotations

import pytest

from cardwright.html import is_inert

HARMLESS = [
    "<hl>water</hl> and <hl2 class=x style='color: var(--fg)'>salt</hl2>",
    "<!--StartFragment--><p class=MsoNormal>water<o:p></o:p></p><!--EndFragment-->",
    "<!-- a - b -->water",
    "<p style='box-sizing: border-box; position: relative; top: -0.5em; background-image: none'>water",
    "<a id=user-content-water href='#'>water</a>",
    "3 < 4",
]
HARMFUL = [
    *("<xmp>", "<plaintext>", "<svg:script>", "<!doctype html>", "<?php ?>", "<![CDATA[x]]>"),
    *("<b style='position: absolute'>", "<b style='background-image: image-set(\"x\")'>"),
    *(
        "<a id=qa>",
        "<a href='#\"'>",
        "<b style='behavior: none'>",
        "<b style='position: relative fixed'>",
    ),
    *("<hl onclick=x>", "<hl src=x>", "<hl href=http://a.b>", "<x-foo style='background:url(x)'>"),
    *(
        "<!--><script>alert(1)</script>-->",
        "<!---><b>-->",
        "<!-- <script> -->",
        "<!--a--!><script>-->",
    ),
    *("<scr<!-- -->ipt>alert(1)</script>", "<b <!-- -->>", "<b title='<!-- -->'>", "<!--"),
    '<b title="<!--" onclick="alert(1)" x="-->">',
]


@pytest.mark.parametrize("html", HARMLESS)
def test_what_looks_odd_may_be_harmless(html: str) -> None:
    assert is_inert(html)


@pytest.mark.parametrize("html", HARMFUL)
def test_nothing_hides_in_odd_names_and_comments(html: str) -> None:
    assert not is_inert(html)

"""What the files of adopted kinds call the attributes that Anki keeps about note types."""

from __future__ import annotations

from typing import Final

FIELD_ATTRIBUTES: Final = {
    "font": "font",
    "size": "size",
    "rtl": "rtl",
    "sticky": "sticky",
    "collapsed": "collapsed",
    "plain_text": "plainText",
    "unsearchable": "excludeFromSearch",
    "description": "description",
    "tag": "tag",
    "protected": "preventDeletion",
}
"""Keys of an adopted field → attributes in Anki; and below, of a template and of a note type."""
TEMPLATE_ATTRIBUTES: Final = {
    "browser_front": "bqfmt",
    "browser_back": "bafmt",
    "browser_font": "bfont",
    "browser_size": "bsize",
}
TYPE_ATTRIBUTES: Final = {
    "latex_pre": "latexPre",
    "latex_post": "latexPost",
    "latex_svg": "latexsvg",
    "stock": "originalStockKind",
    "crowdanki_uuid": "crowdanki_uuid",
}

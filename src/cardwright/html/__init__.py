"""HTML of other programs → Markdown, and the comparison of HTML by what it shows."""

from cardwright.html.clean import is_inert
from cardwright.html.compare import normalize_html
from cardwright.html.convert import Converted, HtmlLoss, Layout, convert_html
from cardwright.html.parse import TooLargeError
from cardwright.html.parts import ListEntry, read_link, read_list, read_text

__all__ = [
    "Converted",
    "HtmlLoss",
    "Layout",
    "ListEntry",
    "TooLargeError",
    "convert_html",
    "is_inert",
    "normalize_html",
    "read_link",
    "read_list",
    "read_text",
]

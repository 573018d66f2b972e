"""HTML of other programs → Markdown, and the comparison of HTML by what it shows."""

from cardwright.html.clean import is_inert
from cardwright.html.compare import normalize_html
from cardwright.html.convert import Converted, HtmlLoss, Layout, convert_html

__all__ = ["Converted", "HtmlLoss", "Layout", "convert_html", "is_inert", "normalize_html"]

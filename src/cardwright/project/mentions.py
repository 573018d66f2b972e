"""The files that texts of cards mention: are they there, and are they what they should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cardwright.diagnostic import Diagnostic, TextProblem, cut_quote
from cardwright.project.checking import Mention, place_problem
from cardwright.project.media import MediaLibrary, explain_format
from cardwright.project.texts import SourceTexts


def explain_mentions(
    mentions: Iterable[Mention], media: MediaLibrary, texts: SourceTexts
) -> Iterator[Diagnostic]:
    """Report what is wrong with the files that texts mention."""
    for written, text, span, is_shown in mentions:
        found = media.look_up(span.path, written)
        if is_shown:
            problem = None if isinstance(found, TextProblem) else _report_path(text)
        elif isinstance(found, TextProblem):
            problem = found
        else:
            problem = explain_format(found, written)
        if problem is not None:
            yield place_problem(texts, problem, text, span)


def _report_path(text: str) -> TextProblem:
    path = f"<{text}>" if " " in text else text
    return TextProblem(
        code="literal-markup",
        message=f"`{cut_quote(text)}` is a file of the project, but shown as text",
        quote=cut_quote(text),
        help=f"write `![]({path})` to show or play it",
        start=0,
    )

"""Cloze deletions as plain Markdown, for where there is no Anki to hide them."""

from __future__ import annotations

from cardwright.markdown.cloze import Place, scan_deletions


def reveal_deletions(text: str, *, hidden: int | None = None) -> str:
    """Replace each deletion by its answer, those of the number `hidden` by `[hint]` or `[…]`."""
    return _reveal(text, 0, len(text), scan_deletions(text)[0], hidden)


def _reveal(text: str, start: int, stop: int, places: list[Place], hidden: int | None) -> str:
    parts = []
    for place in places:
        if start <= place.start and place.end <= stop:
            parts.append(text[start : place.start])
            answer_end = place.close if place.hint is None else place.hint
            if hidden in place.numbers:
                hint = "" if place.hint is None else text[place.hint + len("::") : place.close]
                parts.append(f"[{hint or '…'}]")
            else:
                parts.append(_reveal(text, place.answer, answer_end, places, hidden))
            start = place.end
    return "".join((*parts, text[start:stop]))

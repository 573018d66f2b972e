"""Warnings that cards and files allow: `allow: [code]`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from operator import attrgetter

from cardwright.diagnostic import Allowance, Diagnostic, apply_severities, diagnose
from cardwright.model import Deck


def drop_allowed(
    problems: Iterable[Diagnostic], allowances: Iterable[Allowance]
) -> tuple[list[Diagnostic], list[Allowance]]:
    """Return the problems that are not allowed, and the allowances, marked if they were used."""
    by_name: dict[tuple[str, str], list[Allowance]] = {}
    for allowance in sorted(allowances, key=attrgetter("start")):
        by_name.setdefault((allowance.span.path, allowance.code), []).append(allowance)
    if not by_name:
        return list(problems), []
    kept = []
    for problem in problems:
        span = problem.span
        known = by_name.get((span.path, problem.code), [])
        # The file's comes first, and cards do not overlap: at most one other covers a place.
        last = bisect_right(known, (span.line, span.column), key=attrgetter("start")) - 1
        covering = [index for index in {0, last} if last >= 0 and known[index].covers(span)]
        for index in covering:
            known[index] = replace(known[index], is_used=True)
        if not covering:
            kept.append(problem)
    return kept, [one for found in by_name.values() for one in found]


def report_unused(
    allowances: Iterable[Allowance], problems: Iterable[Diagnostic], decks: Mapping[str, Deck]
) -> Iterator[Diagnostic]:
    """Report allowances that were not used, unless errors or `checks` kept the warning away."""
    unused = [allowance for allowance in allowances if not allowance.is_used]
    faulty = {problem.span.path for problem in problems if problem.is_error} if unused else ()
    for allowance in unused:
        deck = decks.get(allowance.span.path.split("/")[1])
        severities = deck.severities if deck else {}
        warning = diagnose(allowance.code, "", allowance.span, help="")
        if allowance.span.path not in faulty and apply_severities([warning], severities):
            unneeded = diagnose(
                "unused-allow",
                f"`{allowance.code}` does not occur here",
                allowance.span,
                help="remove it",
            )
            yield from apply_severities([unneeded], severities)

"""The result of a mock exam or drill: the score, and a transcript as JSON or Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import Mock, Question
from cardwright.history import MS_PER_SECOND, make_time


class Part(NamedTuple):
    """The questions of a domain, a lesson or the whole exam."""

    id: str
    name: str
    right: int
    total: int
    spent_ms: int

    @property
    def share(self) -> float:
        """The share of questions answered correctly, from 0 to 1."""
        return self.right / self.total if self.total else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the part as a JSON object."""
        return {**self._asdict(), "share": self.share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score by domain and lesson, without void questions."""

    all: Part
    answered: int
    weighted: float
    """The weighted mean of the domains' shares, from 0 to 1, without domains that have no question."""
    domains: tuple[Part, ...]
    """The domains with a question, in the blueprint's order."""
    lessons: tuple[Part, ...]
    """The lessons with a question, in the blueprint's order."""

    def as_json(self) -> dict[str, Any]:
        """Return the score as a JSON object."""
        return {
            "right": self.all.right,
            "answered": self.answered,
            "total": self.all.total,
            "share": self.all.share,
            "weighted": self.weighted,
            "domains": [part.as_json() for part in self.domains],
            "lessons": [part.as_json() for part in self.lessons],
        }


def score_mock(mock: Mock, blueprint: Blueprint) -> Score:
    """Return the score of a mock exam or drill."""
    counted = mock.counted
    domains = _split(
        counted,
        lambda question: question.domain,
        {domain.id: domain.name for domain in blueprint.domains.values()},
    )
    lessons = _split(
        counted,
        lambda question: question.lesson,
        {lesson.id: str(lesson) for lesson in blueprint.lessons.values()},
    )
    known = blueprint.domains
    weights = [known[part.id].weight if part.id in known else 0.0 for part in domains]
    weighted = sum(weight * part.share for weight, part in zip(weights, domains, strict=True)) / (
        sum(weights) or 1
    )
    return Score(
        all=_count("", "", counted),
        answered=sum(question.is_answered for question in counted),
        weighted=weighted,
        domains=domains,
        lessons=lessons,
    )


def _split(
    questions: Iterable[Question], key: Callable[[Question], str], names: dict[str, str]
) -> tuple[Part, ...]:
    found: dict[str, list[Question]] = {id: [] for id in names}
    for question in questions:
        found.setdefault(key(question), []).append(question)
    return tuple(_count(id, names.get(id, id), some) for id, some in found.items() if some)


def _count(id: str, name: str, questions: list[Question]) -> Part:
    return Part(
        id=id,
        name=name,
        right=sum(question.is_right for question in questions),
        total=len(questions),
        spent_ms=sum(question.spent_ms for question in questions),
    )


def make_transcript(mock: Mock, blueprint: Blueprint) -> dict[str, Any]:
    """Return a mock exam with its score and every question, as a JSON object."""
    return {
        "id": mock.id,
        "pack": mock.pack,
        "exam": mock.exam,
        "kind": mock.kind,
        "seed": mock.seed,
        "started_at": make_time(mock.started_at_ms).isoformat(),
        "ended_at": None if mock.ended_at_ms is None else make_time(mock.ended_at_ms).isoformat(),
        "timed_out": mock.is_timed_out,
        "interrupted": mock.breaks,
        "recorded": mock.is_recorded,
        "spent_ms": mock.spent_ms,
        "limit_ms": mock.limit_ms,
        "score": score_mock(mock, blueprint).as_json(),
        "questions": [_question_as_json(question) for question in mock.questions],
    }


def _question_as_json(question: Question) -> dict[str, Any]:
    return {
        "card": question.card_ref,
        "domain": question.domain,
        "lesson": question.lesson,
        "counts": not question.is_void,
        "right": question.is_right,
        "answered": question.is_answered,
        "marked": question.is_marked,
        "spent_ms": question.spent_ms,
        "question": question.text,
        "options": [
            {
                "text": option.text,
                "right": option.right,
                "picked": place in question.picked,
                "reason": option.reason,
            }
            for place, option in enumerate(question.options)
        ],
    }


def format_mock_markdown(mock: Mock, blueprint: Blueprint) -> str:
    """Return a mock exam with its score and every question, as Markdown."""
    return "\n".join(_list_lines(mock, score_mock(mock, blueprint))) + "\n"


def format_circumstances(mock: Mock, score: Score) -> str:
    """Return one sentence with the unanswered questions, the time used and anything unusual."""
    parts = [f"{score.all.total - score.answered} unanswered"]
    parts.append(f"{format_clock(mock.spent_ms)} used")
    if mock.limit_ms is not None:
        parts[-1] += f" of {format_clock(mock.limit_ms)}"
    if mock.is_timed_out:
        parts.append("time was up")
    if mock.breaks:
        parts.append(f"interrupted {mock.breaks} time{'s' if mock.breaks > 1 else ''}")
    if left_out := len(mock.questions) - len(mock.counted):
        parts.append(f"{left_out} left out because the cards were edited in the meantime")
    if mock.is_recorded:
        parts.append("answers recorded as reviews")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def format_clock(milliseconds: int) -> str:
    """Format a duration as `1:02:03`, or `2:03` below an hour."""
    minutes, seconds = divmod(milliseconds // MS_PER_SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _list_lines(mock: Mock, score: Score) -> Iterator[str]:
    started = make_time(mock.started_at_ms)
    what = "Drill" if mock.is_drill else "Mock exam"
    yield f"# {what}: {mock.exam}"
    yield ""
    yield f"{started:%Y-%m-%d %H:%M} UTC, `{mock.id}`, seed {mock.seed}"
    yield ""
    yield (
        f"**{score.all.right} of {score.all.total} right ({score.all.share:.0%}; "
        f"{score.weighted:.0%} by the weights of the domains).** "
        f"{format_circumstances(mock, score)}"
    )
    yield ""
    yield from _list_table_lines("Domain", score.domains)
    yield from _list_table_lines("Lesson", score.lessons)
    for number, question in enumerate(mock.questions, 1):
        yield from _list_question_lines(number, question)


def _list_table_lines(heading: str, parts: tuple[Part, ...]) -> Iterator[str]:
    yield f"| {heading} | right | of | share | time each |"
    yield "|---|--:|--:|--:|--:|"
    for part in parts:
        each = format_clock(part.spent_ms // part.total)
        name = part.name.replace("|", "\\|")
        yield f"| {name} | {part.right} | {part.total} | {part.share:.0%} | {each} |"
    yield ""


def _list_question_lines(number: int, question: Question) -> Iterator[str]:
    verdict = "right" if question.is_right else "wrong" if question.is_answered else "unanswered"
    if question.is_void:
        verdict = "left out"
    marked = ", marked" if question.is_marked else ""
    yield f"## {number}. {verdict}{marked}, {format_clock(question.spent_ms)}"
    yield ""
    yield f"`{question.card_ref}`, lesson {question.lesson}"
    yield ""
    if question.text:
        yield question.text
        yield ""
    for place, option in enumerate(question.options):
        sign = "✓" if option.right else "✗"
        picked = " **(picked)**" if place in question.picked else ""
        yield f"- {sign} {_indent(option.text, 2)}{picked}"
        if option.reason:
            yield f"  - {_indent(option.reason, 4)}"
    if question.options:
        yield ""


def _indent(text: str, columns: int) -> str:
    return text.replace("\n", "\n" + " " * columns)

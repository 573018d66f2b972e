"""The deck's changelog: a release adds its entry and loses nothing that was written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.anki.changelog import has_entry, insert_entry, rename_entry

ENTRY = "## 1.1.0 – 2027-01-15\n\n### Added\n\n- `ash`: What is an ash?\n\n"
OLD = "## 1.0.0 – 2026-01-15\n\nThe first release, with 2 cards.\n\n"
HEAD = "# Changes of the deck Trees\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", HEAD + ENTRY),
        (HEAD + OLD, HEAD + ENTRY + OLD),
        (OLD, ENTRY + OLD),
        ("# Mine\n\nAbout it.", "# Mine\n\nAbout it.\n\n" + ENTRY),
        ("# Mine\n## Unreleased\n\nSoon.\n", "# Mine\n\n" + ENTRY + "## Unreleased\n\nSoon.\n"),
        ("\ufeff" + OLD, "\ufeff" + ENTRY + OLD),
        # A code block is not a section.
        ("```\n## x\n~~~\n````\n" + OLD, "```\n## x\n~~~\n````\n\n" + ENTRY + OLD),
        # What is written about the version stays, below what is generated.
        (
            HEAD + "## 1.1.0 (soon)\n\nFor Bob.\n\n- `ash`: What is an ash?\n" + OLD,
            HEAD + ENTRY + "For Bob.\n\n" + OLD,
        ),
        (HEAD + ENTRY + OLD, HEAD + ENTRY + OLD),
        # Another release of the same changes, whose ledger was not kept.
        (HEAD + ENTRY.replace("1.1.0", "1.0.1") + OLD, HEAD + ENTRY + OLD),
        (HEAD + ENTRY.replace("1.1.0", "2.0.0") + OLD, HEAD + ENTRY + OLD),
    ],
)
def test_an_entry_goes_above_the_others(before: str, after: str) -> None:
    assert insert_entry(before, "Trees", ENTRY, last="1.0.0") == after
    dos = before.replace("\n", "\r\n")
    if before:
        assert insert_entry(dos, "Trees", ENTRY, last="1.0.0") == after.replace("\n", "\r\n")
    assert has_entry(after, ENTRY)


@pytest.mark.parametrize(
    "section",
    [
        "## 0.9.0 – 2025-01-01\n\n### Added\n\n- `ash`: What is an ash?\n\n",
        "## 2.0.0 – 2027-09-01\n\n### Added\n\n- `ash`: Mine\n\n",
        "## 2.0.0 – 2027-09-01\n\n",
        "## 2.0.0\n\n### Added\n\n- `ash`: What is an ash?\n\n",
        "## 1.1.0-beta – 2027-01-01\n\n### Added\n\n",
        "## 1.1.01 – 2027-01-01\n\nMine.\n\n",
    ],
)
def test_a_section_that_somebody_may_have_written_stays(section: str) -> None:
    assert insert_entry(HEAD + section + OLD, "Trees", ENTRY, last="1.0.0") == (
        HEAD + ENTRY + section + OLD
    )


@given(
    st.lists(
        st.sampled_from(
            [
                "## 1.1.0 x\n",
                "## 1.0.0\n",
                "mine\n",
                "\n",
                "- `a`: b\n",
                "```\n",
                "x\r\n",
                "## \n",
                "é",
            ]
        )
    ).map("".join)
)
def test_no_line_is_lost_and_a_second_time_changes_nothing(text: str) -> None:
    once = insert_entry(text, "Trees", ENTRY, last="1.0.0")

    def list_lines(text: str) -> list[str]:
        return sorted(line.strip() for line in text.split("\n") if line.strip())

    lost = list_lines(once)
    for line in list_lines(text):
        if line != "## 1.1.0 x" or line in lost:
            lost.remove(line)
    assert ENTRY.replace("\n", "\r\n" if "\r\n" in text else "\n") in once
    assert insert_entry(once, "Trees", ENTRY, last="1.0.0").strip() == once.strip()


def test_an_entry_is_known_even_if_it_was_edited() -> None:
    assert not has_entry(HEAD + OLD, ENTRY)
    assert not has_entry(HEAD + "## 1.1.0 (soon)\n\nFor Bob.\n\n" + OLD, ENTRY)
    assert has_entry(HEAD + ENTRY.replace("an ash?", "an ash tree?") + OLD, ENTRY)
    assert has_entry(HEAD + ENTRY.replace("2027-01-15", "January") + OLD, ENTRY)
    assert has_entry((HEAD + ENTRY).replace("\n", "\r\n"), ENTRY)


def test_only_the_heading_is_renamed() -> None:
    text = HEAD + ENTRY + "1.1.0\n" + OLD
    assert rename_entry(text, "1.1.0", "2.0.0") == HEAD + ENTRY.replace("1.1.0", "2.0.0") + (
        "1.1.0\n" + OLD
    )

"""Merging two changes of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.merge import merge_texts

WORDS = st.lists(st.sampled_from(["oak", "elm", "**ash**", "a", "is"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("an oak is a tree", "an elm is a tree", "an oak is a plant", "an elm is a plant"),
        ("an oak is a tree", "an elm is a tree", "an ash is a tree", None),
        ("an oak is a tree", "the oak is a tree", "an elm is a tree", None),
        ("one\ntwo\nthree", "one\n2\nthree", "one\ntwo\nthree\nfour", None),
        ("one\ntwo\nthree\n", "1\ntwo\nthree\n", "one\ntwo\nthree\nfour", "1\ntwo\nthree\nfour"),
        ("", "oak", "elm", None),
        ("oak", "", "oak tree", None),
    ],
)
def test_changes_in_different_places_are_both_made(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    assert merge_texts(base, ours, theirs) == merged


@given(WORDS, WORDS)
def test_one_change_is_taken_whoever_made_it(base: str, other: str) -> None:
    assert merge_texts(base, base, other) == other
    assert merge_texts(base, other, base) == other
    assert merge_texts(base, other, other) == other


@given(WORDS, WORDS, WORDS)
def test_merging_does_not_depend_on_who_is_who(base: str, ours: str, theirs: str) -> None:
    assert merge_texts(base, ours, theirs) == merge_texts(base, theirs, ours)

"""Patterns of paths."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.pattern import has_wildcard, is_match

NAMES = st.sampled_from(["a", "b", "ab", "a.yaml", ""])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(["a", "ab", "*", "a*", "?", "*.yaml", "**", "[ab]"]), min_size=1, max_size=4
).map("/".join)


def test_stars_stop_at_folders() -> None:
    assert is_match("verbs/regular.yaml", "verbs/*.yaml")
    assert not is_match("verbs/old/regular.yaml", "verbs/*.yaml")
    assert is_match("verbs/old/regular.yaml", "verbs/**")
    assert is_match("verbs/old/regular.yaml", "**/regular.yaml")
    assert is_match("regular.yaml", "**/regular.yaml")
    assert not is_match("verbs.yaml", "verbs/**")
    assert not is_match("Verbs/regular.yaml", "verbs/*")


@given(path=PATHS, pattern=PATTERNS)
def test_a_pattern_matches_what_the_regular_expression_does(path: str, pattern: str) -> None:
    text = f"/{pattern}".replace(".", r"\.").replace("?", "[^/]")
    text = re.sub(r"(?<!\*)\*(?!\*)", "[^/]*", text).replace("/**", "(?:/[^/]*)*")
    assert is_match(path, pattern) == bool(re.fullmatch(text, f"/{path}"))


@given(path=PATHS, pattern=PATHS)
def test_a_pattern_without_wildcards_is_a_path(path: str, pattern: str) -> None:
    assert not has_wildcard(pattern)
    assert is_match(path, pattern) == (path == pattern)


@pytest.mark.parametrize("part", ["*a", "**/", "**/a/"])
def test_no_pattern_takes_long(part: str) -> None:
    assert not is_match("a/" * 100 + "a" * 1_000, part * 100 + "b")

"""Which modification time a note gets in a package.

On import, Anki replaces a note that someone has if the time in the package is later than theirs: that
of the package it came from, or that of their own last edit. (Older versions of Anki, such as 24.11, put
the time of the import in place of the former.) So a change needs a later time, and what is unchanged
must keep its time.

- A release stamps a change with the current time, which is later than all that people have.
- A build between releases stamps a change just after the release, in small steps from build to build.
  So it reaches those who have the release or an earlier build, and it leaves people's own edits alone.
- The next release puts a note that is as before, but was built differently in between, one step after
  the last build: it takes the change back, and the edits of those who never saw it stand.
- It stamps a note that is just as it was built with the time when that was first built, so that it
  reaches those who have the last release, and the edits that people made to the built note stand.

A note that was never released is stamped with the current time whenever a build changes it. The same
holds for the note types of a project's own kinds.
"""

from __future__ import annotations

from typing import Final

import msgspec

MAX_TIME_S: Final = 253_402_300_799
"""The end of the year 9999, in Unix seconds."""
_MAX_FOREIGN_S: Final = MAX_TIME_S // 2
"""What is published later needs later times."""
_SECONDS_PER_STEP: Final = 10_000
"""A build also advances by one step in this time, so that two machines that know nothing of each other's
builds rarely use the same one. A month is four minutes: hardly anybody has edited a note so soon."""


class Edition(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A content of a note or note type that builds shipped."""

    hash: str
    html_hash: str = ""
    rendering: int = 0
    """The version of the rendering, which with the digest tells whether a fix has changed it."""
    first_s: int
    """When it was first shipped, in Unix seconds."""
    mod_s: int
    """The modification time with which it was last shipped."""
    markup: str = ""
    """What else decided its HTML, as `describe_markup` returns it; empty if it is not known."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What people may have of a note or note type that is about to be stamped."""

    published_s: int | None
    """The time of the last release's; None if it was never released, 0 if it was adopted from where no
    times are known."""
    is_published: bool
    """Whether its content is the same as in the last release."""
    editions: tuple[Edition, ...] = ()
    """What builds have shipped since, in the order of their times."""
    same: Edition | None = None
    """The edition with the same content as now."""

    @property
    def last(self) -> Edition | None:
        """What was shipped last since the release."""
        return self.editions[-1] if self.editions else None


def drop_superseded(editions: tuple[Edition, ...], published_s: int | None) -> tuple[Edition, ...]:
    """Return the editions, or none if what was released after them has a later time."""
    is_over = published_s is not None and editions and editions[-1].mod_s <= published_s
    return () if is_over else editions


def read_foreign_time(value: object) -> int:
    """Return the modification time that a collection has for something; 0 if that is no time."""
    return value if type(value) is int and 0 < value <= _MAX_FOREIGN_S else 0


def stamp_build(past: Past, now_s: int) -> int:
    """Return the modification time for a build at `now_s`."""
    last, published_s = past.last, past.published_s
    if last and past.same is last:
        return last.mod_s
    if published_s is None:
        return max(now_s, last.mod_s + 1) if last else now_s
    if past.is_published:
        return last.mod_s + 1 if last else published_s
    if not published_s:
        return max(now_s, last.mod_s + 1) if last else now_s
    step_s = published_s + 1 + max(0, now_s - published_s) // _SECONDS_PER_STEP
    return max(step_s, last.mod_s + 1) if last else step_s


def stamp_release(past: Past, now_s: int) -> int:
    """Return the modification time for a release at `now_s`."""
    last, published_s = past.last, past.published_s
    if last is None:
        if published_s is None:
            return now_s
        # Later than what people have, even if the clock of this machine is behind.
        return published_s if past.is_published else max(now_s, published_s + 1)
    after_s = last.mod_s if past.same is last else last.mod_s + 1
    if past.is_published or (past.same and published_s is None):
        return after_s
    return max(past.same.first_s if past.same else now_s, after_s)


def has_edition(past: Past, mod_s: int) -> bool:
    """Tell whether a build with this time ships nothing else than the release or the last build."""
    return mod_s == past.published_s or (past.last is not None and past.same is past.last)


def add_edition(past: Past, made: Edition) -> tuple[Edition, ...]:
    """Return the editions after a build has shipped one, which `made` describes."""
    if has_edition(past, made.mod_s):
        return past.editions
    return (*(edition for edition in past.editions if edition is not past.same), made)

-- Promised intervals, and rescheduling: the table of reviews is made again, with what was in it.

alter table reviews rename to former_reviews;

create table reviews (
  prompt text not null,             -- pack:id/side, under the card's first id
  id text not null,                 -- 12 hex digits of its place in time, "-", the device
  act text not null check (act in (
    'answer', 'cram', 'undo', 'suspend', 'unsuspend', 'bury', 'unbury', 'flag', 'unflag', 'reset',
    'reschedule', 'assume'
  )),
  rating integer check (rating between 1 and 4),
  at_ms integer not null,           -- since 1970, UTC
  utc_offset_minutes integer not null check (abs(utc_offset_minutes) < 1440),
  duration_ms integer not null check (duration_ms >= 0),
  undoes text,                      -- id of what an undo takes back
  interval_days integer check (interval_days between 0 and 36500),  -- promised, set, or assumed
  interval_basis integer check (interval_basis between 0 and 4294967295),  -- of a promise, or the ease
  check ((rating is not null) = (act in ('answer', 'cram'))),
  check ((undoes is not null) = (act = 'undo')),
  check (interval_days is null or act in ('answer', 'reschedule', 'assume')),
  check (interval_days is not null or act not in ('reschedule', 'assume')),
  check (interval_days > 0 or act = 'reschedule'),
  check ((interval_basis is not null) = (interval_days is not null and act <> 'reschedule')),
  primary key (prompt, id)
) strict, without rowid;

insert into reviews
select prompt, id, act, rating, at_ms, utc_offset_minutes, duration_ms, undoes, null, null
from former_reviews order by prompt, id;

drop table former_reviews;

create unique index reviews_by_id on reviews (id);

create index reviews_undone on reviews (undoes) where undoes is not null;

-- Only a promise may be filled in, or become less, and likewise the offset of what was read from Anki,
-- so that all machines end up with the same ones.
create trigger reviews_stay before update on reviews
when (new.prompt, new.id, new.act, new.at_ms, new.duration_ms)
    <> (old.prompt, old.id, old.act, old.at_ms, old.duration_ms)
  or new.rating is not old.rating
  or new.undoes is not old.undoes
  or not (
    new.utc_offset_minutes = old.utc_offset_minutes
    and old.act = 'answer'
    and new.interval_days not null
    and (
      old.interval_days is null
      or (new.interval_days, new.interval_basis) < (old.interval_days, old.interval_basis)
    )
    or new.utc_offset_minutes < old.utc_offset_minutes
    and substr(old.id, 13, 6) = '-anki_'
    and new.interval_days is old.interval_days
    and new.interval_basis is old.interval_basis
  )
begin select raise(abort, 'reviews are never changed'); end;

create trigger reviews_remain before delete on reviews
begin select raise(abort, 'reviews are never deleted'); end;

-- The review store. Reviews are the truth and are only ever added to; memories are a cache.

create table reviews (
  prompt text not null,             -- pack:id/side, under the card's first id
  id text not null unique,          -- 12 hex digits of its place in time, "-", the device
  act text not null check (act in (
    'answer', 'cram', 'undo', 'suspend', 'unsuspend', 'bury', 'unbury', 'flag', 'unflag', 'reset'
  )),
  rating integer check (rating between 1 and 4),
  at_ms integer not null,           -- since 1970, UTC
  utc_offset_minutes integer not null check (abs(utc_offset_minutes) < 1440),
  duration_ms integer not null check (duration_ms >= 0),
  undoes text,                      -- id of what an undo takes back
  check ((rating is not null) = (act in ('answer', 'cram'))),
  check ((undoes is not null) = (act = 'undo')),
  primary key (prompt, id)
) strict, without rowid;

create index reviews_undone on reviews (undoes) where undoes is not null;

create trigger reviews_stay before update on reviews
begin select raise(abort, 'reviews are never changed'); end;

create trigger reviews_remain before delete on reviews
begin select raise(abort, 'reviews are never deleted'); end;

create table memories (
  prompt text primary key,
  pack text not null,
  state text not null check (state in ('new', 'learning', 'review', 'relearning')),
  step integer,
  stability real not null,
  difficulty real not null,
  due_at_ms integer,
  due_day integer,                  -- days since 1970, as all days here
  interval_days integer not null,
  first_day integer,
  last_day integer,
  last_at_ms integer,
  reps integer not null,
  lapses integer not null,
  is_suspended integer not null,
  is_leech integer not null,
  is_flagged integer not null,
  buried_day integer,
  last_id text not null             -- the last review that made it
) strict, without rowid;

create index memories_by_pack on memories (pack);

create table packs (
  pack text primary key,
  rules text not null               -- what its memories were computed under
) strict, without rowid;

create table settings (
  pack text not null,               -- '' for all of them
  name text not null,
  value text not null,              -- JSON
  primary key (pack, name)
) strict, without rowid;

create table claims (
  prompt text primary key,          -- shown at this moment, by one of the running sittings
  sitting text not null,
  at_ms integer not null
) strict, without rowid;

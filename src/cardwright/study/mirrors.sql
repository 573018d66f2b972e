-- What a sync with another collection, the mirror, remembers of it.

create table mirror_rows (
  place text not null,              -- the mirror
  row_id integer not null,          -- of a row of its log
  review_id text not null,          -- which review it is
  is_seen integer not null check (is_seen in (0, 1)),  -- 0: it is yet to be written there
  primary key (place, row_id)
) strict, without rowid;

create index mirror_rows_by_review on mirror_rows (review_id);

create index mirror_rows_by_id on mirror_rows (row_id);

create table mirror_cards (
  place text not null,
  prompt text not null,
  card_id integer not null,
  is_suspended integer not null check (is_suspended in (0, 1)),
  flag integer not null check (flag between 0 and 7),
  due_day integer,                  -- null unless it is in the review queue
  is_pending integer not null check (is_pending in (0, 1)),  -- its state is yet to be written there
  primary key (place, prompt)
) strict, without rowid;

create table mirror_facts (
  place text not null,
  name text not null,
  value text not null,              -- JSON
  primary key (place, name)
) strict, without rowid;

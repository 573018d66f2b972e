-- What an exam leaves behind: mock exams, drills, misses, forecasts.

create table records (
  id text primary key,
  kind text not null,
  pack text not null,
  at_ms integer not null,           -- since 1970, UTC
  body text not null                -- JSON
) strict, without rowid;

create index records_by_kind on records (kind, pack, at_ms);

-- What was expected at each answer, so that statistics need no replay: like memories, a cache. What is
-- said of a prompt holds until its memory is written again.

create table expectations (
  prompt text primary key,
  answers blob not null             -- records of study/expectations.py
) strict, without rowid;

create trigger memories_change after insert on memories
begin delete from expectations where prompt = new.prompt; end;

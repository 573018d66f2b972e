-- When settings and records were last changed, so that every machine keeps the later version: since
-- 1970, UTC; 1 for what was not changed since this is known. A setting with the value null went back
-- to the default.

alter table settings add column changed_ms integer not null default 1;

alter table records add column changed_ms integer not null default 1;

-- What is due, and the keys of all prompts that were begun, without reading whole memories.

create index memories_due on memories (state, due_day);

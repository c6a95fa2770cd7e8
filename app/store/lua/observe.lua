-- observe.lua · KEYS[1] entity · ARGV kind ("" none), at ms, mark, points ("" none), exact instants kept, ttl ms, then notes (p role key8 traits | f name value) → [1 if counted now + 2 × the bits of peers met for the first time, field, value, …] after the event
local reply, added, met = take(KEYS[1], ARGV, 7)
table.insert(reply, 1, (added and 1 or 0) + 2 * met)
return reply

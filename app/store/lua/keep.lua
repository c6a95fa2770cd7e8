-- keep.lua · KEYS a cap's key, what lapses there · ARGV mark, amount, at, until (ms; 0 never), ttl ms → 1 if the event's part is reserved now, whatever the cap says, 0 where it was given back for good
return keep(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))

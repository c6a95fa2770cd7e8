-- release.lua · KEYS a cap's key, what lapses there · ARGV mark, at, remembered until (ms), ttl ms → 1 if the event's part was given back now
local held = redis.call('HGET', KEYS[1], ARGV[1])
local amount = held and struct.unpack('<d', held) or 0
if amount > 0 then redis.call('HINCRBY', KEYS[1], 't', string.format('%.0f', -amount)) end
write(KEYS[1], KEYS[2], ARGV[1], GIVEN_BACK, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
return amount > 0 and 1 or 0

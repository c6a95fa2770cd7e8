-- lock.lua · KEYS account · ARGV version, since ms, by whom (one letter; "" unlocked), ttl ms → 1, or 0 where a later version is there: the fact an account is locked by is version (u32), since (ms, double) and, while it is locked, the letter
local held = redis.call('HGET', KEYS[1], 'l')
local version = tonumber(ARGV[1])
if held and struct.unpack('<I4', held) > version then return 0 end
redis.call('HSET', KEYS[1], 'l', struct.pack('<I4d', version, tonumber(ARGV[2])) .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) - DAY_MS then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1

-- commit.lua · KEYS account, answer, journal · ARGV body hash, answer, entry, at ms, mark, burned points ("" none), exact instants kept, then totals (kind, points …) → nil, or hash and answer committed before
local kept = redis.call('GET', KEYS[2])
if kept then return kept end
redis.call('SET', KEYS[2], ARGV[1] .. ARGV[2])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[3])
settle(KEYS[1], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV, 8, #ARGV)
return false

-- outcome.lua · KEYS account, marker, journal · ARGV outcome, entry, at ms, mark, points, exact instants kept, effect (burn | unburn | ""), the last outcome the caller knew ("" none) → nil if told now, otherwise the last outcome
local last = redis.call('GET', KEYS[2])
if last and last ~= ARGV[8] then return last end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[2])
turn(KEYS[1], ARGV[7], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
return false

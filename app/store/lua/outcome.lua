-- outcome.lua · KEYS account, marker, journal, turned, passed · ARGV outcome, entry, at ms, mark, points, exact instants kept, effect (burn | unburn | settle | unsettle | ""), the last outcome the caller knew ("" none), kind settled, told at ms, how long that is remembered (ms), "1" if the caller knew that the challenge was passed → nil if told now, otherwise the last outcome, or passed
local last = redis.call('GET', KEYS[2])
if last and last ~= ARGV[8] then return last end
if ARGV[12] == '' and redis.call('EXISTS', KEYS[5]) == 1 then return 'passed' end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[2])
turn(KEYS[1], ARGV[7], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
if ARGV[9] ~= '' then -- unlike a series a total cannot say whether it holds this already: a rebuild asks KEYS[4]
  redis.call('SADD', KEYS[4], ARGV[10])
  redis.call('PEXPIRE', KEYS[4], ARGV[11])
  total(KEYS[1], ARGV[7], ARGV[9], tonumber(ARGV[5]))
end
return false

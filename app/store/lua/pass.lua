-- pass.lua · KEYS account, passed, journal, turned, marker of outcomes · ARGV entry, at ms, mark, points, exact instants kept, effect (burn | settle | ""), the last outcome the caller knew ("" none), kind settled, what a rebuild knows it by, how long that is remembered (ms) → nil if passed now, passed if it was before, locked where it would redeem, transfer or purchase of a locked account, otherwise the last outcome
if redis.call('EXISTS', KEYS[2]) == 1 then return 'passed' end
local goes_out = ARGV[6] == 'burn' or ARGV[6] == 'settle' and (ARGV[8] == 't' or ARGV[8] == 'u')
if goes_out and is_locked(KEYS[1]) then return 'locked' end
local last = redis.call('GET', KEYS[5])
if last and last ~= ARGV[7] then return last end
redis.call('SET', KEYS[2], 1)
redis.call('XADD', KEYS[3], '*', 'e', ARGV[1])
turn(KEYS[1], ARGV[6], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
if ARGV[8] ~= '' then
  redis.call('SADD', KEYS[4], ARGV[9])
  redis.call('PEXPIRE', KEYS[4], ARGV[10])
  total(KEYS[1], ARGV[6], ARGV[8], tonumber(ARGV[4]))
end
return false

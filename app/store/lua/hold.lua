-- hold.lua · KEYS account, ended, journal, turned, marker of outcomes, passed · ARGV entry, at ms, mark, points, exact instants kept, effect (burn | settle | ""), kind settled, what a rebuild knows it by, how long that is remembered (ms), "1" if it is released → nil if ended now, ended if it was before, locked where it would redeem, transfer or purchase of a locked account, otherwise the outcome told before: then nothing was done
if redis.call('EXISTS', KEYS[2]) == 1 then return 'ended' end
local told = redis.call('GET', KEYS[5])
if told then return told end
local goes_out = ARGV[6] == 'burn' or ARGV[6] == 'settle' and (ARGV[7] == 't' or ARGV[7] == 'u')
if goes_out and is_locked(KEYS[1]) then return 'locked' end
redis.call('SET', KEYS[2], 1)
if ARGV[10] == '1' then redis.call('SET', KEYS[6], 1) end
redis.call('XADD', KEYS[3], '*', 'e', ARGV[1])
turn(KEYS[1], ARGV[6], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
if ARGV[7] ~= '' then
  redis.call('SADD', KEYS[4], ARGV[8])
  redis.call('PEXPIRE', KEYS[4], ARGV[9])
  total(KEYS[1], ARGV[6], ARGV[7], tonumber(ARGV[4]))
end
return false

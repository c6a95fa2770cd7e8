-- commit.lua · KEYS account, answer, journal, turned (only while a rebuild runs) · ARGV body hash, answer, entry, at ms, mark, burned points ("" none), exact instants kept, 1 if it must not stand against a lock, then totals (kind, points …) → nil, hash and answer committed before, or 0 where the account is locked: then nothing was done
local kept = redis.call('GET', KEYS[2])
if kept then return kept end
if ARGV[8] == '1' and is_locked(KEYS[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1] .. ARGV[2])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[3])
if KEYS[4] then -- what restore.lua meets of it is settled
  redis.call('SADD', KEYS[4], 'settled')
  redis.call('PEXPIRE', KEYS[4], DAY_MS)
end
settle(KEYS[1], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV, 9, #ARGV)
return false

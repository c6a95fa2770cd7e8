-- commit.lua · KEYS account, answer, journal · ARGV body hash, answer, entry, at ms, mark, burned points ("" none), exact instants kept, then totals (kind, points …) → nil, or hash and answer committed before
local kept = redis.call('GET', KEYS[2])
if kept then return kept end
redis.call('SET', KEYS[2], ARGV[1] .. ARGV[2])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[3])
local burned = tonumber(ARGV[6])
if burned then
  local blob, folded, new =
    insert(redis.call('HGET', KEYS[1], 'sb'), redis.call('HGET', KEYS[1], 'cb'), tonumber(ARGV[4]), ARGV[5], burned, tonumber(ARGV[7]))
  if new then
    redis.call('HSET', KEYS[1], 'sb', blob)
    if folded then redis.call('HSET', KEYS[1], 'cb', folded) end
  end
  redis.call('HINCRBY', KEYS[1], 'tb', burned)
end
for i = 8, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], 't' .. ARGV[i], ARGV[i + 1]) end
return false

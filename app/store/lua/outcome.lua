-- outcome.lua · KEYS account, marker, journal · ARGV outcome, entry, at ms, mark, points, exact instants kept, effect (burn | unburn | "") → 1 if told now, 0 if this was the last word already
if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('XADD', KEYS[3], '*', 'e', ARGV[2])
local at, points = tonumber(ARGV[3]), tonumber(ARGV[5])
local blob, cells = redis.call('HGET', KEYS[1], 'sb'), redis.call('HGET', KEYS[1], 'cb')
if ARGV[7] == 'burn' then
  local series, folded, new = insert(blob, cells, at, ARGV[4], points, tonumber(ARGV[6]))
  if new then
    redis.call('HSET', KEYS[1], 'sb', series)
    if folded then redis.call('HSET', KEYS[1], 'cb', folded) end
  end
  redis.call('HINCRBY', KEYS[1], 'tb', points)
elseif ARGV[7] == 'unburn' then
  local series, folded = remove(blob, cells, at, ARGV[4], points)
  if series and #series == 8 then
    redis.call('HDEL', KEYS[1], 'sb')
  elseif series then
    redis.call('HSET', KEYS[1], 'sb', series)
  elseif folded then
    redis.call('HSET', KEYS[1], 'cb', folded)
  end
  redis.call('HINCRBY', KEYS[1], 'tb', -points)
end
return 1

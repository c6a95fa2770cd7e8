-- claim.lua · KEYS[1] claim, KEYS[2] filter of recorded events · ARGV body hash, event key (16 bytes), ttl ms → new | pending (claimed before) | unsure (ask the record) | unsure_pending (both) | conflict
local kept = redis.call('GET', KEYS[1])
if kept and kept ~= ARGV[1] then return 'conflict' end
if not kept then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) end
local unsure = kept and 'unsure_pending' or 'unsure'
local bits = redis.call('STRLEN', KEYS[2]) * 8
if bits == 0 then return unsure end
for i = 1, 13, 4 do
  if redis.call('GETBIT', KEYS[2], struct.unpack('>I4', ARGV[2], i) % bits) == 0 then
    return kept and 'pending' or 'new'
  end
end
return unsure

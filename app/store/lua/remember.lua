-- remember.lua · KEYS claim, filter of recorded events · ARGV event key (16 bytes), ttl ms → the event is in the record: its claim may now be forgotten
local bits = redis.call('STRLEN', KEYS[2]) * 8
if bits > 0 then
  for i = 1, 13, 4 do redis.call('SETBIT', KEYS[2], struct.unpack('<I4', ARGV[1], i) % bits, 1) end
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])

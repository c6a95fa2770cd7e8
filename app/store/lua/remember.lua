-- remember.lua · KEYS claim, filter of recorded events, the filter being built to replace it · ARGV event key (16 bytes), ttl ms → the event is in the record: its claim may now be forgotten
for _, filter in ipairs({ KEYS[2], KEYS[3] }) do
  local bits = redis.call('STRLEN', filter) * 8
  if bits > 0 then
    for i = 1, 13, 4 do redis.call('SETBIT', filter, struct.unpack('>I4', ARGV[1], i) % bits, 1) end
  end
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])

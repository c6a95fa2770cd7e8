-- remember.lua · KEYS filter of recorded events, the filter being built to replace it, claims · ARGV ttl ms, event keys (16 bytes) in the order of their claims → the events are in the record: their claims may now be forgotten
for f = 1, 2 do
  local bits = redis.call('STRLEN', KEYS[f]) * 8
  for n = 2, bits > 0 and #ARGV or 0 do
    local a, b, c, d = struct.unpack('>I4I4I4I4', ARGV[n])
    redis.call('BITFIELD', KEYS[f], 'SET', 'u1', a % bits, 1, 'SET', 'u1', b % bits, 1, 'SET', 'u1', c % bits, 1, 'SET', 'u1', d % bits, 1)
  end
end
for n = 3, #KEYS do redis.call('PEXPIRE', KEYS[n], ARGV[1]) end
return 1

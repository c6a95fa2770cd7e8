-- retract.lua · KEYS[1] entity · ARGV kind, at ms, mark, points ("" none), then peers met (role, key8, stride …) → 1 if the event was taken back
local at = tonumber(ARGV[2])
for i = 5, #ARGV, 3 do -- a peer first and last seen at this very instant was met through this event
  local field, stride = 'p' .. ARGV[i], tonumber(ARGV[i + 2])
  local blob = redis.call('HGET', KEYS[1], field) or ''
  local now = struct.pack('<I4I4', math.floor(at / 1000), math.floor(at / 1000))
  for j = 1, #blob, stride do
    if blob:sub(j, j + 15) == ARGV[i + 1] .. now then
      redis.call('HSET', KEYS[1], field, blob:sub(1, j - 1) .. blob:sub(j + stride))
      break
    end
  end
end
return withdraw(KEYS[1], ARGV[1], at, ARGV[3], tonumber(ARGV[4])) and 1 or 0

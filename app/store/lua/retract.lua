-- retract.lua · KEYS[1] entity · ARGV kind ("" none), at ms, mark, points ("" none), then the peers met through this event (role, key8, stride …) → 1 if the event was taken back
for i = 5, #ARGV, 3 do
  local field, stride = 'p' .. ARGV[i], tonumber(ARGV[i + 2])
  local blob = redis.call('HGET', KEYS[1], field) or ''
  for j = 1, #blob, stride do
    if blob:sub(j, j + 7) == ARGV[i + 1] then
      local left = blob:sub(1, j - 1) .. blob:sub(j + stride)
      if left == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, left) end
      break
    end
  end
end
if ARGV[1] == '' then return 0 end
return withdraw(KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])) and 1 or 0

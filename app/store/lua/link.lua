-- link.lua · KEYS[1] account · ARGV peer (8 bytes), probability → remembered; the eight most probable stay
local LINKS_KEPT, STRIDE = 8, 12
local blob = redis.call('HGET', KEYS[1], 'k') or ''
local links = {}
for i = 1, #blob, STRIDE do
  if blob:sub(i, i + 7) ~= ARGV[1] then links[#links + 1] = blob:sub(i, i + STRIDE - 1) end
end
links[#links + 1] = ARGV[1] .. struct.pack('<f', tonumber(ARGV[2]))
table.sort(links, function(x, y)
  local p, q = struct.unpack('<f', x, 9), struct.unpack('<f', y, 9)
  if p ~= q then return p > q end
  return x < y
end)
while #links > LINKS_KEPT do links[#links] = nil end
redis.call('HSET', KEYS[1], 'k', table.concat(links))
expire_in_time(KEYS[1])
return 1

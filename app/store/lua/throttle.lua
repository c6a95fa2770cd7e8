-- throttle.lua · KEYS one client's counts, each a list of instants (ms), oldest first · ARGV for each key its limit, its window (ms) and ask | count | admit (ask, and count if every key allows it) → ms to wait, 0 if nothing stands in the way
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local wait = 0
for n, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1])
  if ARGV[3 * n] ~= 'count' then -- the newest `most` are kept: full and the oldest within the window is one too many
    local oldest = redis.call('LINDEX', key, -most)
    if oldest then wait = math.max(wait, math.min(oldest + window - now, window)) end
  end
end
if wait > 0 then return wait end
for n, key in ipairs(KEYS) do
  if ARGV[3 * n] ~= 'ask' then
    redis.call('RPUSH', key, now)
    redis.call('LTRIM', key, -ARGV[3 * n - 2], -1)
    redis.call('PEXPIRE', key, ARGV[3 * n - 1])
  end
end
return 0

-- observe.lua · KEYS entities of one slot · ARGV at ms, mark, then for each entity what `take` wants → for each entity 1 if counted now + 2 × the bits of peers met for the first time
local at, from, traces = tonumber(ARGV[1]), 3, {}
for n, key in ipairs(KEYS) do
  local added, met
  added, met, from = take(key, at, ARGV[2], ARGV, from)
  traces[n] = (added and 1 or 0) + 2 * met
end
return traces

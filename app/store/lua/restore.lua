-- restore.lua · KEYS entities, the account first, then turned · ARGV at ms, mark, burned points ("" none), exact burns kept, how many words of totals, the totals (kind, points …), then for each entity what `take` wants → for a rebuild: taken in as by observe.lua and, unless that live decision was settled since, settled as by commit.lua
local at, totals = tonumber(ARGV[1]), tonumber(ARGV[5])
local from = 6 + totals
local turned = table.remove(KEYS)
for _, key in ipairs(KEYS) do
  local _added, _met
  _added, _met, from = take(key, at, ARGV[2], ARGV, from)
end
if redis.call('SISMEMBER', turned, 'settled') == 0 then
  settle(KEYS[1], at, ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV, 6, 5 + totals)
end
return 1

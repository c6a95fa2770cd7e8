-- restore.lua · KEYS entities, the account first · ARGV at ms, mark, burned points ("" none), exact burns kept, how many words of totals, the totals (kind, points …), then for each entity what `take` wants → for a rebuild: taken in as by observe.lua and, unless a live decision had counted it since, settled as by commit.lua
local at, totals = tonumber(ARGV[1]), tonumber(ARGV[5])
local from = 6 + totals
for n, key in ipairs(KEYS) do
  local added, _
  added, _, from = take(key, at, ARGV[2], ARGV, from)
  if n == 1 and added ~= false then
    settle(key, at, ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV, 6, 5 + totals)
  end
end
return 1

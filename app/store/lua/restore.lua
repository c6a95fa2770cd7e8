-- restore.lua · KEYS[1] account · ARGV 1 to 6 as in observe.lua, burned points ("" none), exact burns kept, how many words of totals, the totals (kind, points …), then notes → for a rebuild: taken in as by observe.lua and, unless a live decision had counted it since, settled as by commit.lua
local totals = tonumber(ARGV[9])
local _, added = take(KEYS[1], ARGV, 10 + totals)
if added ~= false then
  settle(KEYS[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV, 10, 9 + totals)
end
return 1

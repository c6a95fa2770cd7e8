-- effect.lua · KEYS account, turned · ARGV at ms, mark, points, exact instants kept, effect (burn | unburn | settle | unsettle), kind settled, told at ms → what outcome.lua changed, once more, for a rebuild
turn(KEYS[1], ARGV[5], tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
if ARGV[6] ~= '' and redis.call('SISMEMBER', KEYS[2], ARGV[7]) == 0 then
  total(KEYS[1], ARGV[5], ARGV[6], tonumber(ARGV[3]))
end
return 1

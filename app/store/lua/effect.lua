-- effect.lua · KEYS[1] account · ARGV at ms, mark, points, exact instants kept, effect (burn | unburn) → what outcome.lua changed, once more, for a rebuild
turn(KEYS[1], ARGV[5], tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
return 1

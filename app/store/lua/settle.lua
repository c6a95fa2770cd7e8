-- settle.lua · KEYS[1] account · ARGV at ms, mark, burned points ("" none), exact instants kept, then totals (kind, points …) → what commit.lua settled, once more, for a rebuild
settle(KEYS[1], tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), 5)
return 1

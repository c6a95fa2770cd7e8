"""The policy of the programmes: one versioned file, checked when read, and the analysts' rules in it."""

"""Work on recorded history: reading files, training, replaying, reporting. Nothing here answers live traffic."""

"""What people say of accounts, pairs and places, and how the next decision minds it."""

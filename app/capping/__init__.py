"""Caps: what is let through reserves its part, and gives it back when it does not take place."""

"""Where things are kept: the hot store (Valkey, and memory as its reference) and the record (SQL)."""

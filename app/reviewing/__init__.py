"""What the console shows of the record: read models, each a frozen value read over a narrow port of its own."""

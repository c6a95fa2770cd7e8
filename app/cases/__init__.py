"""Cases: what an analyst decides on. One for each account or ring, opened by the worker, moved by people."""

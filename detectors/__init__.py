"""The law of fraud: a frozen snapshot in, a signal out. No clock, no I/O, nothing of the service."""

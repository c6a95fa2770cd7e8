"""Benchmarks: commands that print their figures with versions and machine. `make bench` runs them all."""

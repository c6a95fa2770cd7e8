"""All benchmarks, one after the other: what `make bench` runs."""

from benchmarks import batches, clients, decisions, state

if __name__ == "__main__":
    for part in (state, clients, decisions, batches):
        part.main()
        print()

"""Processor time of a decision's calls to Valkey: our pipeline beside redis-py, on the same server in one run.

python -m benchmarks.clients
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio
import uvloop

from app.data_dir import held, socket_path
from app.store import embedded
from app.store.pipeline import Pipeline, pack
from benchmarks.machine import machine

CALLS = 10
"""Commands a decision sends at once: a claim, an answer, the state, and a transaction that counts an event and reads
four entities."""
TIMES = 9_600
COMMAND = (b"HSET", b"key", b"field", b"x" * 90)


async def cost_us(ask: Callable[[], Awaitable[object]], clients: int) -> float:
    """Microseconds of this process's processor for one set of calls, so many sets under way at once."""

    async def client() -> None:
        for _ in range(TIMES // clients):
            await ask()

    before = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(client() for _ in range(clients)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent / TIMES * 1e6


async def measure(socket: Path) -> None:
    """Print the table."""
    pipeline = Pipeline(f"unix://{socket}", timeout_s=5)
    await pipeline.open(patience_s=5)
    other = redis.asyncio.Redis(unix_socket_path=str(socket))

    async def ours() -> object:
        return await pipeline.call(b"".join(pack(COMMAND) for _ in range(CALLS)), CALLS)

    async def theirs() -> object:
        batch = other.pipeline(transaction=False)
        for _ in range(CALLS):
            batch.execute_command(*COMMAND)
        return await batch.execute()

    print(f"{'µs a set of ' + str(CALLS):<20}{'1 client':>10}{'8':>8}{'32':>8}")
    for name, ask in (("our pipeline", ours), (f"redis-py {redis.__version__}", theirs)):
        one, eight, many = [await cost_us(ask, clients) for clients in (1, 8, 32)]
        print(f"{name:<20}{one:>10.0f}{eight:>8.0f}{many:>8.0f}")
    await pipeline.close()
    await other.aclose()


def main() -> None:
    """Run it on an embedded server of its own."""
    print(f"# Clients of Valkey\n{machine()}")
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder, held(Path(folder)) as lock:
        server = embedded.start(Path(folder), lock)
        try:
            embedded.await_ready(Path(folder), server)
            uvloop.run(measure(socket_path(Path(folder))))
        finally:
            embedded.stop(server)


if __name__ == "__main__":
    main()

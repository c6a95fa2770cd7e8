"""One connection for everybody: every caller gets its own reply, in time, or is told that the store is away."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from contextlib import asynccontextmanager

import pytest

from app import data_dir as layout
from app.ports.history import HotStoreAway
from app.store import embedded
from app.store.asking import ask
from app.store.pipeline import LOOKS_A_TIMEOUT, HotStoreFault, Pipeline, pack
from app.store.valkey import ValkeyHistory
from tests.app.store.sightings import sighting

PATIENCE_S = 0.1
WATCH_S = PATIENCE_S / LOOKS_A_TIMEOUT
"""Calls are looked at this often."""
GRACE_S = 0.02
RECOVERY_S = 10.0
"""By then a connection must have healed."""


class Server:
    """A Valkey of a test's own, to stop, kill and start again."""

    def __init__(self, data_dir):
        self._data_dir = data_dir
        self.url = f"unix://{layout.socket_path(data_dir)}"
        layout.make_private(layout.valkey_dir(data_dir))
        self.start()

    def start(self):
        self.process = subprocess.Popen(embedded.command(self._data_dir))
        embedded.await_ready(self._data_dir, self.process)

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path)
    yield running
    running.end()


@asynccontextmanager
async def connected(url, patience_s=5.0):
    pipeline = Pipeline(url, timeout_s=PATIENCE_S)
    await pipeline.open(patience_s=patience_s)
    try:
        yield pipeline
    finally:
        await pipeline.close()


async def until_it_answers(pipeline):
    async with asyncio.timeout(RECOVERY_S):
        while True:
            try:
                return await pipeline.execute("ECHO", "back")
            except HotStoreAway:
                await asyncio.sleep(0.005)


async def test_under_concurrency_every_caller_gets_its_own_replies(pipeline):
    async def caller(n):
        for turn in range(5):
            words = [f"{n}-{turn}-{part}".encode() for part in range(1 + n % 4)]
            packed = b"".join(pack(("ECHO", word)) for word in words)
            assert await pipeline.call(packed, len(words)) == words

    await asyncio.gather(*(caller(n) for n in range(200)))


async def test_a_caller_that_gave_up_does_not_shift_the_replies_of_others(pipeline):
    calls = [asyncio.ensure_future(pipeline.execute("ECHO", str(n))) for n in range(40)]
    await asyncio.sleep(0)
    for call in calls[::3]:
        call.cancel()
    kept = await asyncio.gather(*calls, return_exceptions=True)
    for n, reply in enumerate(kept):
        assert isinstance(reply, asyncio.CancelledError) if n % 3 == 0 else reply == b"%d" % n


async def test_a_server_that_hangs_is_told_away_in_time_and_found_again(server):
    async with connected(server.url) as pipeline:
        loop, late = asyncio.get_running_loop(), asyncio.Event()
        server.process.send_signal(signal.SIGSTOP)
        loop.call_later(PATIENCE_S + WATCH_S + GRACE_S, late.set)
        with pytest.raises(HotStoreAway, match="no reply within 100 ms"):
            await pipeline.execute("ECHO", "before")
        assert not late.is_set()
        server.process.send_signal(signal.SIGCONT)
        assert await until_it_answers(pipeline) == b"back"
        assert await pipeline.execute("ECHO", "after") == b"after"


async def test_a_hurried_caller_does_not_wait_for_a_patient_one_before_it(server):
    async with connected(server.url) as pipeline:
        loop, late = asyncio.get_running_loop(), asyncio.Event()
        server.process.send_signal(signal.SIGSTOP)
        patient = pipeline.call(pack(("ECHO", "patient")), timeout_s=5)
        loop.call_later(PATIENCE_S + WATCH_S + GRACE_S, late.set)
        with pytest.raises(HotStoreAway):
            await pipeline.execute("ECHO", "hurried")
        assert not late.is_set()
        assert not patient.done()
        server.process.send_signal(signal.SIGCONT)
        assert await patient == [b"patient"]


async def test_behind_a_reply_that_is_overdue_nobody_waits(server):
    """The first caller spends its patience; the next ones are refused at once, until the server is found again."""
    async with connected(server.url) as pipeline:
        server.process.send_signal(signal.SIGSTOP)
        with pytest.raises(HotStoreAway):
            await pipeline.execute("PING")
        refused = pipeline.call(pack(("PING",)))
        assert isinstance(refused.exception(), HotStoreAway)
        async with asyncio.timeout(RECOVERY_S):
            while pipeline._ready:  # noqa: ASYNC110 - given up and dialled again, by itself
                await asyncio.sleep(0.005)
        server.process.send_signal(signal.SIGCONT)
        assert await until_it_answers(pipeline) == b"back"


async def test_it_connects_again_after_the_server_was_killed_and_restarted(server):
    async with connected(server.url) as pipeline:
        await pipeline.execute("SET", "kept", "1")
        server.end()
        with pytest.raises(HotStoreAway):
            await pipeline.execute("PING")
        await asyncio.to_thread(server.start)
        assert await until_it_answers(pipeline) == b"back"
        assert (await ValkeyHistory(pipeline).observe(sighting("e-1"))).added == {"account": True}


async def test_a_server_that_hangs_up_with_its_first_answer_is_dialled_again(tmp_path, server):
    """The reply to the greeting and the end of the connection may arrive in one and the same moment."""
    greeted = 0

    async def hang_up(reader, writer):
        nonlocal greeted
        await reader.read(1 << 20)
        greeted += 1
        writer.write(b"+OK\r\n")
        writer.close()

    path = tmp_path / "rude.sock"
    rude = await asyncio.start_unix_server(hang_up, path, limit=1 << 20)
    async with connected(f"unix://{path}") as pipeline:
        async with asyncio.timeout(RECOVERY_S):
            while greeted < 4:  # noqa: ASYNC110 - polling is the point: it must come back by itself
                await asyncio.sleep(0.005)
        rude.close()
        await rude.wait_closed()
        path.unlink(missing_ok=True)
        path.symlink_to(server.url.removeprefix("unix://"))
        assert await until_it_answers(pipeline) == b"back"


async def test_flushed_functions_come_back_by_themselves(pipeline):
    """The first call may be told away; the next ones work."""
    history = ValkeyHistory(pipeline)
    await pipeline.execute("FUNCTION", "FLUSH")
    await pipeline.execute("SCRIPT", "FLUSH")
    with pytest.raises(HotStoreAway):
        await history.observe(sighting("e-1"))
    assert (await history.observe(sighting("e-1"))).added == {"account": True}


async def test_a_command_that_is_refused_is_a_fault_and_nobody_elses(pipeline):
    refused = pipeline.execute("NO-SUCH-COMMAND")
    fine = pipeline.execute("ECHO", "fine")
    with pytest.raises(HotStoreFault):
        await refused
    assert await fine == b"fine"


async def test_of_several_commands_one_refused_fails_the_call(pipeline):
    packed = pack(("SET", "a", "1")) + pack(("LPUSH", "a", "1")) + pack(("GET", "a"))
    with pytest.raises(HotStoreFault, match="WRONGTYPE"):
        await pipeline.call(packed, 3)
    assert await pipeline.execute("GET", "a") == b"1"


async def test_a_server_without_memory_is_away(pipeline, hot_url):
    ask(hot_url, "CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(HotStoreAway, match="OOM"):
            await pipeline.execute("SET", "a", "1")
        with pytest.raises(HotStoreAway, match="OOM"):
            await ValkeyHistory(pipeline).observe(sighting("e-1"))
    finally:
        ask(hot_url, "CONFIG", "SET", "maxmemory", "0")
    assert (await ValkeyHistory(pipeline).observe(sighting("e-1"))).added == {"account": True}


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
async def test_every_form_of_address_reaches_the_server(server, scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ask(server.url, "CONFIG", "SET", "port", str(port))
    async with connected(f"{scheme}://127.0.0.1:{port}") as pipeline:
        assert await pipeline.execute("ECHO", "plain") == b"plain"
    async with connected(f"{scheme}://localhost:{port}/3") as pipeline:
        await pipeline.execute("SET", "where", "3")
        assert b"db=3" in await pipeline.execute("CLIENT", "INFO")
    ask(server.url, "ACL", "SETUSER", "web", "on", ">p@ss:/word", "~*", "&*", "+@all")
    ask(server.url, "CONFIG", "SET", "requirepass", "s3:cret/")
    async with connected(f"{scheme}://:s3%3Acret%2F@127.0.0.1:{port}/3") as pipeline:
        assert await pipeline.execute("GET", "where") == b"3"
        assert "s3" not in repr(pipeline)
    async with connected(f"{scheme}://web:p%40ss%3A%2Fword@127.0.0.1:{port}") as pipeline:
        assert await pipeline.execute("ACL", "WHOAMI") == b"web"
    async with connected(f"{scheme}://:wrong@127.0.0.1:{port}", patience_s=0.1) as pipeline:
        with pytest.raises(HotStoreAway):
            await pipeline.execute("PING")


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
async def test_an_address_that_asks_for_tls_sends_nothing_in_clear(scheme):
    heard = asyncio.get_running_loop().create_future()

    async def listen(reader, writer):
        first = await reader.read(3)
        if not heard.done():
            heard.set_result(first)
        writer.close()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    pipeline = Pipeline(f"{scheme}://:secret@127.0.0.1:{port}", timeout_s=PATIENCE_S)
    await pipeline.open()
    async with asyncio.timeout(RECOVERY_S):
        assert (await heard)[:2] == b"\x16\x03"  # a TLS handshake, RFC 8446 section 5.1
    await pipeline.close()
    listener.close()
    await listener.wait_closed()


async def test_closing_leaves_nothing_pending(server):
    """Neither a task nor a caller, connected or not, closed once or twice."""
    mine = asyncio.all_tasks()
    pipeline = Pipeline(server.url, timeout_s=30)
    await pipeline.open(patience_s=5)
    server.process.send_signal(signal.SIGSTOP)
    waiting = pipeline.call(pack(("PING",)))
    await asyncio.sleep(0)
    await pipeline.close()
    with pytest.raises(HotStoreAway):
        await waiting
    with pytest.raises(HotStoreAway):
        await pipeline.execute("PING")
    await pipeline.close()
    server.process.send_signal(signal.SIGCONT)
    nowhere = Pipeline("unix:///nowhere/at/all.sock", timeout_s=30)
    await nowhere.open()
    await asyncio.sleep(0)
    await nowhere.close()
    assert asyncio.all_tasks() == mine

"""Decisions on the disk: one answer an event, whole or not there, and nothing unreadable in the way of others."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from app.journal import Journal
from app.seal import SealBroken
from app.spool import Spool

KEY = bytes(range(16))
MASTER = bytes(range(32))
DAY_MS = 86_400_000


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool", Journal(MASTER))


def test_a_decision_waits_until_its_file_goes(spool, decided):
    entry = decided(1)
    assert list(spool.waiting()) == []
    assert not spool.holds(KEY)
    assert spool.find(KEY) is None
    assert spool.keep(KEY, entry, DAY_MS) is entry
    assert spool.holds(KEY)
    assert spool.find(KEY) == entry
    (waiting,) = spool.waiting()
    assert waiting.entry == entry
    waiting.path.unlink()
    assert spool.find(KEY) is None


def test_nobody_else_can_read_it_and_nothing_in_it_is_plain(spool, tmp_path, decided):
    spool.keep(KEY, decided(1, account_id="canary-account"), DAY_MS)
    (waiting,) = spool.waiting()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert stat.S_IMODE(waiting.path.stat().st_mode) == 0o600
    assert b"canary" not in waiting.path.read_bytes()


def test_they_are_brought_in_the_order_they_were_kept(spool, decided):
    for n in (3, 1, 2):
        spool.keep(bytes([n]) * 16, decided(n), DAY_MS)
        (path,) = [one.path for one in spool.waiting() if one.entry == decided(n)]
        os.utime(path, ns=(n * 1_000, 4_000 - n * 1_000))
    assert [one.entry.event.event_id for one in spool.waiting()] == ["e-3", "e-2", "e-1"]


def test_of_sixteen_racing_answers_one_is_kept_and_everybody_is_told_that_one(spool, decided):
    start = Barrier(16)

    def keep(n):
        start.wait()
        return spool.keep(KEY, replace(decided(1), answer=b"%d" % n), DAY_MS)

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(keep, range(16)))
    (waiting,) = spool.waiting()
    assert {entry.answer for entry in told} == {waiting.entry.answer}


WRITE_FOREVER = """
import os, sys
from pathlib import Path
from msgspec import msgpack
from app.journal import Journal
from app.ports.journal import Decided
from app.spool import Spool
entry = msgpack.decode(sys.stdin.buffer.read(), type=Decided)
spool = Spool(Path(sys.argv[1]), Journal(bytes(range(32))))
n = 0
while True:
    n += 1
    spool.keep(n.to_bytes(16), entry, 0)
    if n == 20:
        os.write(1, b"!")
"""


def test_a_writer_killed_at_any_moment_leaves_whole_files_only(spool, tmp_path, decided):
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOREVER, str(tmp_path / "spool")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with writer:
            writer.stdin.write(msgpack.encode(decided(1, store_id="x" * 100)))
            writer.stdin.close()
            assert writer.stdout.read(1) == b"!"
            writer.send_signal(signal.SIGKILL)
        waiting = list(spool.waiting())
        assert len(waiting) >= 20
        assert all(one.entry == decided(1, store_id="x" * 100) for one in waiting)


@pytest.mark.parametrize("damage", [b"", b"\0\0\0\1 not sealed by anyone", None])
def test_a_file_nobody_can_read_is_set_aside_and_the_others_go_on(spool, tmp_path, decided, damage):
    spool.keep(KEY, decided(1), DAY_MS)
    spool.keep(KEY[::-1], decided(2), DAY_MS)
    path = tmp_path / "spool" / KEY.hex()
    path.write_bytes(path.read_bytes()[:-1] + b"?" if damage is None else damage)
    left = path.read_bytes()
    assert [one.entry.event.event_id for one in spool.waiting()] == ["e-2"]
    assert path.with_name(f".unreadable-{path.name}").read_bytes() == left
    assert not path.exists()
    assert [one.entry.event.event_id for one in spool.waiting()] == ["e-2"]


def test_a_spool_of_another_installation_is_not_read(spool, tmp_path, decided):
    spool.keep(KEY, decided(1), DAY_MS)
    other = Spool(tmp_path / "spool", Journal(MASTER[::-1]))
    with pytest.raises(SealBroken):
        other.find(KEY)
    assert list(other.waiting()) == []


def test_a_disk_that_takes_nothing_is_told(tmp_path, decided):
    (tmp_path / "spool").write_text("a file where the directory should be")
    with pytest.raises(OSError, match="spool"):
        Spool(tmp_path / "spool", Journal(MASTER)).keep(KEY, decided(1), DAY_MS)

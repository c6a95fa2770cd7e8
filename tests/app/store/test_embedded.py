"""The embedded Valkey, really started, killed, adopted and retired."""

from __future__ import annotations

import stat
import subprocess
import time

import pytest

from app import data_dir as layout
from app.store import embedded
from app.store.asking import Refused, Unanswered, ask
from app.store.syncing import sync


@pytest.fixture
def data_dir(tmp_path):
    """A directory with a space in its name, because somebody will have one."""
    return tmp_path / "my data"


def test_it_keeps_what_it_is_told_and_only_its_user_reaches_it(data_dir):
    url = f"unix://{layout.socket_path(data_dir)}"
    with embedded.running(data_dir):
        for name, wanted in (
            embedded.PERSISTENCE | embedded.SYNCED_BESIDE | embedded.LAYOUT | {"port": "0"}
        ).items():
            assert ask(url, "CONFIG", "GET", name) == [name, wanted]
        assert stat.S_IMODE(layout.socket_path(data_dir).stat().st_mode) == 0o700
        assert stat.S_IMODE(layout.valkey_dir(data_dir).stat().st_mode) == 0o700
        ask(url, "SET", "counted", "6")
    assert not embedded.answers(data_dir)
    with embedded.running(data_dir):
        assert ask(url, "GET", "counted") == "6"


def test_a_directory_too_long_for_a_socket_works_all_the_same(tmp_path):
    data_dir = tmp_path / ("d" * 120)
    with embedded.running(data_dir):
        assert embedded.answers(data_dir)


def test_a_server_that_runs_is_used_and_left_running(data_dir):
    with embedded.running(data_dir), embedded.running(data_dir):
        assert embedded.answers(data_dir)
    with embedded.running(data_dir):
        with embedded.running(data_dir):
            pass
        assert embedded.answers(data_dir)


def test_an_orphan_is_retired_with_everything_it_holds(data_dir):
    url = f"unix://{layout.socket_path(data_dir)}"
    layout.make_private(layout.valkey_dir(data_dir))
    orphan = subprocess.Popen(embedded.command(data_dir))
    embedded.await_ready(data_dir, orphan)
    ask(url, "SET", "counted", "6")
    assert embedded.retire_orphan(data_dir)
    assert orphan.wait(5) == 0
    assert not embedded.retire_orphan(data_dir)
    with embedded.running(data_dir):
        assert ask(url, "GET", "counted") == "6"


def test_a_server_that_cannot_start_says_why(data_dir):
    layout.make_private(layout.valkey_dir(data_dir))
    (layout.valkey_dir(data_dir) / "appendonlydir").write_text("not a directory")
    begun = time.monotonic()
    with (
        pytest.raises(embedded.NotStarted, match=r"(?s)log ends:.*appendonlydir"),
        embedded.running(data_dir),
    ):
        pass
    assert time.monotonic() - begun < 5
    assert layout.living_holder(data_dir) is None


def test_an_error_for_an_answer_and_no_answer_are_told_apart(data_dir):
    url = f"unix://{layout.socket_path(data_dir)}"
    with embedded.running(data_dir), pytest.raises(Refused):
        ask(url, "NO-SUCH-COMMAND")
    with pytest.raises(Unanswered):
        ask(url, "PING")
    with pytest.raises(Unanswered) as away:
        ask("redis://:hunter2@127.0.0.1:1/0", "PING")
    assert "hunter2" not in str(away.value)


def test_its_file_is_put_on_the_disk_beside_it(data_dir):
    """Also while there is none yet."""
    sync(data_dir)
    url = f"unix://{layout.socket_path(data_dir)}"
    with embedded.running(data_dir):
        ask(url, "SET", "counted", "6")
        sync(data_dir)
        written = b"".join(path.read_bytes() for path in layout.valkey_dir(data_dir).rglob("*.aof"))
    assert b"counted" in written

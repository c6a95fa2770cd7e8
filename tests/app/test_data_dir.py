"""The data directory belongs to one installation at a time, and a socket's path always fits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import data_dir as layout


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path):
    with layout.held(tmp_path):
        assert layout.living_holder(tmp_path) == os.getpid()
        with pytest.raises(layout.DirectoryHeld, match=str(os.getpid())):
            layout.hold(tmp_path)
    assert layout.living_holder(tmp_path) is None
    with layout.held(tmp_path):
        pass


def test_a_dead_holders_child_keeps_the_directory_until_it_ends(tmp_path):
    """The holder is gone and its child still writes: the next one waits for the child."""
    script = f"""
import subprocess, sys
from pathlib import Path
from app import data_dir
fd = data_dir.hold(Path({str(tmp_path)!r}))
waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
subprocess.Popen(waits, stdin=0, stdout=subprocess.DEVNULL, pass_fds=(fd,))
"""
    read, write = os.pipe()
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=read, stdout=subprocess.PIPE)
    os.close(read)
    holder.communicate()
    assert layout.living_holder(tmp_path) is None
    probe = os.open(tmp_path / "lock", os.O_RDWR)
    assert not layout._try_lock(probe)
    os.close(probe)
    os.close(write)
    with layout.held(tmp_path):
        assert layout.living_holder(tmp_path) == os.getpid()


@given(st.integers(min_value=1, max_value=300))
def test_the_socket_path_fits_however_long_the_directory_is(length):
    path = layout.socket_path(Path("/") / ("d" * length))
    assert len(os.fsencode(path)) < layout.SOCKET_PATH_LIMIT


def test_directories_too_long_for_a_socket_do_not_share_one(tmp_path):
    deep = tmp_path / ("d" * 120)
    assert layout.socket_path(deep / "a") != layout.socket_path(deep / "b")
    layout.make_private(layout.socket_path(deep / "a").parent)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(layout.socket_path(deep / "a")))
    layout.socket_path(deep / "a").unlink()
    layout.socket_path(deep / "a").parent.rmdir()


def test_a_planted_link_is_not_taken_for_our_directory(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ours").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        layout.make_private(tmp_path / "ours")

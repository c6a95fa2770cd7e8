"""
Where charts are drawn: in a process of their own, each once.

Vega holds Python's lock while it draws, and a decision waits for nobody 25 ms: so not in a process that decides. What was
drawn is kept by what it shows.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import signal
import sys
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import msgspec
from markupsafe import Markup

from app.charts.chart import Chart, Drawn
from app.charts.rendering import render

KEPT: Final = 256
"""Pictures of 10 to 30 kB: those of a team's afternoon, in a few megabytes."""

PR_SET_PDEATHSIG: Final = 1
"""`prctl(2)`: the signal to get when the thread that started us ends."""


class DrawingRoom:
    """
    Draws charts. The process starts with the first one and ends with this one, however that ends.

    Args:
        executor: Where to draw instead; for tests.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor
        self._kept: OrderedDict[bytes, Markup] = OrderedDict()

    async def draw(self, *charts: Chart) -> list[Drawn]:
        """The charts drawn, in the order given; what was drawn before is not drawn again."""
        pictures = await asyncio.gather(*map(self._picture, charts))
        return [
            Drawn(chart.title, picture, chart.columns, chart.rows)
            for chart, picture in zip(charts, pictures, strict=True)
        ]

    async def warm_up(self) -> None:
        """Start the process and let it draw something, so that nobody waits a second for the first chart."""
        empty = {"width": 1, "height": 1, "data": {"values": []}, "mark": "point"}
        await self._picture(Chart("", "", empty, (), (), ()))

    def close(self) -> None:
        """End the process."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    async def _picture(self, chart: Chart) -> Markup:
        key = _key(chart)
        picture = self._kept.get(key)
        if picture is None:
            picture = await asyncio.get_running_loop().run_in_executor(self._pool(), render, chart)
            self._kept[key] = picture
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return picture

    def _pool(self) -> Executor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=follow_parent
            )
        return self._executor


def follow_parent() -> None:
    """Let the kernel end this process with the one that started it, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _key(chart: Chart) -> bytes:
    shown: Sequence[object] = (chart.title, chart.description, chart.spec, chart.doors)
    return hashlib.sha256(msgspec.json.encode(shown)).digest()

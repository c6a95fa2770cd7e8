"""
Where charts are drawn: in a process of their own, each once.

Vega holds Python's lock while it draws, and a decision waits for nobody 25 ms: so not in a process that decides, which
does not even load it. What was drawn is kept by what it shows. A page waits for its pictures only so long: it has tables
that say the same, and the picture is there the next time.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import signal
import sys
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import msgspec
import structlog
from markupsafe import Markup

from app.charts.chart import Chart, Drawn

KEPT: Final = 256
"""Pictures of 10 to 30 kB: those of a team's afternoon, in a few megabytes."""

PATIENCE_S: Final = 0.12
"""For the pictures of one page: of the 200 ms that a page may take, what reading leaves."""
PR_SET_PDEATHSIG: Final = 1
"""`prctl(2)`: the signal to get when the thread that started us ends."""

log = structlog.get_logger("earnest.charts")


class DrawingRoom:
    """
    Draws charts. The process starts with `get_ready` or the first chart and ends with this one, however that ends; one
    that died is started anew with the next chart.

    Args:
        executor: Where to draw instead; for tests.
        patience_s: Seconds that a page waits for its pictures.
    """

    def __init__(self, executor: Executor | None = None, patience_s: float = PATIENCE_S) -> None:
        self._executor, self._patience_s = executor, patience_s
        self._kept: OrderedDict[bytes, Markup] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[None]] = {}
        self._was_readied = False

    async def draw(self, *charts: Chart) -> list[Drawn]:
        """
        The charts drawn, in the order given; what was drawn before is not drawn again.

        One that is not ready in time, or cannot be drawn, has an empty picture; what was begun goes on.
        """
        keys = [_key(chart) for chart in charts]
        waited = [
            self._begun(key, chart) for key, chart in zip(keys, charts, strict=True) if key not in self._kept
        ]
        if waited:
            await asyncio.wait(waited, timeout=self._patience_s)
        return [
            Drawn(chart.title, self._found(key), chart.columns, chart.rows)
            for chart, key in zip(charts, keys, strict=True)
        ]

    def get_ready(self) -> None:
        """Begin to warm up, the first time this is called: somebody came who will look at charts soon."""
        if not self._was_readied:
            self._was_readied = True
            self._first()

    async def warm_up(self) -> None:
        """Start the process and let it draw something, so that nobody waits a second for the first chart."""
        await self._first()

    def _first(self) -> asyncio.Task[None]:
        empty = {"width": 1, "height": 1, "data": {"values": []}, "mark": "point"}
        chart = Chart("", "", empty, (), (), ())
        return self._begun(_key(chart), chart)

    def close(self) -> None:
        """End the process."""
        for task in self._under_way.values():
            task.cancel()
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def _found(self, key: bytes) -> Markup:
        if key not in self._kept:
            return Markup()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _begun(self, key: bytes, chart: Chart) -> asyncio.Task[None]:
        """The drawing of a chart, for everybody who waits for the same."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._picture(key, chart))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return task

    async def _picture(self, key: bytes, chart: Chart) -> None:
        try:
            drawn = await asyncio.get_running_loop().run_in_executor(self._pool(), draw_apart, chart)
        except BrokenExecutor:
            log.warning("the process that draws charts has ended; the next chart starts another")
            self._executor = None
        except Exception:
            log.exception("a chart could not be drawn; its table is shown")
        else:
            self._kept[key] = drawn
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def _pool(self) -> Executor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=follow_parent
            )
        return self._executor


def draw_apart(chart: Chart) -> Markup:
    """`render`, in the process that draws: it alone loads Vega, 60 MB and more."""
    from app.charts.rendering import render  # noqa: PLC0415 - see above

    return render(chart)


def follow_parent() -> None:
    """Let the kernel end this process with the one that started it, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _key(chart: Chart) -> bytes:
    shown: Sequence[object] = (chart.title, chart.description, chart.spec, chart.doors)
    return hashlib.sha256(msgspec.json.encode(shown)).digest()

"""One retry, on the right failures, within one deadline over both tries. No I/O: steps go out, what is heard comes in."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Final, TypeVar

from earnest_client.calls import Answer, Broken, Call, Heard, Pause, Send, Step, read, retry_after_s
from earnest_client.errors import Away

T = TypeVar("T")
Talk = Generator[Step, Heard, T]
"""What both clients drive: it asks for steps and returns the result."""
TRIES: Final = 2
"""A second try finds a process that was just started again; a third would only add load to one that is down."""
PAUSE_S: Final = 0.02
"""Before a second try, where Earnest names no time: enough for a proxy to notice, little beside a deadline of 300 ms."""
NOT_DONE: Final = frozenset({429, 503})
"""Earnest did nothing: any call may be repeated."""
NOT_KNOWN: Final = frozenset({502, 504})
"""Something in between gave up: only what may happen twice is repeated."""


def ask(call: Call[T]) -> Talk[T]:
    """Make the call. Raises Refused or Away."""
    deadline = monotonic() + call.patience_s
    for number in range(1, TRIES + 1):
        heard = yield Send(call, max(deadline - monotonic(), 0.0))
        pause = _pause_s(call, heard)
        if number == TRIES or pause is None or monotonic() + pause >= deadline:
            break
        yield Pause(pause)
    if isinstance(heard, Answer):
        return read(call, heard)
    assert isinstance(heard, Broken)  # noqa: S101 - a step to send is answered so or so
    why = f"no answer within {call.patience_s:g} s" if heard.late else heard.why
    raise Away(why, call.idempotency_key)


def _pause_s(call: Call[T], heard: Heard) -> float | None:
    """Seconds to wait for the next try; None where there is to be none."""
    if isinstance(heard, Answer):
        if heard.status in NOT_DONE or (call.repeatable and heard.status in NOT_KNOWN):
            told = retry_after_s(heard)
            return PAUSE_S if told is None else float(told)
        return None
    if isinstance(heard, Broken) and not heard.late and (call.repeatable or heard.unsent):
        return PAUSE_S
    return None

"""Logs: one JSON object a line on standard error, or coloured lines on a terminal. Never anything personal.

Only the fields of `FIELDS` are written; the names of any others are listed under `dropped`, their values are
gone. An exception is written as its type and the places it passed, without its message: a driver's message
quotes the row it failed on.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FIELDS: Final = frozenset({
    "event", "level", "timestamp", "logger", "exception", "dropped",
    "request_id", "decision_id", "case_id", "job_id", "key_id", "entry_id", "label_id", "program_id",
    "event_type", "decision", "source", "detector", "route", "method", "status", "outcome",
    "policy_version", "model_version", "model_in_use", "mode", "degraded",
    "count", "rows", "lag_s", "seconds", "latency_ms", "delay_s", "limit", "attempt", "version",
    "child", "pid", "exit_code", "signal", "workers", "address", "reason", "error", "why", "entries",
})  # fmt: skip
"""What may be written: ids we made, types, counts, durations, and what the operator himself configured."""
VALUE_CHARS: Final = 200
"""Longest text of one value: a longer one is not a name or a count, and may quote a request."""
FRAMES: Final = 12
"""Places written of each exception, innermost last: enough to find the line."""
READ_LIBRARIES: Final = ("uvicorn", "alembic", "app")
"""Loggers whose messages are known to hold nothing of a request; of others only the template is written."""


def configure(level: int = logging.INFO, *, stream: TextIO | None = None) -> None:
    """
    Send structlog and the standard library's loggers, uvicorn's included, to one place in one form.

    Args:
        level: Least level written, as `logging` counts.
        stream: Standard error by default; colours only if it is a terminal and NO_COLOR is not set.
    """
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
        only_known_fields,
    ]
    structlog.configure(
        processors=[*shared, _renderer(out)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_template_only)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(out)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))  # libraries tell much that the supervisor tells better
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"


def only_known_fields(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Keep the fields that may be written, shortened; name the rest without their values."""
    kept = {name: _short(value) for name, value in fields.items() if name in FIELDS or name.startswith("_")}
    if unknown := sorted(str(name) for name in fields if name not in kept):
        kept["dropped"] = unknown
    return kept


def without_messages(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Write an exception as types and places. Of an OSError also the system's own words."""
    info = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        fields["exception"] = _described(error)
    fields.pop("stack_info", None)
    return fields


def _described(error: BaseException) -> list[str]:
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        words = f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}{words}")
        frames = traceback.extract_tb(cause.__traceback__)[-FRAMES:]
        lines += [f"  {_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines


def _place(filename: str) -> str:
    """The file within its package: where this is installed concerns nobody."""
    return "/".join(Path(filename).parts[-3:])


def _short(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= VALUE_CHARS else value[:VALUE_CHARS] + "…"
    if isinstance(value, list | tuple | set | frozenset):
        return [_short(item) for item in value]
    return value if isinstance(value, int | float | None) else _short(str(value))


def _template_only(record: logging.LogRecord) -> bool:
    """Of a library whose messages we have not read, let only the template through, without its values."""
    if not record.name.startswith(READ_LIBRARIES):
        record.args = ()
    return True


def _renderer(out: TextIO) -> Processor:
    if out.isatty() and "NO_COLOR" not in os.environ:
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer()

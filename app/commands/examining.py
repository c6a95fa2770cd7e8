"""What `earnest doctor` looks at: findings, with a remedy where one is needed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from app import data_dir as layout
from app import keys
from app.clock import system_clock
from app.commands.examining_people import PEOPLE
from app.commands.examining_tokens import TOKENS
from app.commands.findings import Finding, Status, clocks
from app.model_shelf import Shelf
from app.policy import file as policy_file
from app.ports.record import RecordAway
from app.settings import Settings, SettingsFaulty
from app.store import embedded
from app.store.asking import Refused, Unanswered, ask
from app.store.sql import is_current, open_engine
from detectors.forest.card import ModelRefused

OLDEST_PYTHON: Final = (3, 11)
TIGHT_DISK_BYTES: Final = 2 * 1024**3
"""Two gigabytes: a million decisions at about 2 kB each. Below it, think of a larger disk."""
FULL_DISK_BYTES: Final = 256 * 1024**2
"""Below this the append-only file cannot be rewritten."""
EARLIEST_MS: Final = 1_767_225_600_000
"""2026-01-01: a clock before it was never set."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look everything over. One failing examination does not keep the others from being made."""
    examinations: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        python, variables, data_directory, secret_key, hot_store, record, policy, model, *TOKENS, *PEOPLE, clock, port,
    )  # fmt: skip
    for examination in examinations:
        yield from examination(settings)


def python(_settings: Settings) -> Iterator[Finding]:
    """The interpreter."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= OLDEST_PYTHON
    yield Finding(
        "python", "ok" if good else "fail", version, "" if good else "Install Python 3.11 or later."
    )


def variables(settings: Settings) -> Iterator[Finding]:
    """Settings that nobody reads are typing errors."""
    known = {f"EARNEST_{name.upper()}" for name in type(settings).model_fields}
    if strange := sorted(name for name in os.environ if name.startswith("EARNEST_") and name not in known):
        yield Finding(
            "settings", "warn", f"not a setting: {', '.join(strange)}", "See the table in the README."
        )
    else:
        yield Finding("settings", "ok", f"{settings.env}")


def data_directory(settings: Settings) -> Iterator[Finding]:
    """Whether it can be written, and has room."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        yield Finding(
            "data", "fail", f"{settings.data_dir}: {error.strerror}", "Make it writable, or use --data."
        )
        return
    yield Finding("data", "ok", str(settings.data_dir))
    free = shutil.disk_usage(settings.data_dir).free
    status: Status = "fail" if free < FULL_DISK_BYTES else "warn" if free < TIGHT_DISK_BYTES else "ok"
    yield Finding("disk", status, f"{free / 1024**3:.1f} GB free", "" if status == "ok" else "Make room.")


def secret_key(settings: Settings) -> Iterator[Finding]:
    """Whether there is a master key; it is not shown."""
    if settings.secret_key is None and not layout.secret_key_path(settings.data_dir).exists():
        yield Finding("secret key", "ok", "will be made at the first start")
        return
    try:
        keys.master_key(settings)
    except SettingsFaulty as error:
        yield Finding("secret key", "fail", "cannot be used", "; ".join(error.faults))
    else:
        origin = "from EARNEST_SECRET_KEY" if settings.secret_key is not None else "from the data directory"
        yield Finding("secret key", "ok", origin)


def hot_store(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, keeps what it is told, and agrees about the time."""
    try:
        if settings.redis_url is not None:
            yield from _hot_store_at(settings.hot_url, embedded.PERSISTENCE)
            return
        started = "runs" if embedded.answers(settings.data_dir) else "starts"
        with embedded.running(settings.data_dir):
            found = [*_hot_store_at(settings.hot_url, embedded.PERSISTENCE | embedded.SYNCED_BESIDE)]
        yield from found[1:]
        yield found[0]._replace(found=f"embedded, {started}, {found[0].found}")
    except (Unanswered, Refused) as error:
        yield Finding("hot store", "fail", str(error), "Check EARNEST_REDIS_URL and that the server runs.")
    except (embedded.NotStarted, layout.DirectoryHeld, OSError) as error:
        yield Finding("hot store", "fail", str(error), "Make room, or remove what the log complains about.")


def _hot_store_at(url: str, persistence: Mapping[str, str]) -> Iterator[Finding]:
    facts = str(ask(url, "INFO", "server"))
    version = re.search(r"valkey_version:(\S+)", facts) or re.search(r"redis_version:(\S+)", facts)
    yield Finding("hot store", "ok", f"version {version.group(1) if version else 'unknown'}")
    for name, wanted in persistence.items():
        try:
            answer = ask(url, "CONFIG", "GET", name)
        except Refused:
            yield Finding(
                "persistence", "warn", "the server does not tell", "Make sure of appendonly yes, noeviction."
            )
            return
        is_set = answer[1] if isinstance(answer, list) and len(answer) > 1 else None
        if is_set != wanted:
            grave = name in {"appendonly", "maxmemory-policy"}
            yield Finding(
                name, "fail" if grave else "warn", f"is {is_set!r}", f"Set it to {wanted!r} at the server."
            )
    told = ask(url, "TIME")
    if isinstance(told, list):
        told_ms = int(told[0]) * 1_000 + int(told[1]) // 1_000
        yield clocks("the hot store's", abs(told_ms - system_clock()))


def record(settings: Settings) -> Iterator[Finding]:
    """Whether the database answers and stands at this version."""
    kind = "SQLite" if settings.record_url.startswith("sqlite") else "PostgreSQL"
    try:
        engine = open_engine(settings.record_url)
        try:
            current = is_current(engine)
        finally:
            engine.dispose()
    except (RecordAway, ValueError):
        yield Finding(
            "record", "fail", f"{kind} does not answer", "Check EARNEST_DATABASE_URL and that it runs."
        )
        return
    if current:
        yield Finding("record", "ok", f"{kind}, migrated")
    else:
        yield Finding("record", "warn", f"{kind}, not yet at this version", "`earnest serve` migrates it.")


def policy(settings: Settings) -> Iterator[Finding]:
    """Whether the policy to start with can be used."""
    if settings.policy_file is None:
        yield Finding("policy", "ok", "the one that ships")
        return
    faults = policy_file.check(settings.policy_file)
    yield Finding("policy", "fail" if faults else "ok", str(settings.policy_file), "; ".join(faults))


def model(settings: Settings) -> Iterator[Finding]:
    """Whether the active model of the shelf can be loaded."""
    shelf = Shelf(settings.shelf_dir)
    try:
        version = shelf.active()
        if version is None:
            yield Finding("model", "ok", "none is active: the anomaly detector abstains")
            return
        shelf.load(version)
    except ModelRefused as refused:
        yield Finding("model", "fail", refused.reason, "earnest models rollback, or add a sound one.")
    else:
        yield Finding("model", "ok", version)


def clock(_settings: Settings) -> Iterator[Finding]:
    """Whether the clock was ever set."""
    good = system_clock() > EARLIEST_MS
    yield Finding(
        "clock", "ok" if good else "fail", "set" if good else "never set", "" if good else "Run NTP."
    )


def port(settings: Settings) -> Iterator[Finding]:
    """Whether the port is free, or used by this very installation."""
    place = f"{settings.host}:{settings.port}"
    if layout.living_holder(settings.data_dir) is not None:
        yield Finding("port", "ok", "this installation is running")
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        yield Finding("port", "fail", f"{place}: {error.strerror}", "Stop who has it, or use --port.")
    else:
        yield Finding("port", "ok", f"{place} is free")

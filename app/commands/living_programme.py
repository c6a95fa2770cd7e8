"""The rest of the first minutes: a programme with a past, a model learned from it, and life that goes on."""

from __future__ import annotations

import http.client
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.clock import system_clock
from app.commands.demo_office import office_of, open_up
from app.commands.demo_people import Ways, told
from app.demo.analyst import HELD, Analyst
from app.demo.begun import Begun
from app.demo.caller import Caller, Unwelcome
from app.demo.chance import Chance
from app.demo.drip import Drip
from app.demo.history import DAYS, MEMBERS, SEED, History, load
from app.model_shelf import Shelf
from app.offline.artefacts import write_artefact
from app.offline.event_files import EventFiles
from app.offline.training import Plan, train
from app.policy.file import DEFAULT_FILE
from app.policy.file import load as load_policy
from app.ports.record import RecordAway
from app.settings import Settings
from app.store.sql import open_engine
from detectors.forest.card import ModelRefused

POLITENESS: Final = 10
"""Added to the nice value: where processors are short, decisions go first."""
LATEST: Final = 10_000
"""Decisions looked through for something to show: fifty pages, half a second."""
READY_PATIENCE_S: Final = 15.0
READY_POLL_S: Final = 0.1
SETTLED_SHARE: Final = 0.8
"""Of what was held so much is old enough for an analyst to have looked at it."""

Bar = Callable[[int], None]


def live(caller: Caller, settings: Settings, begun: Begun, folder: Path, ways: Sequence[Ways]) -> None:
    """
    Load what is not there yet, learn from it, say what there is to look at, and go on until stopped.

    Harmless to interrupt anywhere: the next start takes it up again. Ends quietly when the service does.

    Args:
        caller: A client whose key may do everything.
        settings: Of the installation.
        begun: Which programme.
        folder: Of the note, and for a while of what the model is learned from.
        ways: Its people.
    """
    os.nice(POLITENESS)
    engine = open_engine(settings.record_url)
    try:
        _become_ready(caller)
        history = History.around(begun.at_ms)
        office = office_of(settings, engine, caller, history, ways)
        if not begun.loaded:
            _load(caller, history, begun.at_ms)
            open_up(settings, caller, history, office)
            begun._replace(loaded=True).write(folder)
        version = _learn(settings, history, folder / "learning")
        _show(caller, history, version, ways)
        analyst = Analyst(caller, history.truth, Chance.of(SEED, "analyst", system_clock()), office)
        Drip(caller, history, analyst, Chance.of(SEED, "drip"), system_clock, time.sleep).run()
    except Unwelcome as refused:
        click.echo(f"The programme could not be loaded: {refused}. The next start tries again.", err=True)
    except ModelRefused as refused:
        click.echo(f"No model judges: {refused}. Choose one: earnest models activate", err=True)
    except (OSError, http.client.HTTPException, RecordAway):
        return  # the service was stopped
    finally:
        engine.dispose()


def _become_ready(caller: Caller) -> None:
    """In its first second a new service still says of its decisions that the history is being rebuilt."""
    until = time.monotonic() + READY_PATIENCE_S
    while time.monotonic() < until:
        try:
            caller.ask("GET", "/readyz")
        except Unwelcome:
            time.sleep(READY_POLL_S)
        else:
            return


def _load(caller: Caller, history: History, at_ms: int) -> None:
    past = history.past
    click.echo(
        f"Loading a programme: {MEMBERS} members, {DAYS} days, {len(past):,} events; then a model learns from it."
    )
    with _bar("loading", len(past)) as told:
        load(caller, past, at_ms, told)
    held = [one for one in caller.pages("/v1/decisions") if one["decision"] in HELD]
    analyst = Analyst(caller, history.truth, Chance.of(SEED, "analyst"))
    for decision in sorted(held, key=lambda one: str(one["occurred_at"]))[: int(SETTLED_SHARE * len(held))]:
        analyst.look(decision, decision["event_id"])
    analyst.work(patience=0)


def _learn(settings: Settings, history: History, scratch: Path) -> str | None:
    """A model of the past, on the shelf and active, unless somebody has used the shelf. The active version."""
    shelf = Shelf(settings.shelf_dir)
    if shelf.active() is not None or shelf.history():
        return shelf.active()
    shutil.rmtree(scratch, ignore_errors=True)  # what an interrupted start left
    scratch.mkdir(mode=0o700, parents=True)
    try:
        events = scratch / "events.ndjson"
        events.write_bytes(msgspec.json.Encoder().encode_lines(history.past))
        policies = load_policy(settings.policy_file or DEFAULT_FILE)
        with _bar("learning", 1) as told, EventFiles([events], temporary=scratch) as files:
            model = train(files, policies, Plan(region=settings.home_country), lambda *_: None)
            told(1)
        write_artefact(scratch / "model", model)
        version = shelf.add(scratch / "model").version
        shelf.activate(version)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return version


def _show(caller: Caller, history: History, version: str | None, ways: Sequence[Ways]) -> None:
    """What there is to look at."""
    held = [one for one in islice(caller.pages("/v1/decisions"), LATEST) if one["decision"] in HELD]
    click.echo(f"\nThe programme is in: {len(history.past):,} events, {len(held)} of them held.")
    click.echo("It goes on, an event every second or two, with an incident now and then.")
    if version is not None:
        click.echo(f"The model {version} judges from now on; its view is `anomaly` in every decision.")
    click.echo(f"\n{told(ways, caller.address)}")
    click.echo(f"\nTo look around by the API, paste the first line, then any other:\n    KEY={caller.key}")
    _suggest(caller, "/v1/cases?limit=5", "the queue, as the console has it")
    for one in held[:1]:
        account = f"/v1/accounts/{one['account_id']}"
        _suggest(caller, f"{account}/timeline", f"{one['decision']}: {one['reasons'][0]['message']}")
        _suggest(caller, account, "the same member in short; /links: who else it is")
        explanation = f"/v1/decisions/{one['decision_id']}/explanation"
        _suggest(caller, explanation, "why, and what would have changed it")
    _suggest(caller, "/v1/decisions?limit=5", "the latest decisions")
    _suggest(caller, "/v1/labels?limit=5", "what analysts found")
    _suggest(caller, "/metrics", "what is counted")


def _suggest(caller: Caller, path: str, about: str) -> None:
    click.echo(f"  # {about}")
    click.echo(f"    curl -s '{caller.address}{path}' -H \"Authorization: Bearer $KEY\"")


@contextmanager
def _bar(what: str, of: int) -> Iterator[Bar]:
    """A bar on a terminal, nothing where standard error is piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:9}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as shown:
        task = shown.add_task(what, total=of)
        yield lambda done: shown.advance(task, done)

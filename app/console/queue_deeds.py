"""What can be done to many cases at once, and what of it is typed or chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

from app.cases.ports import NOTE_MOST, REASON_MOST, WaitingFor, Wish
from app.cases.states import MoveName, Resolution
from app.console import case_words
from app.console.forms import Form
from app.console.may_move import may_move
from app.console.telling import DAY_MS, HOUR_MS
from app.console.visit import Visit
from app.users.viewer import Viewer

Deed = Literal["assign", "wait", "hold", "escalate", "close", "note"]
DEEDS: Final[Mapping[Deed, str]] = {
    "assign": "Assign", "wait": "Set to wait", "hold": "Hold points", "escalate": "Escalate", "close": "Close",
    "note": "Write a note",
}  # fmt: skip
WAITS: Final = {1: "1 day", 2: "2 days", 3: "3 days", 7: "a week", 14: "2 weeks", 30: "30 days"}
"""Days a case waits: to choose from, up to the most there may be."""
HOLDS: Final = {4: "4 h", 24: "24 h", 48: "48 h", 72: "72 h"}
"""Hours points are held: to choose from; the programme's own limit is asked when it is looked at."""
_USUAL_DAYS, _USUAL_HOURS = 3, 24
_MILDEST: Final[Resolution] = "fraud"
"""Stands in for a resolution not chosen yet: it releases nothing, so it is refused only for how a case stands."""
FIELDS: Final = ("reason", "resolution", "assignee", "waiting_for", "days", "hours")
"""What a deed's form has."""
CHOSEN: Final = frozenset({"resolution", "assignee"})
"""Of these, what has no usual value: without it nothing can be shown for certain."""
UNSAID: Final[Mapping[Deed, str]] = {
    "close": "closed, as you choose above",
    "assign": "given to whom you choose above",
}
"""What becomes of a case while that is not chosen."""


def able_to(viewer: Viewer) -> Sequence[tuple[Deed, str]]:
    """What this viewer may do to many cases."""
    return [
        (deed, told) for deed, told in DEEDS.items()
        if (viewer.may("work_case") if deed == "note" else may_move(viewer, cast("MoveName", deed)))
    ]  # fmt: skip


def most_text(deed: Deed) -> int:
    """Characters that a reason of it may have."""
    return NOTE_MOST if deed in {"close", "note"} else REASON_MOST


def wish_of(visit: Visit, deed: Deed, workers: Sequence[tuple[str, str]]) -> Wish | None:
    """What was asked for, with what is usual where nothing was chosen yet; None for a note."""
    form = visit.form
    if deed == "note":
        return None
    until = {"wait": _days(form) * DAY_MS, "hold": _hours(form) * HOUR_MS}.get(deed)
    resolution = next((name for name, _ in case_words.DECIDED if name == form.text("resolution")), _MILDEST)
    assignee = next((actor for actor, _ in workers if actor == form.text("assignee")), visit.viewer.actor)
    return Wish(
        move=cast("MoveName", deed),
        reason=form.text("reason") or None,
        until_ms=None if until is None else visit.now_ms + until,
        waiting_for=_waiting_for(form) if deed == "wait" else None,
        assignee=assignee if deed == "assign" else None,
        resolution=resolution if deed == "close" else None,
    )


def choice_of(form: Form, deed: Deed) -> str:
    """What of a deed decides what it does to a case, in one text: what was looked at is what is confirmed."""
    chosen: Mapping[Deed, str] = {
        "assign": form.text("assignee"),
        "close": form.text("resolution"),
        "wait": f"{_waiting_for(form)} {_days(form)}",
        "hold": f"{_hours(form)}",
    }
    return chosen.get(deed, "")


def faults_of(form: Form, deed: Deed, workers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What has to be typed or chosen before anything is done, by field."""
    faults = {}
    most = most_text(deed)
    if len(form.text("reason")) > most:
        faults["reason"] = f"At most {most:,} characters; these are {len(form.text('reason')):,}."
    if deed in {"close", "note"} and not form.text("reason"):
        faults["reason"] = "Say why, in your own words." if deed == "close" else "Write something."
    if deed == "close" and form.text("resolution") not in dict(case_words.DECIDED):
        faults["resolution"] = "Say what it was."
    if deed == "assign" and form.text("assignee") not in dict(workers):
        faults["assignee"] = "Choose somebody who works on this programme."
    return faults


def _days(form: Form) -> int:
    return next((days for days in WAITS if days == form.number("days")), _USUAL_DAYS)


def _hours(form: Form) -> int:
    return next((hours for hours in HOLDS if hours == form.number("hours")), _USUAL_HOURS)


def _waiting_for(form: Form) -> WaitingFor:
    return "other" if form.text("waiting_for") == "other" else "member"

"""Acts that leave the case open: locks, verdicts on pairs, contexts, lists, labels. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final, cast, get_args

from app.acting.parts import labelled
from app.acting.ports import Act, Effect, ListKind, Refused, TellsIn
from app.acting.seen import Plan, Planned, Seen, end_word, lock_word, pair_of, whom_of
from app.acting.steps import Enlist, Judge, Mark, Switch
from app.acting.terms import BLOCK_FOR_MS, ENTRY_MOST_MS, PAIRED_AT_ONCE, VALUE_MOST
from app.feedback.ports import ContextKind

LOCKED_TOLD: Final[Mapping[TellsIn, str]] = {
    "en": "Redeeming is switched off at your account. Collecting goes on. Please get in touch.",
    "de": "Das Einlösen ist bei Ihrem Konto ausgeschaltet. Sammeln geht weiter. Bitte melden Sie sich.",
}
STEP_UP_TOLD: Final[Mapping[TellsIn, str]] = {
    "en": "Redeeming is switched off until you have shown that it is you: open your account and confirm it.",
    "de": "Das Einlösen ist ausgeschaltet, bis Sie bestätigt haben, dass Sie es sind: öffnen Sie Ihr Konto.",
}


def lock(act: Act, seen: Seen, _reason: str) -> Planned:
    """Redeeming off. Earning goes on."""
    return _switched(act, seen, by="analyst")


def step_up(act: Act, seen: Seen, _reason: str) -> Planned:
    """Redeeming off until the member has proven who they are on the page of their lock."""
    return _switched(act, seen, by="step_up")


def unlock(act: Act, seen: Seen, _reason: str) -> Planned:
    """Redeeming on again, but for what members switched off themselves: that is theirs."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    locked = [name for name in whom if seen.is_locked(name)]
    if not locked:
        return Refused("impossible", "Redeeming is on already.", "account_ids")
    theirs = [name for name in locked if seen.locks[name].asked_by == "member"]
    if theirs:
        message = f"{theirs[0]} switched it off as a member: a proof on the page of the lock switches it on."
        return Refused("impossible", message, "account_ids")
    closed = [name for name in locked if name in seen.closed]
    if closed:
        message = f"{closed[0]} was closed by two people: release it, which another person approves."
        return Refused("needs_second", message, "account_ids")
    return Plan(
        whom=tuple(locked), right="lock_account",
        steps=tuple([Switch(name, locked=False, by="analyst", version=seen.locks[name].version) for name in locked]),
        effects=tuple([Effect("redeeming", name, lock_word(seen.locks[name]), "on") for name in locked]),
    )  # fmt: skip


def judge_pair(act: Act, seen: Seen, _reason: str) -> Planned:
    """A duplicate confirmed, a household released, accounts unlinked."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    if act.verdict is None:
        return Refused("incomplete", "Say what they are to each other.", "verdict")
    if not 1 < len(whom) <= PAIRED_AT_ONCE:
        return Refused("incomplete", f"Name 2 to {PAIRED_AT_ONCE} accounts of the case.", "account_ids")
    late = _too_late(act, seen)
    if late is not None:
        return late
    pairs = [pair_of(*two) for two in combinations(whom, 2)]
    news = [pair for pair in pairs if seen.pairs.get(pair) != act.verdict]
    if not news:
        return Refused("impossible", "That was said of them before.", "verdict")
    return Plan(
        whom=whom, right="judge_pair", steps=(Judge(whom, act.verdict, act.expires_ms),),
        effects=tuple([Effect("pair", "|".join(two), seen.pairs.get(two, ""), act.verdict) for two in news]),
        stays=("A verdict that it replaces does not come back.",),
    )  # fmt: skip


def mark_context(act: Act, seen: Seen, _reason: str) -> Planned:
    """A thing or place that many honest members share counts as one no more."""
    if act.kind not in get_args(ContextKind) or not act.value or act.context is None:
        return Refused("incomplete", "Say what is shared, and as what.", "context" if act.value else "value")
    late = _too_long(act) or _too_late(act, seen)
    if late is not None:
        return late
    kind = cast("ContextKind", act.kind)
    what = f"{kind}:{act.value}"
    return Plan(
        whom=(seen.case.account_id,), right="mark_context", steps=(Mark(kind, act.value, act.context, act.expires_ms),),
        effects=(Effect("context", what, "", f"{act.context}, {end_word(act.expires_ms)}"),),
        shown=("Members who share it are no longer taken for one hand because of it, at every decision from now on.",),
    )  # fmt: skip


def add_to_list(act: Act, seen: Seen, _reason: str) -> Planned:
    """An entry with an end, where none is said after 12 months."""
    if act.kind not in get_args(ListKind) or not act.value or act.list_name is None:
        return Refused("incomplete", "Say what is put on which list.", "list_name" if act.value else "value")
    late = _too_long(act) or _too_late(act, seen)
    if late is not None:
        return late
    expires_ms = None if act.forever else act.expires_ms or seen.now_ms + BLOCK_FOR_MS
    what = f"{act.list_name}:{act.kind}:{act.value}"
    return Plan(
        whom=(seen.case.account_id,), right="edit_lists",
        steps=(Enlist(act.list_name, cast("ListKind", act.kind), act.value, expires_ms),),
        effects=(Effect("list", what, "", end_word(expires_ms)),),
    )  # fmt: skip


def label(act: Act, seen: Seen, _reason: str) -> Planned:
    """What the accounts turned out to be; the detectors learn of it."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    if act.label is None:
        return Refused("incomplete", "Say what it turned out to be.", "label")
    typology = act.typology if act.label in {"fraud", "policy_abuse"} else None
    part = labelled(whom, seen, act.label, typology)
    if not part.steps:
        return Refused("impossible", "That is the last word already.", "label")
    return Plan(
        whom=whom, right="label", steps=part.steps, effects=part.effects,
        stays=("A label that it replaces does not come back.",) if any(one.before for one in part.effects) else (),
    )  # fmt: skip


# ------------------------------------------------------------ what they share


def _switched(act: Act, seen: Seen, *, by: str) -> Planned:
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    free = [name for name in whom if not seen.is_locked(name)]
    if not free:
        return Refused("impossible", "Redeeming is off already. Unlock it first.", "account_ids")
    proof = by == "step_up"
    steps = tuple([Switch(name, locked=True, by="step_up" if proof else "analyst") for name in free])
    shown = (
        "The member switches it on again by a proof that has stood for 72 h, on the page of their lock; your backend "
        "opens that page for them, told by the webhook account.locked. Whoever has no such proof has to get in touch."
    )
    return Plan(
        whom=tuple(free), right="step_up" if proof else "lock_account", steps=steps,
        effects=tuple([Effect("redeeming", name, "on", f"off, by {by}") for name in free]),
        shown=(shown,) if proof else ("Earning goes on.",), told=STEP_UP_TOLD if proof else LOCKED_TOLD,
    )  # fmt: skip


def _too_late(act: Act, seen: Seen) -> Refused | None:
    if act.expires_ms is None:
        return None
    if not seen.now_ms < act.expires_ms <= seen.now_ms + ENTRY_MOST_MS:
        return Refused("too_late", "It ends at some instant in the next five years.", "expires_ms")
    return None


def _too_long(act: Act) -> Refused | None:
    if act.value is not None and len(act.value) > VALUE_MOST:
        return Refused("too_long", f"A value has at most {VALUE_MOST} characters.", "value")
    return None

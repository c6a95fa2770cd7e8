"""What an act is made of: one change each, and what takes it back, which is a step again."""

from __future__ import annotations

from msgspec import Struct

from app.acting.ports import ListKind
from app.feedback.ports import ContextKind, ContextName, LabelName, PairVerdict
from app.ports.lists import ListName
from app.ports.locks import LockedBy
from detectors.holds import HoldEnd


class SayLabel(Struct, frozen=True, tag="label"):
    """Label an account."""

    account_id: str
    label: LabelName
    typology: str | None


class Unsay(Struct, frozen=True, tag="unsay"):
    """Take a label back, if it is still the last word."""

    label_id: str


class Switch(Struct, frozen=True, tag="switch"):
    """Redeeming at an account off or on. `version`: only if that was the last change."""

    account_id: str
    locked: bool
    by: LockedBy
    version: int | None = None


class Enlist(Struct, frozen=True, tag="enlist"):
    """Put something on a list."""

    list_name: ListName
    kind: ListKind
    value: str
    expires_ms: int | None


class Delist(Struct, frozen=True, tag="delist"):
    """Take an entry out; of an account, which."""

    list_name: ListName
    entry_id: str
    account_id: str | None = None


class Revoke(Struct, frozen=True, tag="revoke"):
    """Revoke a token, for good."""

    token_id: str


class LetGo(Struct, frozen=True, tag="let_go"):
    """Let a held reward go on, for good."""

    token_id: str


class Replace(Struct, frozen=True, tag="replace"):
    """Issue another token in the place of this one, which is revoked."""

    token_id: str


class SetHold(Struct, frozen=True, tag="hold"):
    """Hold a decision's points until another instant, with another end."""

    decision_id: str
    due_ms: int
    planned: HoldEnd


class Judge(Struct, frozen=True, tag="judge"):
    """Say what every two of these accounts are to each other."""

    account_ids: tuple[str, ...]
    verdict: PairVerdict
    expires_ms: int | None


class Unjudge(Struct, frozen=True, tag="unjudge"):
    """Take back what one act said of pairs, where it is still the last word."""

    version: int


class Mark(Struct, frozen=True, tag="mark"):
    """Mark a shared context."""

    kind: ContextKind
    value: str
    context: ContextName
    expires_ms: int | None


class Unmark(Struct, frozen=True, tag="unmark"):
    """Take a shared context out."""

    context_id: str


class Closing(Struct, frozen=True, tag="closing"):
    """Accounts are closed, or are no more."""

    account_ids: tuple[str, ...]
    closes: bool


Step = (
    SayLabel | Unsay | Switch | Enlist | Delist | Revoke | LetGo | Replace | SetHold | Judge | Unjudge | Mark
    | Unmark | Closing
)  # fmt: skip

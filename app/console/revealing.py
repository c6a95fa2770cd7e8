"""Why somebody looks at what is personal: chosen from a few, never written, because the audit keeps it for years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.console.forms import Form
from app.reviewing.revealing import REASONS, Reason

REASON_WORDS: Final[Mapping[Reason, str]] = {
    "case_review": "Reviewing a case", "member_request": "The member asked", "identity_check": "Checking who it is",
    "legal_request": "A court or the police asked",
}  # fmt: skip


def reason_of(form: Form) -> Reason | None:
    """The reason chosen; None where none was."""
    sent = form.text("reason")
    return next((reason for reason in REASONS if reason == sent), None)

"""A case's page inside the case's frame."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from app.acting.ports import ActName, Offer
from app.cases.moving import is_held
from app.cases.states import Resolution
from app.console import case_words
from app.console.cases import headline
from app.console.cases.desk import Opened
from app.console.cases.looks import TABS
from app.console.cases.offering import offered_moves
from app.console.playbook import reason_href, typology_href
from app.console.queue_last import last_queue
from app.console.visit import Visit
from app.reviewing import hrefs

ACT_KEYS: Final[dict[ActName, str]] = {"release": "r", "block": "b", "hold": "h", "lock": "l"}
LABELS: Final[dict[ActName, str]] = {
    "release": "Release", "block": "Block", "close_account": "Close the account", "approve": "Approve",
    "reject": "Send back", "hold": "Hold", "lock": "Lock redeeming", "unlock": "Unlock redeeming",
    "step_up": "Ask for a code", "revoke_token": "Revoke a reward link", "release_token": "Let a held reward go",
    "reissue_token": "Send a reward again", "judge_pair": "Judge a pair", "mark_context": "Mark as shared",
    "add_to_list": "Put on a list", "label": "Label",
}  # fmt: skip
FIRST: Final[tuple[ActName, ...]] = ("approve", "reject", "release", "hold", "lock", "step_up", "block")
"""Acts shown as buttons, mild before grave; the others are folded."""
ELSEWHERE: Final[frozenset[ActName]] = frozenset({"judge_pair", "mark_context"})
"""Acts that begin at what they are about: a pair, a thing."""
RECOMMENDED: Final[dict[Resolution, ActName]] = {
    "fraud": "block", "policy_abuse": "block", "legitimate": "release", "inconclusive": "release",
}  # fmt: skip


def page(visit: Visit, template: str, case: Opened, tab: str, status: int = 200, **given: Any) -> Response:
    """A page of a case; `tab`: which of its tabs is open."""
    row = case.file.case
    told = headline.headline(row, visit.now_ms)
    return visit.page(
        template,
        told,
        status,
        case=case,
        row=row,
        tab=tab,
        tabs=_tabs(case),
        deadline=headline.deadline(row, visit.now_ms),
        words=case_words,
        labels=LABELS,
        keys=ACT_KEYS,
        first=_sorted([one for one in case.offers if one.name in FIRST]),
        others=[one for one in case.offers if one.name not in FIRST and one.name not in ELSEWHERE],
        best=recommended(case),
        moves=offered_moves(visit.viewer, row, visit.now_ms),
        is_mine=row.assignee == visit.viewer.actor and is_leased(row, visit.now_ms),
        is_others=is_held(row, visit.viewer.actor, visit.now_ms),
        account_href=hrefs.account,
        reason_href=reason_href,
        typology_href=typology_href,
        queue_query=last_queue(visit, row.program_id),
        page_count=len(TABS),
        **given,
    )  # fmt: skip


def _tabs(case: Opened) -> list[tuple[str, str, str, bool]]:
    """Name, label, address, and whether the viewer opened it."""
    seen = case.looked.evidence
    return [
        (name, label, case.at("" if name == "why" else name), name in seen) for name, label in TABS.items()
    ]


def is_leased(row: Any, now_ms: int) -> bool:
    """Whether somebody has the case now."""
    return row.assignee is not None and row.lease_ms is not None and row.lease_ms > now_ms


def recommended(case: Opened) -> Offer | None:
    """
    The act the case's typology suggests, where it can be done. Of a proposal nothing is: a second pair of eyes that is
    told what to say is none.
    """
    row = case.file.case
    if row.state == "closed" or row.proposal is not None:
        return None
    wanted: ActName = RECOMMENDED.get(row.recommendation, "release")
    return next((one for one in case.offers if one.name == wanted and one.possible), None)


def _sorted(offers: list[Offer]) -> list[Offer]:
    return sorted(offers, key=lambda one: FIRST.index(one.name))

"""The numbers of acts, and which right each needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.acting.ports import ActName
from app.users.rights import Action

DAY_MS: Final = 86_400_000
BLOCK_FOR_MS: Final = 365 * DAY_MS
"""How long a block list entry lasts where nothing else is said: 12 months, then somebody looks again (docs/acting.md)."""
ENTRY_MOST_MS: Final = 5 * 365 * DAY_MS
"""The longest an entry, a context or a verdict with an end may last: five years, beyond which nobody remembers why."""
UNLOCKED_FIRST_MS: Final = 5_000
"""Held points of an account that is unlocked by the same act are let go this much later: the hot store has been told of
the unlocking by then (`app.store.sql.locks.AGAIN_MS`), and no worker finds the account locked."""
REASON_MOST: Final = 10_000
"""Characters of a reason, as of the rationale of a case."""
VALUE_MOST: Final = 512
"""Characters of a value on a list: the longest address there is has some 300."""
PAIRED_AT_ONCE: Final = 50
"""Accounts of one verdict: 1,225 pairs, some 0.3 s."""
TOKENS_AT_ONCE: Final = 500
"""Live tokens that one act revokes: some 0.5 s in which another writer waits."""
REMADE_FOR_S: Final = 600
"""The least of its life that a token must have left for another to be issued in its place: 10 minutes, the shortest
useful visit."""

RIGHTS: Final[Mapping[ActName, Action]] = {
    "release": "close_case", "block": "close_case", "close_account": "close_account", "approve": "approve",
    "reject": "approve", "hold": "work_case", "lock": "lock_account", "unlock": "lock_account", "step_up": "step_up",
    "revoke_token": "token_revoke", "release_token": "close_case", "reissue_token": "token_reissue",
    "judge_pair": "judge_pair", "mark_context": "mark_context", "add_to_list": "edit_lists", "label": "label",
}  # fmt: skip
"""Releasing more than one person may needs `release_above`, and then another person's approval."""

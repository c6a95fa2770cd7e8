"""Which account a page is about: read from its path, and only if the viewer sees anything of it."""

from __future__ import annotations

from typing import Final, NamedTuple

from app.console.place import HOME
from app.console.visit import Visit, turned
from app.reviewing import hrefs
from tokens.who import Who

ACCOUNTS: Final = f"{HOME}/accounts"
ONE: Final = f"{ACCOUNTS}/{{program_id}}/{{account_id}}"
ID_MOST: Final = 128
"""Characters of an id, as of events."""


class Named(NamedTuple):
    """An account, and where its page is."""

    program_id: str
    account_id: str

    @property
    def href(self) -> str:
        """Its page."""
        return hrefs.account(self.program_id, self.account_id)


def named(visit: Visit) -> Named:
    """The account of the path. Raises Turned: 404, the programme is not theirs or the id can be none."""
    program_id, account_id = (of_program(visit), hrefs.plain(visit.path["account_id"]))
    if not is_id(account_id):
        raise turned(404)
    return Named(program_id, account_id)


def of_program(visit: Visit) -> str:
    """The programme of the path. Raises Turned: 404, it is not theirs."""
    program_id = hrefs.plain(visit.path["program_id"])
    limit = visit.viewer.scope.programs
    if not is_id(program_id) or (limit is not None and program_id not in limit):
        raise turned(404)
    return program_id


def is_id(text: str) -> bool:
    """Whether anything can have this id."""
    return 0 < len(text) <= ID_MOST and "\0" not in text


def who(visit: Visit) -> Who:
    """The viewer, as records and the audit name them."""
    return Who(visit.viewer.actor, visit.viewer.ip_hash)

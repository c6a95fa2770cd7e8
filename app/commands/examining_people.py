"""What `earnest doctor` looks at of the console: whether somebody can sign in, and whether anybody can approve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.clock import system_clock
from app.commands.demo_people import PEOPLE as OF_THE_DEMO
from app.commands.examining_tokens import opened
from app.commands.findings import Finding
from app.composition.console import sql_users
from app.ports.record import RecordAway
from app.settings import Settings
from app.users.ports import Person
from app.users.rights import may

NAME: Final = "people"
TWO: Final = 2
"""Who proposes and who approves are different people."""


def people(settings: Settings) -> Iterator[Finding]:
    """Who can sign in to the console, where there is a database at this version."""
    try:
        with opened(settings) as found:
            if found is None:
                return
            everybody = sql_users(*found).everybody(system_clock())
            yield _judged([one.person for one in everybody if one.person.is_enrolled], settings.env)
    except RecordAway:
        return  # `record` says so


PEOPLE: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (people,)


def _judged(enrolled: Sequence[Person], env: str) -> Finding:
    told = f"{len(enrolled)} can sign in to the console"
    if env != "production":
        return Finding(NAME, "ok", told)
    if strangers := sorted(one.email for one in enrolled if one.email in OF_THE_DEMO):
        return Finding(
            NAME, "fail", f"{', '.join(strangers)}: made by the demo", "earnest users disable EMAIL"
        )
    if not any(may(one.role, "manage_users") for one in enrolled):
        remedy = "earnest users create EMAIL --role security_admin"
        return Finding(NAME, "warn", f"{told}, nobody who manages people", remedy)
    approving = sum(may(one.role, "approve") for one in enrolled)
    if approving < TWO:
        remedy = "earnest users create EMAIL --role senior"
        return Finding(
            NAME, "warn", f"{told}, {approving} may approve: nobody is a second pair of eyes", remedy
        )
    return Finding(NAME, "ok", f"{told}, {approving} may approve")

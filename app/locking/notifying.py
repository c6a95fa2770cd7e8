"""The notice of a redemption: what was redeemed and when, and one link for whoever did not do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.locking.links import Link, Links
from app.redeeming.letters import RedeemedLetter, message_id_of, seal_letter
from app.redeeming.terms import Terms
from app.seal import Seal
from tokens.outbox import Message
from tokens.token import Token

DISPUTE_FOR_MS: Final = 14 * 86_400_000
"""How long a redemption can be disputed by the link: two weeks of holiday, as long as the longest token lives."""
WORTH_SENDING_MS: Final = 3 * 86_400_000
"""A notice that could not be sent for three days is not sent any more."""


class Notifier:
    """
    Writes notices.

    Args:
        links: writes the link.
        outbox: seals letters.
        terms: programme → its terms.
        base: of the links members get, from the settings.
        host: of the pages they lead to.
    """

    def __init__(
        self, links: Links, outbox: Seal, terms: Callable[[str], Terms], base: str, host: str
    ) -> None:
        self._links, self._outbox, self._terms = links, outbox, terms
        self._base, self._host = base, host

    def notice(self, token: Token, redemption_id: str, at_ms: int) -> Message | None:
        """The notice, for the outbox; None where the link did not go out by mail, or the programme wants none."""
        terms = self._terms(token.program_id)
        if token.channel != "email" or token.recipient is None or not terms.notify:
            return None
        link = Link(token.program_id, token.account_id, at_ms + DISPUTE_FOR_MS, redemption_id)
        letter = RedeemedLetter(
            to=token.recipient,
            locale=token.locale,
            brand=terms.brand,
            support=terms.support,
            link=f"{self._base}/w/{self._links.write('not_me', link)}",
            title=token.reward.title,
            points=token.reward.points,
            face_value_minor=token.reward.face_value_minor,
            currency=token.reward.currency,
            at_ms=at_ms,
            until_ms=link.expires_ms,
            timezone=terms.timezone,
        )
        message_id = message_id_of(redemption_id, self._host)
        return Message(
            message_id=message_id,
            kind="mail",
            program_id=token.program_id,
            token_hash=None,
            sealed=seal_letter(self._outbox, message_id, "mail", letter),
            created_ms=at_ms,
            expires_ms=at_ms + WORTH_SENDING_MS,
        )

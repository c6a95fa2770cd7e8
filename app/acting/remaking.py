"""Another token in the place of one: the same promise, to the same address, for what is left of its time."""

from __future__ import annotations

from app.problems import Problem
from app.redeeming.desk import Order
from app.redeeming.issuing import Issuer, Made
from tokens.token import Token


def remade(issuer: Issuer, token: Token, now_ms: int) -> Made | Problem:
    """
    Made and not yet issued. Its metadata, which is sealed, is put in where it is issued.

    Raises:
        RecordAway: The keys or the member's authenticator could not be read.
    """
    order = Order(
        account_id=token.account_id,
        purpose=token.purpose,
        reward=token.reward,
        payload=b"",
        campaign_id=token.campaign_id,
        expires_in_s=(token.expires_ms - now_ms) // 1_000,
        not_before_ms=token.not_before_ms if token.not_before_ms > now_ms else None,
        channel=token.channel,
        to=token.recipient,
        locale=token.locale,
        otp_method=token.otp_method,
        otp_to=token.otp_to,
        decision_id=token.decision_id,
        metadata=b"",
        otp_fallback=token.otp_fallback,
    )
    return issuer.made(order, token.program_id)

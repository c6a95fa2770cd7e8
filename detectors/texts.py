"""What a member reads for each reason: neutral, true, and silent about limits and suspicions."""

from __future__ import annotations

from typing import Final, NamedTuple

from detectors.actions import Action
from detectors.policy import Locale


class Text(NamedTuple):
    """One sentence in the languages a programme may choose."""

    en: str
    de: str


REDEMPTION: Final = Text(
    "This redemption needs a quick confirmation.", "Diese Einlösung braucht eine kurze Bestätigung."
)
TRANSFER: Final = Text(
    "This transfer needs a quick confirmation.", "Diese Übertragung braucht eine kurze Bestätigung."
)
IDENTITY: Final = Text("Please confirm that it is you.", "Bitte bestätigen Sie kurz, dass Sie es sind.")
POINTS: Final = Text(
    "Your points are on their way; this time it takes a little longer.",
    "Ihre Punkte sind unterwegs; diesmal dauert es etwas länger.",
)
RETURN: Final = Text(
    "Your return is being processed; this time it takes a little longer.",
    "Ihre Rückgabe wird bearbeitet; diesmal dauert es etwas länger.",
)
REGISTRATION: Final = Text(
    "Your registration is being completed; this time it takes a little longer.",
    "Ihre Anmeldung wird abgeschlossen; diesmal dauert es etwas länger.",
)
REFERRAL: Final = Text(
    "Your referral is being completed; this time it takes a little longer.",
    "Ihre Empfehlung wird abgeschlossen; diesmal dauert es etwas länger.",
)
REQUEST: Final = Text(
    "Your request is being completed; this time it takes a little longer.",
    "Ihr Anliegen wird bearbeitet; diesmal dauert es etwas länger.",
)
REWARD: Final = Text(
    "Your reward is on its way; this time it takes a little longer.",
    "Ihre Prämie ist unterwegs; diesmal dauert es etwas länger.",
)

TEXTS: Final[dict[str, Text]] = {
    "VELOCITY_REDEEM_ACCOUNT_1H": REDEMPTION,
    "VELOCITY_REDEEM_ACCOUNT_24H": REDEMPTION,
    "VELOCITY_REDEEM_POINTS_ACCOUNT_24H": REDEMPTION,
    "VELOCITY_EARN_ACCOUNT_1H": POINTS,
    "VELOCITY_EARN_ACCOUNT_24H": POINTS,
    "VELOCITY_TRANSFER_ACCOUNT_24H": TRANSFER,
    "VELOCITY_TRANSFER_ACCOUNT_7D": TRANSFER,
    "VELOCITY_RECEIVED_COUNTERPARTY_7D": TRANSFER,
    "VELOCITY_ADJUST_ACCOUNT_24H": POINTS,
    "VELOCITY_PROFILE_CHANGE_ACCOUNT_24H": IDENTITY,
    "VELOCITY_REFERRAL_ACCOUNT_30D": REFERRAL,
    "VELOCITY_LOGIN_FAILED_ACCOUNT_10M": IDENTITY,
    "VELOCITY_ACTIVITY_ACCOUNT_1M": IDENTITY,
    "VELOCITY_ACTIVITY_ACCOUNT_1H": IDENTITY,
    "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_24H": REGISTRATION,
    "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_30D": REGISTRATION,
    "VELOCITY_LOGIN_ACCOUNTS_DEVICE_10M": IDENTITY,
    "VELOCITY_LOGIN_FAILED_DEVICE_10M": IDENTITY,
    "VELOCITY_SPEND_ACCOUNTS_DEVICE_24H": IDENTITY,
    "VELOCITY_SIGNUP_IP_24H": REGISTRATION,
    "VELOCITY_LOGIN_FAILED_ACCOUNTS_IP_10M": IDENTITY,
    "VELOCITY_LOGIN_FAILED_IP_10M": IDENTITY,
    "VELOCITY_ACCOUNTS_PAYMENT_30D": REQUEST,
    "BURN_RATIO_HIGH": REQUEST,
    "BURN_SHARE_HIGH": REQUEST,
    "REDEEM_AFTER_EARN": REQUEST,
    "EARN_SPEED_HIGH": POINTS,
    "RETURN_AFTER_REDEEM": RETURN,
    "RETURN_OVERSIZED": RETURN,
    "RETURN_SHARE_HIGH": RETURN,
    "EARNED_AGAIN": POINTS,
    "EARN_RATE_HIGH": POINTS,
    "BOUGHT_POINTS_EARLY": REQUEST,
    "EARNED_BY_CLOCKWORK": POINTS,
    "EARNED_ON_EMULATOR": POINTS,
    "REFERRED_ONESELF": REFERRAL,
    "VELOCITY_STORES_ACCOUNT_24H": REQUEST,
    "VELOCITY_SENDERS_COUNTERPARTY_7D": TRANSFER,
    "VELOCITY_EARN_ACCOUNTS_DEVICE_24H": POINTS,
    "DUPLICATE_PERSON": REQUEST,
    "DUPLICATE_OF_FRAUD": REQUEST,
    "DISPOSABLE_EMAIL": REQUEST,
    "SIGNUP_FARM_ADDRESS": REQUEST,
    "SIGNUP_FARM_DEVICE": REQUEST,
    "SIGNUP_FARM_EMAIL": REQUEST,
    "SIGNUP_FARM_IP": REQUEST,
    "SIGNUP_FARM_PAYMENT": REQUEST,
    "SIGNUP_FARM_PHONE": REQUEST,
    "PROBE_THEN_DRAIN": IDENTITY,
    "NEW_DEVICE_SPENDS": IDENTITY,
    "CONTACT_CHANGED_THEN_SPENT": IDENTITY,
    "DORMANT_AWAKE_SPENDS": IDENTITY,
    "IMPOSSIBLE_TRAVEL": IDENTITY,
    "NEW_COUNTRY_SPENDS": IDENTITY,
    "STRANGE_STORE_SPENDS": IDENTITY,
    "SPENT_AFTER_FAILED_LOGINS": IDENTITY,
    "CREDENTIALS_TRIED": IDENTITY,
    "LINK_OPENED_AROUND": REDEMPTION,
    "LINK_OPENED_ABROAD": REDEMPTION,
    "LINK_FORWARDED": REDEMPTION,
    "LINK_CODES_FAILED": REWARD,
    "LINK_DEVICE_COLLECTS": REWARD,
    "ANOMALY_UNUSUAL": REQUEST,
    "LIST_BLOCK": REQUEST,
    "LIST_WATCH": REQUEST,
    "ACCOUNT_LOCKED": REQUEST,
    "FALLBACK": REQUEST,
}


def member_text(code: str, locale: Locale) -> str:
    """The sentence for a reason. A programme's own limits and rules read as an ordinary request."""
    text = TEXTS.get(code, REQUEST)
    return text.de if locale == "de" else text.en


CARRIED_OUT: Final = Text("Nothing stands in the way.", "Es spricht nichts dagegen.")
NOT_CARRIED_OUT: Final = Text(
    "This could not be carried out. You can ask for a person to look at it.",
    "Das konnte nicht ausgeführt werden. Sie können um Prüfung durch einen Menschen bitten.",
)

SWITCHED_OFF: Final = Text(
    "Redeeming is switched off for this account, and your points are kept. It can be switched on again where it was "
    "switched off, or by the programme: just ask.",
    "Das Einlösen ist für dieses Konto ausgeschaltet, Ihre Punkte bleiben erhalten. Wieder einschalten lässt es sich "
    "dort, wo es ausgeschaltet wurde, oder durch das Programm: Fragen Sie einfach.",
)
TOLD_WHEN_REFUSED: Final[dict[str, Text]] = {"ACCOUNT_LOCKED": SWITCHED_OFF}
"""What is refused for no suspicion says what it is, and what the member can do."""


def spoken_to_member(code: str, decision: Action, locale: Locale) -> str:
    """What a member reads for a reason, given what was decided: nobody is told to wait for what is refused or done."""
    if decision in {"allow", "block"}:
        text = CARRIED_OUT if decision == "allow" else TOLD_WHEN_REFUSED.get(code, NOT_CARRIED_OUT)
        return text.de if locale == "de" else text.en
    return member_text(code, locale)

"""The kinds of loyalty fraud and abuse by name, and which of them each reason code points to. The one table of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TYPOLOGIES: Final = (
    "ato_drain", "probe_drain", "card_clone", "cred_stuff", "dormant_hijack", "signup_farm", "referral_ring",
    "transfer_mule", "brokering", "cashier_self", "agent_credit", "partner_collusion", "earn_burn_return",
    "fake_receipt", "promo_stack", "code_crack", "giftcard_drain", "bot_velocity", "pool_abuse", "tier_gaming",
    "gamify", "double_earn", "stolen_card", "link_abuse", "social_eng",
)  # fmt: skip
"""In the field's order. A label's `typology` is one of these names."""

POINTS_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "VELOCITY_REDEEM_ACCOUNT_1H": ("bot_velocity", "ato_drain", "card_clone"),
    "VELOCITY_REDEEM_ACCOUNT_24H": ("bot_velocity", "ato_drain", "brokering"),
    "VELOCITY_REDEEM_POINTS_ACCOUNT_24H": ("ato_drain", "transfer_mule"),
    "VELOCITY_EARN_ACCOUNT_1H": ("tier_gaming", "bot_velocity", "fake_receipt", "cashier_self"),
    "VELOCITY_EARN_ACCOUNT_24H": ("bot_velocity", "fake_receipt", "cashier_self", "tier_gaming"),
    "VELOCITY_TRANSFER_ACCOUNT_24H": ("transfer_mule", "pool_abuse"),
    "VELOCITY_TRANSFER_ACCOUNT_7D": ("transfer_mule", "brokering"),
    "VELOCITY_ADJUST_ACCOUNT_24H": ("agent_credit",),
    "VELOCITY_STORES_ACCOUNT_24H": ("card_clone",),
    "VELOCITY_PROFILE_CHANGE_ACCOUNT_24H": ("ato_drain", "social_eng", "promo_stack"),
    "VELOCITY_REFERRAL_ACCOUNT_30D": ("referral_ring",),
    "VELOCITY_LOGIN_FAILED_ACCOUNT_10M": ("cred_stuff", "ato_drain"),
    "VELOCITY_ACTIVITY_ACCOUNT_1M": ("bot_velocity",),
    "VELOCITY_ACTIVITY_ACCOUNT_1H": ("bot_velocity",),
    "VELOCITY_RECEIVED_COUNTERPARTY_7D": ("transfer_mule", "pool_abuse"),
    "VELOCITY_SENDERS_COUNTERPARTY_7D": ("transfer_mule", "pool_abuse", "signup_farm"),
    "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_24H": ("signup_farm", "referral_ring", "promo_stack"),
    "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_30D": ("signup_farm", "referral_ring", "promo_stack"),
    "VELOCITY_LOGIN_ACCOUNTS_DEVICE_10M": ("cred_stuff", "transfer_mule"),
    "VELOCITY_LOGIN_FAILED_DEVICE_10M": ("cred_stuff",),
    "VELOCITY_SPEND_ACCOUNTS_DEVICE_24H": ("brokering", "transfer_mule", "signup_farm"),
    "VELOCITY_EARN_ACCOUNTS_DEVICE_24H": ("gamify", "signup_farm", "fake_receipt"),
    "VELOCITY_SIGNUP_IP_24H": ("signup_farm", "referral_ring", "promo_stack"),
    "VELOCITY_LOGIN_FAILED_ACCOUNTS_IP_10M": ("cred_stuff",),
    "VELOCITY_LOGIN_FAILED_IP_10M": ("cred_stuff",),
    "VELOCITY_ACCOUNTS_PAYMENT_30D": ("signup_farm", "referral_ring", "stolen_card"),
    "BURN_RATIO_HIGH": ("ato_drain", "transfer_mule"),
    "BURN_SHARE_HIGH": ("ato_drain",),
    "REDEEM_AFTER_EARN": ("earn_burn_return", "transfer_mule", "partner_collusion", "stolen_card"),
    "EARN_SPEED_HIGH": ("partner_collusion", "agent_credit", "cashier_self", "fake_receipt"),
    "RETURN_AFTER_REDEEM": ("earn_burn_return",),
    "RETURN_OVERSIZED": ("earn_burn_return", "fake_receipt"),
    "RETURN_SHARE_HIGH": ("tier_gaming", "earn_burn_return"),
    "EARNED_AGAIN": ("double_earn", "fake_receipt"),
    "EARN_RATE_HIGH": ("partner_collusion", "fake_receipt"),
    "BOUGHT_POINTS_EARLY": ("stolen_card",),
    "EARNED_BY_CLOCKWORK": ("gamify", "bot_velocity"),
    "EARNED_ON_EMULATOR": ("gamify", "bot_velocity"),
    "REFERRED_ONESELF": ("referral_ring",),
    "DUPLICATE_PERSON": ("signup_farm", "referral_ring", "promo_stack"),
    "DUPLICATE_OF_FRAUD": ("signup_farm", "referral_ring", "promo_stack"),
    "DISPOSABLE_EMAIL": ("signup_farm", "referral_ring"),
    "SIGNUP_FARM_ADDRESS": ("signup_farm", "referral_ring", "promo_stack"),
    "SIGNUP_FARM_DEVICE": ("signup_farm", "referral_ring", "promo_stack"),
    "SIGNUP_FARM_EMAIL": ("signup_farm", "referral_ring", "promo_stack"),
    "SIGNUP_FARM_IP": ("signup_farm", "referral_ring", "promo_stack"),
    "SIGNUP_FARM_PAYMENT": ("signup_farm", "referral_ring", "promo_stack"),
    "SIGNUP_FARM_PHONE": ("signup_farm", "referral_ring", "promo_stack"),
    "PROBE_THEN_DRAIN": ("probe_drain",),
    "NEW_DEVICE_SPENDS": ("ato_drain", "probe_drain"),
    "CONTACT_CHANGED_THEN_SPENT": ("ato_drain", "social_eng"),
    "DORMANT_AWAKE_SPENDS": ("dormant_hijack",),
    "IMPOSSIBLE_TRAVEL": ("card_clone", "ato_drain", "gamify"),
    "NEW_COUNTRY_SPENDS": ("ato_drain", "dormant_hijack"),
    "STRANGE_STORE_SPENDS": ("card_clone", "probe_drain"),
    "SPENT_AFTER_FAILED_LOGINS": ("ato_drain", "cred_stuff"),
    "CREDENTIALS_TRIED": ("cred_stuff", "ato_drain"),
    "LINK_OPENED_AROUND": ("link_abuse",),
    "LINK_OPENED_ABROAD": ("link_abuse",),
    "LINK_FORWARDED": ("link_abuse", "social_eng"),
    "LINK_CODES_FAILED": ("link_abuse", "code_crack"),
    "LINK_DEVICE_COLLECTS": ("link_abuse", "brokering"),
    "ANOMALY_UNUSUAL": (),
    "LIST_BLOCK": (),
    "LIST_WATCH": (),
    "ACCOUNT_LOCKED": (),
    "FALLBACK": (),
}
"""Reason code → what it is most often a sign of, likeliest first. Empty: it says where to look, not what to expect."""


def points_to(code: str) -> tuple[str, ...]:
    """The typologies of a reason code, likeliest first; none for a programme's own limits and rules."""
    return POINTS_TO.get(code, ())

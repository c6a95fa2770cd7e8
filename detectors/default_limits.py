"""The limits a programme starts with, and why. `docs/policy.md` lists them for people who change them."""

from __future__ import annotations

from typing import Final

from detectors.limits import Limit
from detectors.snapshot import DAY_S, HOUR_S, MINUTE_S

SHARED: Final = ("household", "store_tablet", "call_centre", "office_nat", "kiosk", "corporate_buyer")
"""Contexts many honest members share; the registry of a programme says which device or address is one."""
BATCH: Final = ("batch",)
"""Files posted in one go: their instants are the sender's, often one for a whole day."""
STAFFED: Final = (*BATCH, "pos", "kiosk", "call_centre")
"""Where the device and the address are the programme's and serve every member who comes by; as in
`detectors.identity.sharing`. Wrong passwords count there too."""
ACTIVITY: Final = (
    "profile_change", "login", "login_failed", "earn", "redeem", "transfer", "adjust", "return", "purchase",
    "referral",
)  # fmt: skip
"""What a member does: not what happens to a member (expire), nor once in a lifetime (signup, close)."""
LOGINS: Final = ("login", "login_failed")
SPENDING: Final = ("redeem", "transfer")
CARDED: Final = ("signup", "purchase", "referral", *SPENDING)
"""What a farm does with one bank card; paying at the till with it is what families do all day."""

MINUTE, TEN_MINUTES, HOUR, DAY, WEEK, MONTH = MINUTE_S, 10 * MINUTE_S, HOUR_S, DAY_S, 7 * DAY_S, 30 * DAY_S

ACCOUNT_LIMITS: Final = (
    Limit(
        "VELOCITY_REDEEM_ACCOUNT_1H", "account", "count", ("redeem",), HOUR, 5, ("redeem",), "challenge", 0.5,
        reason="5 events in 1 h happen on 0.05 % of honest baskets (public grocery panel, 2,469 households)",
    ),
    Limit(
        "VELOCITY_REDEEM_ACCOUNT_24H", "account", "count", ("redeem",), DAY, 10, ("redeem",),
        "challenge", 0.5,
        reason="twice the 5 in 24 h that 1.15 % of honest baskets reach in the grocery panel",
    ),
    Limit(
        "VELOCITY_REDEEM_POINTS_ACCOUNT_24H", "account", "points", ("redeem",), DAY, 25_000, ("redeem",),
        "challenge", 0.5,
        reason="some four years of a median member's points (500 a month): ask before a drain of that size",
    ),
    Limit(
        "VELOCITY_EARN_ACCOUNT_1H", "account", "count", ("earn",), HOUR, 10, ("earn",), "review", 0.5, BATCH,
        reason="twice the hourly count that 0.05 % of honest baskets reach; files post a day at one instant",
    ),
    Limit(
        "VELOCITY_EARN_ACCOUNT_24H", "account", "count", ("earn",), DAY, 20, ("earn",), "review", 0.5, BATCH,
        reason="four times the daily count that 1.15 % of honest baskets reach in the grocery panel",
    ),
    Limit(
        "VELOCITY_TRANSFER_ACCOUNT_24H", "account", "count", ("transfer",), DAY, 3, ("transfer",),
        "challenge", 0.5,
        reason="the field challenges from the second transfer a day; three leave room for a family's gifts",
    ),
    Limit(
        "VELOCITY_TRANSFER_ACCOUNT_7D", "account", "count", ("transfer",), WEEK, 10, ("transfer",),
        "review", 0.5,
        reason="more than one a day all week is a business, or a mule that passes on (typology 8)",
    ),
    Limit(
        "VELOCITY_ADJUST_ACCOUNT_24H", "account", "count", ("adjust",), DAY, 5, ("adjust",),
        "review", 0.5, BATCH,
        reason="goodwill is rare; five cover a correction and its corrections (typology 11)",
    ),
    Limit(
        "VELOCITY_STORES_ACCOUNT_24H", "account", "distinct", ("store", "earn", "redeem"), DAY, 3,
        ("earn", "redeem"), "review", 0.5, BATCH,
        reason="a round of errands passes three stores of one programme; a card in four is in several hands (typology 3)",
    ),
    Limit(
        "VELOCITY_PROFILE_CHANGE_ACCOUNT_24H", "account", "count", ("profile_change",), DAY, 5,
        ("profile_change",), "challenge", 0.5,
        reason="a move changes address, phone and e-mail, perhaps with a typing error; not six times a day",
    ),
    Limit(
        "VELOCITY_REFERRAL_ACCOUNT_30D", "account", "count", ("referral",), MONTH, 5, ("referral",),
        "review", 0.5,
        reason="more than 5 rewarded referrals in 30 d is the field's line to a person's look (typology 7)",
    ),
    Limit(
        "VELOCITY_LOGIN_FAILED_ACCOUNT_10M", "account", "count", ("login_failed",), TEN_MINUTES, 10,
        (*LOGINS, *SPENDING, "profile_change"), "challenge", 0.6,
        reason="people give up or reset well before ten wrong passwords; machines do not (typology 4)",
    ),
    Limit(
        "VELOCITY_ACTIVITY_ACCOUNT_1M", "account", "count", ACTIVITY, MINUTE, 10, ACTIVITY,
        "challenge", 0.5, BATCH,
        reason="more than 10 events a minute is a script (typology 18); files are not",
    ),
    Limit(
        "VELOCITY_ACTIVITY_ACCOUNT_1H", "account", "count", ACTIVITY, HOUR, 60, ACTIVITY,
        "challenge", 0.5, BATCH,
        reason="more than 60 events an hour is a patient script (typology 18); still counted exactly",
    ),
    Limit(
        "VELOCITY_RECEIVED_COUNTERPARTY_7D", "counterparty", "count", ("received",), WEEK, 5, ("transfer",),
        "review", 0.5,
        reason="three senders a week are held in the field; five transfers leave room for a family pool",
    ),
    Limit(
        "VELOCITY_SENDERS_COUNTERPARTY_7D", "counterparty", "distinct", ("counterparty", "received"), WEEK, 3,
        ("transfer",), "review", 0.5,
        reason="from the third sender a week the field holds; parents and a partner are three (typology 8)",
    ),
)  # fmt: skip

SHARED_LIMITS: Final = (
    Limit(
        "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_24H", "device", "distinct", ("account", "signup"), DAY, 4,
        ("signup",), "review", 0.6, STAFFED, SHARED,
        reason="a family of four may join in one evening; a fifth new member deserves a look (typology 6)",
    ),
    Limit(
        "VELOCITY_SIGNUP_ACCOUNTS_DEVICE_30D", "device", "distinct", ("account", "signup"), MONTH, 5,
        ("signup",), "review", 0.6, STAFFED, SHARED,
        reason="one guest more than the family of four; a sixth new member in a month deserves a look",
    ),
    Limit(
        "VELOCITY_LOGIN_ACCOUNTS_DEVICE_10M", "device", "distinct", ("account", *LOGINS), TEN_MINUTES, 2,
        LOGINS, "challenge", 0.6, STAFFED, SHARED,
        reason="three accounts on one device in 10 min is credential stuffing or a counter (typology 4)",
    ),
    Limit(
        "VELOCITY_LOGIN_FAILED_DEVICE_10M", "device", "count", ("login_failed",), TEN_MINUTES, 10, LOGINS,
        "challenge", 0.6, BATCH, SHARED,
        reason="as for an account: ten wrong passwords in 10 min are not a person's (typology 4)",
    ),
    Limit(
        "VELOCITY_SPEND_ACCOUNTS_DEVICE_24H", "device", "distinct", ("account", *SPENDING), DAY, 4,
        SPENDING, "challenge", 0.5, STAFFED, SHARED,
        reason="a household spends from a few cards on one phone; a fifth in a day is a collector",
    ),
    Limit(
        "VELOCITY_EARN_ACCOUNTS_DEVICE_24H", "device", "distinct", ("account", "earn"), DAY, 3, ("earn",),
        "review", 0.5, STAFFED, SHARED,
        reason="from three accounts on one device a mission is farmed (typology 21); one more for a family",
    ),
    Limit(
        "VELOCITY_SIGNUP_IP_24H", "ip", "count", ("signup",), DAY, 4, ("signup",),
        "review", 0.5, STAFFED, SHARED,
        reason="the field reviews from the third sign-up; four leave room for a family on one line",
    ),
    Limit(
        "VELOCITY_LOGIN_FAILED_ACCOUNTS_IP_10M", "ip", "distinct", ("account", "login_failed"),
        TEN_MINUTES, 9, ("login_failed",), "challenge", 0.6, BATCH, SHARED,
        reason="10 accounts failing from one address in 10 min is the field's line (typology 4)",
    ),
    Limit(
        "VELOCITY_LOGIN_FAILED_IP_10M", "ip", "count", ("login_failed",), TEN_MINUTES, 20, LOGINS,
        "challenge", 0.6, BATCH, SHARED,
        reason="twice an account's line, for an address two people share; covers the one that got in",
    ),
    Limit(
        "VELOCITY_ACCOUNTS_PAYMENT_30D", "payment", "distinct", ("account", *CARDED), MONTH, 3,
        CARDED, "review", 0.5, BATCH, SHARED,
        reason="couples and children share a card; a fourth in a month is a pool or a farm (typology 6)",
    ),
)  # fmt: skip

DEFAULT_LIMITS: Final[tuple[Limit, ...]] = (*ACCOUNT_LIMITS, *SHARED_LIMITS)

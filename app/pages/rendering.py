"""A view as HTML. Everything that was not written here is escaped, and isolated where it may run right to left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.pages import telling
from app.pages.assets import Asset
from app.pages.notices import PATIENCE_S, icon, lines
from app.pages.texts import TEXTS, field_name
from app.redeeming.enrolling import Enrolment
from app.redeeming.terms import Terms
from app.redeeming.views import Mishap, Step, View
from tokens.token import Locale, Method

FOLDER: Final = Path(__file__).with_name("templates")
TEMPLATES: Final[Mapping[Step, str]] = {
    "ask": "ask.html",
    "type": "type.html",
    "passkey": "passkey.html",
    "confirm": "confirm.html",
    "release": "release.html",
    "reward": "reward.html",
}
"""The steps with something to do; every other is a notice."""
PROGRESS: Final[Mapping[str, int]] = {
    "landing": 1,
    "ask": 2,
    "type": 2,
    "passkey": 2,
    "confirm": 2,
    "release": 2,
    "reward": 3,
}
STEPS: Final = 3
IN_THE_FIELD: Final[frozenset[Mishap]] = frozenset({"wrong_code", "not_a_code", "code_gone"})
"""Mishaps that are about what was typed: the summary leads to the field."""
MISHAP_TEXTS: Final[Mapping[tuple[Mishap, Method], str]] = {
    ("tries_spent", "totp"): "tries_spent_totp",
    ("tries_spent", "passkey"): "tries_spent_totp",
    ("code_gone", "passkey"): "passkey_gone",
}
"""Mishaps that are told in other words where no code is sent."""
BIG: Final = frozenset({"voucher_code", "code", "pin", "gift_card_number"})
"""Fields of a reward that are copied or typed in elsewhere: shown large."""
Trouble = Literal["refused", "away", "wait"]
"""What is told where there is no view: a request not ours, a store that does not answer, a client that asks too often."""


class Row(NamedTuple):
    """One field of a reward, as shown."""

    label: str
    value: str
    big: bool = False


class Sheet(NamedTuple):
    """
    What a page needs beside its view.

    locale:     of its texts.
    other_href: where the same page is in the other language.
    query:      what every address of the visit carries: the language, where the member chose one.
    form_token: what every form of the visit carries.
    here:       the address at which the visit stands, where the page may be the answer to a POST.
    """

    locale: Locale
    other_href: str
    query: str = ""
    form_token: str = ""
    here: str = ""


class Renderer:
    """
    Args:
        public_url: where members come to; its host is what the pages tell them to look for.
        assets: style sheet and script.
    """

    def __init__(self, public_url: str, assets: Mapping[str, Asset]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "host": urlsplit(public_url).netloc,
            "css": assets["page.css"].address,
            "script": assets["page.js"].address,
            "passkey_script": assets["passkey.js"].address,
            "steps": STEPS,
        }

    def landing(self, terms: Terms, sheet: Sheet, *, paste: bool) -> str:
        """The page before anything. `paste`: the link's token is not in its path, so a field takes it."""
        return self._page("landing.html", "landing", sheet, terms, paste=paste)

    def step(self, view: View, sheet: Sheet) -> str:
        """The page of a step."""
        name = TEMPLATES.get(view.step)
        if name is None:
            return self._page(
                "notice.html",
                view.step,
                sheet,
                view.terms,
                icon=icon(view.step),
                lines=lines(view, sheet.locale, partial(say, sheet.locale)),
                receipt=_receipt(view, sheet.locale) if view.step in {"receipt", "redeemed"} else [],
                again=None,
            )
        return self._page(
            name,
            view.step,
            sheet,
            view.terms,
            view=view,
            promise=_promise(view, sheet.locale),
            mishap=_mishap(view, sheet.locale),
            in_the_field=view.step == "type" and view.mishap in IN_THE_FIELD,
            content=_content(view, sheet.locale),
            receipt=_receipt(view, sheet.locale),
            resend_s=_resend_s(view),
            sent=_time(view.sent_ms, view, sheet.locale),
            until=_time(view.code_expires_ms, view, sheet.locale),
        )

    def trouble(self, what: Trouble, sheet: Sheet, again: str | None = None) -> str:
        """A page without a view. `again`: the address to try again at."""
        left = telling.duration(PATIENCE_S, sheet.locale)
        told = [say(sheet.locale, f"{what}_lead", left=left), say(sheet.locale, f"{what}_next")]
        return self._page(
            "notice.html", what, sheet, None, icon=icon(what), lines=told, receipt=[], again=again
        )

    def enrolment(self, enrolment: Enrolment, sheet: Sheet) -> str:
        """A page of enrolling a passkey."""
        terms, rests_ms = enrolment.terms, enrolment.rests_until_ms
        rests = None if rests_ms is None else telling.day_and_time(rests_ms, terms.zone, sheet.locale)
        step = f"enrol_{enrolment.stage}"
        return self._page("enrolment.html", step, sheet, terms, enrolment=enrolment, rests=rests)

    def other(self, template: str, **given: Any) -> str:
        """A page that is not a member's: the development outbox."""
        return self._environment.get_template(template).render(given)

    def page(self, template: str, step: str, sheet: Sheet, terms: Terms | None, **given: Any) -> str:
        """A page of another way than a token's."""
        return self._page(template, step, sheet, terms, **given)

    def _page(self, template: str, step: str, sheet: Sheet, terms: Terms | None, **given: Any) -> str:
        return self._environment.get_template(template).render(
            step=step,
            progress=PROGRESS.get(step),
            sheet=sheet,
            brand=terms.brand if terms else None,
            support=terms.support if terms else "",
            t=SimpleNamespace(**TEXTS[sheet.locale]),  # a dict has methods, and one of them is `copy`
            say=partial(say, sheet.locale),
            duration=partial(telling.duration, locale=sheet.locale),
            **given,
        )


def say(locale: Locale, key: str, /, **places: object) -> Markup:
    """A text with its places filled in, each escaped and isolated from the direction of what surrounds it."""
    isolated = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in places.items()}
    return Markup(TEXTS[locale][key]).format(**isolated)  # noqa: S704 - our own texts, which hold no markup


def _promise(view: View, locale: Locale) -> list[Row]:
    reward, texts = view.reward, TEXTS[locale]
    rows = []
    if reward.title:
        rows.append(Row(texts["promise_title"], reward.title))
    if reward.points is not None:
        rows.append(Row(texts["promise_points"], telling.number(reward.points, locale)))
    if reward.face_value_minor is not None and reward.currency:
        value = telling.money(reward.face_value_minor, reward.currency, locale)
        rows.append(Row(texts["promise_value"], value))
    if view.expires_ms is not None and view.step != "reward":
        told = telling.day_and_time(view.expires_ms, view.terms.zone, locale)
        rows.append(Row(texts["promise_until"], told))
    return rows


def _content(view: View, locale: Locale) -> list[Row]:
    return [
        Row(field_name(key, locale), _spelled(value), key in BIG)
        for key, value in sorted((view.payload or {}).items(), key=lambda item: item[0] not in BIG)
    ]


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _receipt(view: View, locale: Locale) -> list[Row]:
    rows = []
    if view.redemption_id:
        rows.append(Row(TEXTS[locale]["receipt_number"], view.redemption_id))
    if view.at_ms is not None and view.step != "redeemed":
        told = telling.day_and_time(view.at_ms, view.terms.zone, locale)
        rows.append(Row(TEXTS[locale]["receipt_at"], told))
    return rows


def _mishap(view: View, locale: Locale) -> Markup | None:
    if view.mishap is None:
        return None
    key = MISHAP_TEXTS.get((view.mishap, view.method), view.mishap)
    told = say(locale, key, digits=view.digits)
    if view.retry_after_s is None:
        return told
    return told + " " + say(locale, "patience", left=telling.duration(view.retry_after_s, locale))


def _resend_s(view: View) -> int | None:
    """Seconds until a new code may be asked for; 0: now, None: never."""
    if view.method not in {"sms", "email"} or view.mishap == "sends_spent":
        return None
    return max(0, -(-((view.resend_after_ms or 0) - view.now_ms) // 1000))


def _time(at_ms: int | None, view: View, locale: Locale) -> str | None:
    return None if at_ms is None else telling.time_of_day(at_ms, view.terms.zone, locale)

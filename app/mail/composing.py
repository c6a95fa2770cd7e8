"""Mails: a letter becomes a message with a text and an HTML part that say the same, and one recipient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.mail.addresses import Unsendable, checked_link, mailbox, one_line
from app.mail.texts import WORDS, instant_in_words
from app.pages import telling
from app.redeeming.letters import CodeLetter, RedeemedLetter, RewardLetter

MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9._-]{1,120}@(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])>")
"""What the outbox names a mail by. Nothing in it can end a header."""


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("app.mail", "templates"),
        autoescape=autoescape,  # noqa: S701 - by hand, since what is guessed from a file's name goes wrong silently
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


_HTML: Final = _environment(autoescape=True)
_TEXT: Final = _environment(autoescape=False)


MailLetter = RewardLetter | CodeLetter | RedeemedLetter
"""What goes by mail."""


def compose(letter: MailLetter, message_id: str, sender: Address, now_ms: int) -> EmailMessage:
    """
    The mail, in the letter's language. `message_id` is the whole Message-ID.

    Raises:
        Unsendable: Its recipient is not one mailbox, its link is none, its time zone is unknown, or the like.
    """
    try:
        return _composed(letter, message_id, sender, now_ms)
    except (ValueError, OverflowError, LookupError) as error:
        known = error if isinstance(error, Unsendable) else type(error).__name__
        raise Unsendable(f"cannot be composed: {known}") from None


def _composed(letter: MailLetter, message_id: str, sender: Address, now_ms: int) -> EmailMessage:
    if not MESSAGE_ID.fullmatch(message_id):
        raise Unsendable("its message id is none")
    name, said = _said(letter, now_ms)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender if sender.display_name else Address(said["brand"], addr_spec=sender.addr_spec)
    message["To"] = Address(addr_spec=mailbox(letter.to))
    message["Subject"] = said["subject"]
    message["Date"] = datetime.fromtimestamp(now_ms // 1_000, UTC)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXT.get_template(f"{name}.txt").render(said), cte="quoted-printable")
    message.add_alternative(
        _HTML.get_template(f"{name}.html").render(said), subtype="html", cte="quoted-printable"
    )
    message["Content-Language"] = (
        letter.locale
    )  # last: making the parts moves what describes content into them
    return message


def _said(letter: MailLetter, now_ms: int) -> tuple[str, Mapping[str, Any]]:
    """Its template, and what stands in it."""
    match letter:
        case RewardLetter():
            return "reward", _reward(letter, now_ms)
        case CodeLetter():
            return "code", _code(letter)
        case RedeemedLetter():
            return "redeemed", _redeemed(letter)


def _reward(letter: RewardLetter, now_ms: int) -> Mapping[str, str]:
    words, brand = WORDS[letter.locale], one_line(letter.brand)
    title = one_line(letter.title or "")
    link, host = checked_link(letter.link)
    intro = words.reward_intro_titled if title else words.reward_intro
    begins = instant_in_words(letter.not_before_ms, letter.timezone, letter.locale)
    ends = instant_in_words(letter.expires_ms, letter.timezone, letter.locale)
    return {
        **_shared(letter),
        "subject": words.reward_subject.format(brand=brand),
        "heading": words.reward_heading,
        "intro": intro.format(brand=brand, title=title),
        "open_page": words.open_page,
        "link": link,
        "host": host,
        "from_on": words.from_on.format(instant=begins) if letter.not_before_ms > now_ms else "",
        "until": words.until.format(instant=ends),
        "asks": words.asks_code if letter.needs_code else words.asks_nothing,
        "check_host": words.check_host.format(host=host),
        "fallback": words.fallback,
        "unexpected": words.unexpected,
    }


def _code(letter: CodeLetter) -> Mapping[str, str]:
    words, brand = WORDS[letter.locale], one_line(letter.brand)
    _, host = checked_link(f"https://{letter.host}")
    return {
        **_shared(letter),
        "subject": words.code_subject.format(brand=brand),
        "heading": words.code_heading,
        "code": one_line(letter.code),
        "reference": words.code_reference.format(reference=one_line(letter.reference)),
        "where": words.code_where.format(host=host),
        "minutes": words.code_minutes.format(minutes=letter.minutes),
        "only_there": words.code_only_there,
        "unexpected": words.code_unexpected,
    }


def _redeemed(letter: RedeemedLetter) -> Mapping[str, Any]:
    words, brand, locale = WORDS[letter.locale], one_line(letter.brand), letter.locale
    link, host = checked_link(letter.link)
    what = [one_line(letter.title)] if letter.title else []
    if letter.points is not None:
        what.append(words.points.format(points=telling.number(letter.points, locale)))
    if letter.face_value_minor is not None and letter.currency:
        what.append(telling.money(letter.face_value_minor, letter.currency, locale))
    return {
        **_shared(letter),
        "subject": words.redeemed_subject.format(brand=brand),
        "heading": words.redeemed_heading,
        "intro": words.redeemed_intro.format(brand=brand),
        "what": what or [words.a_reward],
        "at": words.redeemed_at.format(instant=instant_in_words(letter.at_ms, letter.timezone, locale)),
        "fine": words.redeemed_fine,
        "not_you": words.redeemed_not_you,
        "link": link,
        "host": host,
        "until": words.redeemed_until.format(
            instant=instant_in_words(letter.until_ms, letter.timezone, locale)
        ),
        "check_host": words.check_host.format(host=host),
        "fallback": words.fallback,
        "unexpected": words.redeemed_always,
    }


def _shared(letter: MailLetter) -> Mapping[str, str]:
    words, support = WORDS[letter.locale], one_line(letter.support)
    brand = one_line(letter.brand)
    return {
        "locale": letter.locale,
        "brand": brand,
        "never": words.never,
        "support": words.support.format(support=support) if support else "",
        "automatic": words.automatic.format(brand=brand),
    }

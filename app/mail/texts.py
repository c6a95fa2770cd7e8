"""Every sentence that leaves the house, in both languages, side by side; and instants in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tokens.token import Locale


class Words(NamedTuple):
    """The sentences of one language; what stands in braces is put in. A member reads them: short, calm, and true."""

    reward_subject: str
    reward_heading: str
    reward_intro: str
    reward_intro_titled: str
    open_page: str
    from_on: str
    until: str
    asks_code: str
    asks_nothing: str
    never: str
    check_host: str
    fallback: str
    unexpected: str
    redeemed_subject: str
    redeemed_heading: str
    redeemed_intro: str
    a_reward: str
    points: str
    redeemed_at: str
    redeemed_fine: str
    redeemed_not_you: str
    redeemed_until: str
    redeemed_always: str
    code_subject: str
    code_heading: str
    code_reference: str
    code_where: str
    code_minutes: str
    code_only_there: str
    code_unexpected: str
    support: str
    automatic: str
    sms: str
    instant: str
    days: tuple[str, ...]
    months: tuple[str, ...]


ENGLISH: Final = Words(
    reward_subject="{brand}: your reward is ready",
    reward_heading="Your reward is ready",
    reward_intro="{brand} has a reward for you.",
    reward_intro_titled="{brand} has a reward for you: {title}",
    open_page="To get it, open this page:",
    from_on="The link works from {instant}.",
    until="The link works once, until {instant}.",
    asks_code="The page asks you for one code: the one we send you there, or the one your authenticator app shows. "
    "It asks for nothing else.",
    asks_nothing="The page only asks you to confirm that you want the reward now.",
    never="We never ask for your password, card number or PIN; never by mail, and never by telephone.",
    check_host="Before you go on, check that your browser’s address bar shows {host}.",
    fallback="If the button does not work, copy or type this address into your browser:",
    unexpected="You did not expect this? Then leave it be: unless you confirm on the page, nothing happens.",
    redeemed_subject="{brand}: your reward was redeemed",
    redeemed_heading="Your reward was redeemed",
    redeemed_intro="This was redeemed for your account at {brand}:",
    a_reward="a reward",
    points="{points} points",
    redeemed_at="Redeemed on {instant}.",
    redeemed_fine="Was this you? Then there is nothing to do.",
    redeemed_not_you="This was not you? Open this page to switch redeeming off for your account:",
    redeemed_until="The link works once, until {instant}. Opening the page changes nothing: you confirm there.",
    redeemed_always="You get this message whenever a reward that we sent you by mail is redeemed.",
    code_subject="{brand}: your code",
    code_heading="Your code",
    code_reference="Reference {reference}: the page shows the same.",
    code_where="Type it on the page you have open, at {host}.",
    code_minutes="The code is good for {minutes} minutes, and once.",
    code_only_there="Type it nowhere else and tell it to nobody.",
    code_unexpected="You did not ask for a code? Then somebody else tried. Do nothing: without it they get no further.",
    support="Questions? {support}",
    automatic="Sent automatically by {brand}.",
    sms="{brand}: code {code} (ref. {reference}), good for {minutes} min. Only for {host}. Tell it to nobody.",
    instant="{day}, {at:%-d} {month} {at:%Y, %H:%M} ({zone})",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
)
GERMAN: Final = Words(
    reward_subject="{brand}: Ihre Prämie liegt bereit",
    reward_heading="Ihre Prämie liegt bereit",
    reward_intro="{brand} hat eine Prämie für Sie.",
    reward_intro_titled="{brand} hat eine Prämie für Sie: {title}",
    open_page="Um sie zu erhalten, öffnen Sie diese Seite:",
    from_on="Der Link gilt ab {instant}.",
    until="Der Link gilt nur einmal, und zwar bis {instant}.",
    asks_code="Die Seite fragt Sie nach einem Code: dem, den wir Ihnen dort zusenden, oder dem aus Ihrer "
    "Authenticator-App. Sie fragt nach nichts anderem.",
    asks_nothing="Die Seite bittet Sie nur zu bestätigen, dass Sie die Prämie jetzt möchten.",
    never="Wir fragen nie nach Passwort, Kartennummer oder PIN; nie per Mail und nie am Telefon.",
    check_host="Prüfen Sie vorher, ob die Adresszeile Ihres Browsers {host} zeigt.",
    fallback="Falls die Schaltfläche nicht reagiert, kopieren Sie diese Adresse in Ihren Browser "
    "oder tippen Sie sie ein:",
    unexpected="Sie haben das nicht erwartet? Dann müssen Sie nichts tun: Ohne Ihre Bestätigung auf der Seite "
    "geschieht nichts.",
    redeemed_subject="{brand}: Ihre Prämie wurde eingelöst",
    redeemed_heading="Ihre Prämie wurde eingelöst",
    redeemed_intro="Für Ihr Konto bei {brand} wurde eingelöst:",
    a_reward="eine Prämie",
    points="{points} Punkte",
    redeemed_at="Eingelöst am {instant}.",
    redeemed_fine="Waren Sie das? Dann ist nichts zu tun.",
    redeemed_not_you="Das waren Sie nicht? Öffnen Sie diese Seite, um das Einlösen für Ihr Konto auszuschalten:",
    redeemed_until="Der Link gilt einmal, bis {instant}. Das Öffnen der Seite ändert nichts: Sie bestätigen dort.",
    redeemed_always="Sie erhalten diese Nachricht immer, wenn eine Prämie eingelöst wird, die wir Ihnen per Mail "
    "gesandt haben.",
    code_subject="{brand}: Ihr Code",
    code_heading="Ihr Code",
    code_reference="Kennung {reference}: Die Seite zeigt dieselbe an.",
    code_where="Geben Sie ihn auf der Seite ein, die Sie geöffnet haben: {host}.",
    code_minutes="Der Code gilt {minutes} Minuten und nur einmal.",
    code_only_there="Geben Sie ihn nirgendwo sonst ein und nennen Sie ihn niemandem.",
    code_unexpected="Sie haben keinen Code angefordert? Dann hat es jemand anderes versucht. Sie müssen nichts tun: "
    "Ohne ihn kommt niemand weiter.",
    support="Fragen? {support}",
    automatic="Automatisch versendet von {brand}.",
    sms="{brand}: Code {code} (Kennung {reference}), {minutes} Min. gültig. Nur für {host}. Nennen Sie ihn niemandem.",
    instant="{day}, {at:%-d}. {month} {at:%Y, %H:%M} Uhr ({zone})",
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
)
WORDS: Final[Mapping[Locale, Words]] = {"en": ENGLISH, "de": GERMAN}


def instant_in_words(at_ms: int, timezone: str, locale: Locale) -> str:
    """
    `Friday, 27 November 2026, 14:05 (Europe/Berlin)`, or the same in German.

    Raises:
        zoneinfo.ZoneInfoNotFoundError, ValueError: There is no such time zone.
    """
    words = WORDS[locale]
    at = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(ZoneInfo(timezone))
    return words.instant.format(
        day=words.days[at.weekday()], month=words.months[at.month - 1], at=at, zone=timezone
    )

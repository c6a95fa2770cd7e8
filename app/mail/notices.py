"""What goes out as a signed webhook: a text message with a code, or a link that the programme sends itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from msgspec import Struct, to_builtins

from app.mail.addresses import Unsendable, checked_link, one_line
from app.mail.texts import WORDS
from app.redeeming.letters import CodeLetter, LinkNotice

SMS_SEPTETS: Final = 160
"""Characters of one text message in the GSM alphabet (3GPP TS 23.040, 9.2.3.16); more is billed as two."""
SHORTEST_BRAND: Final = 12
"""Characters of a brand that are kept whatever it costs: fewer would not tell the member whose code it is."""
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set of 3GPP TS 23.038, 6.2.1."""
_GSM_DOUBLE: Final = frozenset("^{}\\[~]|€\f")
"""Its extension table (6.2.1.1): two septets each."""


class Sms(Struct, frozen=True):
    """A text message: `to` a telephone number as the issuer gave it, `text` with its last line as browsers read it."""

    to: str
    text: str


class Link(Struct, frozen=True):
    """A link to be sent by the programme; `expires_at` in RFC 3339."""

    token_id: str
    program_id: str
    account_id: str
    to: str
    locale: str
    link: str
    reward: dict[str, Any]
    expires_at: str


class Notice(Struct, frozen=True):
    """A message for the messenger: `message_id` the same at every try, `at_ms` this one's instant."""

    message_id: str
    kind: Literal["sms", "link"]
    data: Sms | Link
    at_ms: int


def notice_of(letter: CodeLetter | LinkNotice, message_id: str, now_ms: int) -> Notice:
    """
    The notice of a letter.

    Raises:
        Unsendable: The link, or the host, is none.
    """
    try:
        if isinstance(letter, CodeLetter):
            return Notice(message_id, "sms", Sms(to=letter.to, text=sms_text(letter)), now_ms)
        expires = datetime.fromtimestamp(letter.expires_ms // 1_000, UTC)
        link, _host = checked_link(letter.link)
    except (ValueError, OverflowError) as error:
        raise Unsendable(f"cannot be composed: {error}") from None
    data = Link(
        token_id=letter.token_id,
        program_id=letter.program_id,
        account_id=letter.account_id,
        to=letter.to,
        locale=letter.locale,
        link=link,
        reward=to_builtins(letter.reward),
        expires_at=expires.isoformat().replace("+00:00", "Z"),
    )
    return Notice(message_id, "link", data, now_ms)


def sms_text(letter: CodeLetter) -> str:
    """
    The text message. Its last line binds the code to the page's host, so that a telephone fills it in nowhere else.

    A long brand is cut so that all fits in one message, as far as it goes.

    Raises:
        Unsendable: The host is none.
    """
    _, host = checked_link(f"https://{letter.host}")
    brand = one_line(letter.brand)
    last = f"@{host} #{letter.code}"

    def written(name: str) -> str:
        said = WORDS[letter.locale].sms.format(
            brand=name, code=letter.code, reference=letter.reference, minutes=letter.minutes, host=host
        )
        return f"{said}\n\n{last}"

    room = SMS_SEPTETS - (septets(written("")) or 0)
    kept = max(room - 1, SHORTEST_BRAND)
    return written(brand if len(brand) <= max(room, kept + 1) else brand[:kept].rstrip() + ".")


def septets(text: str) -> int | None:
    """How many characters of the GSM alphabet the text takes; None where it has others."""
    if not (_GSM | _GSM_DOUBLE).issuperset(text):
        return None
    return len(text) + sum(char in _GSM_DOUBLE for char in text)

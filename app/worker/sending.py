"""Who sends what leaves the house, as the settings say: the operator's relay and messenger, or a box on this disk."""

from __future__ import annotations

from app import data_dir as layout
from app.mail.local import LocalBox
from app.mail.messenger import Messenger
from app.mail.outcomes import Courier, Relay
from app.mail.smtp import SmtpRelay
from app.ports.instants import Clock
from app.settings import Settings


def relay(settings: Settings, clock: Clock) -> Relay:
    """
    The relay of mails.

    Raises:
        ValueError: The URL or the sender cannot be used. The words hold no password.
    """
    if settings.smtp_url is None or settings.mail_from is None:
        return LocalBox(layout.outbox_dir(settings.data_dir), clock)
    in_development = settings.env == "development"
    return SmtpRelay(settings.smtp_url, settings.mail_from, clear_on_loopback=in_development)


def courier(settings: Settings, clock: Clock) -> Courier:
    """
    Who takes text messages and links.

    Raises:
        ValueError: The secret cannot be used. The words do not hold it.
    """
    if settings.messenger_url is None or settings.messenger_secret is None:
        return LocalBox(layout.outbox_dir(settings.data_dir), clock)
    return Messenger(settings.messenger_url, settings.messenger_secret)

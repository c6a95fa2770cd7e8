"""Every setting of the service, from `EARNEST_*` variables and from a `.env` in the working directory."""

from __future__ import annotations

import base64
import binascii
import logging
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import data_dir as layout
from tokens.outbox import MessageKind

MASTER_KEY_BYTES: Final = 32
"""Bytes of the master key: the output of the hash that derives the others (SHA-256)."""
DISTINCT_BYTES_OF_A_KEY: Final = 16
"""Fewer distinct bytes than this in a key mean that it was typed: 32 random bytes hold 30 distinct ones on
average, and fewer than 16 less than once in 10^16 keys. This is what refuses the placeholders of examples."""

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class SettingsFaulty(Exception):
    """
    The settings cannot be used. `faults` holds one sentence for each, never a secret's value.

    Args:
        faults: What is wrong, and what to do about it.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))


class Settings(BaseSettings):
    """
    The settings, checked and frozen. Use `load`, whose errors are safe to print.

    Raises:
        pydantic.ValidationError: A value of the wrong kind, or, in production, anything unsafe.
    """

    model_config = SettingsConfigDict(
        env_prefix="EARNEST_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses missing or typed secrets, plain http and embedded stores",
    )
    data_dir: Path = Field(
        Path("data"), description="Where an embedded installation keeps everything it owns"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 lets the system choose")
    workers: int = Field(2, ge=1, le=64, description="Web processes: one can restart while the other answers")
    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey; unset: embedded, in the data directory"
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL; unset: SQLite in the data directory"
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Master key, base64 of at least 32 random bytes; unset: made once, in the data directory",
    )
    policy_file: Path | None = Field(None, description="The policy to start with; unset: the one that ships")
    models_dir: Path | None = Field(
        None, description="The shelf of models, `earnest models`; unset: `models` in the data directory"
    )
    home_country: str | None = Field(
        None,
        pattern="^[A-Z]{2}$",
        description="ISO 3166-1 country in which phone numbers and addresses are read that name none",
    )
    hot_timeout_ms: int = Field(
        40, ge=1, le=10_000, description="Patience with one call to the hot store, in ms"
    )
    fallback_deadline_ms: int = Field(
        100, ge=1, le=30_000, description="After so many ms a decision is made by the policy's fallback"
    )
    drain_timeout_s: int = Field(
        10, ge=0, le=300, description="Seconds that running requests get to finish when the service stops"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged"
    )
    public_url: str | None = Field(
        None, description="Base of every link the service sends out; https in production"
    )
    link_form: Literal["path", "fragment"] = Field(
        "path",
        description="Of a token's link: `/r/…`, or `/r#…`, which no server and no log sees but which needs a script",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail relay, `smtp://user:password@host:587` with STARTTLS or `smtps://…`; "
        "unset: mails stay in the data directory",
    )
    mail_from: str | None = Field(
        None, description="Sender of the mails, `Brand <rewards@brand.example>`; needed with a mail relay"
    )
    messenger_url: str | None = Field(
        None,
        description="Takes text messages, and links a programme sends itself, as signed webhooks; "
        "unset: they stay in the data directory",
    )
    messenger_secret: SecretStr | None = Field(
        None, description="Signs what is sent there: `whsec_…`, as Standard Webhooks has it"
    )
    metrics: bool = Field(default=True, description="Whether `/metrics` answers")
    trusted_hosts: CommaSeparated = Field(
        (), description="Host names answered to, separated by commas; empty: any"
    )
    trusted_proxies: CommaSeparated = Field(
        (),
        description="Addresses whose `X-Forwarded-*` headers are believed, separated by commas; empty: none",
    )

    webhook_networks: CommaSeparated = Field(
        (),
        description="Networks that webhooks may be sent to although they are not public, "
        "`10.1.2.0/24`, separated by commas; empty: none",
    )

    @field_validator("trusted_hosts", "trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("webhook_networks", mode="after")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ip_network(text)
            except ValueError:
                raise ValueError(
                    "must be networks as 10.1.2.0/24, host bits zero, separated by commas"
                ) from None
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("data_dir", "models_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("secret_key", mode="after")
    @classmethod
    def _decodes(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            decode_key(value)
        return value

    @model_validator(mode="after")
    def _can_deliver(self) -> Self:
        if (self.smtp_url is None) != (self.mail_from is None):
            raise ValueError("EARNEST_SMTP_URL and EARNEST_MAIL_FROM are given together or not at all")
        if (self.messenger_url is None) != (self.messenger_secret is None):
            raise ValueError(
                "EARNEST_MESSENGER_URL and EARNEST_MESSENGER_SECRET are given together or not at all"
            )
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.env == "production" and (faults := tuple(_production_faults(self))):
            raise ValueError("\n".join(faults))
        return self

    @property
    def hot_url(self) -> str:
        """Where the hot store is: the given URL, or `unix://` and the embedded server's socket."""
        if self.redis_url is not None:
            return self.redis_url.get_secret_value()
        return f"unix://{layout.socket_path(self.data_dir)}"

    @property
    def record_url(self) -> str:
        """Where the record is: the given URL, or SQLite in the data directory."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{layout.record_path(self.data_dir)}"

    def reaches(self, kind: MessageKind) -> bool:
        """Whether this kind of message leaves the house; in development it is kept in the data directory instead."""
        sender = self.smtp_url if kind == "mail" else self.messenger_url
        return sender is not None or self.env != "production"

    @property
    def shelf_dir(self) -> Path:
        """Where the models are: the given folder, or the one in the data directory."""
        return self.models_dir or layout.models_dir(self.data_dir)

    @property
    def log_level_number(self) -> int:
        """The log level as the standard library counts it."""
        return logging.getLevelNamesMapping()[self.log_level.upper()]

    def as_environment(self) -> dict[str, str]:
        """What was set beyond the defaults, as variables for a child process. Secrets are left to the
        environment and the `.env` they came from.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {
            f"EARNEST_{name.upper()}": _spelled(value) for name, value in given.items() if _speakable(value)
        }


def load(**given: Any) -> Settings:
    """
    Read the settings. Arguments outrank the environment, which outranks `.env`; None counts as not given.

    Raises:
        SettingsFaulty: With every fault in one message, none of which holds a value.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        faults = tuple(
            sentence for detail in details for sentence in _sentences(detail["loc"], detail["msg"])
        )
    raise SettingsFaulty(faults)


def decode_key(encoded: SecretStr) -> bytes:
    """
    The bytes of a base64 key, standard or URL-safe alphabet.

    Raises:
        ValueError: Not base64, or shorter than 32 bytes.
    """
    text = encoded.get_secret_value().strip().replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < MASTER_KEY_BYTES:
        raise ValueError(
            f"must be base64 of at least {MASTER_KEY_BYTES} random bytes: openssl rand -base64 32"
        )
    return key


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.secret_key is None:
        faults.append("EARNEST_SECRET_KEY is missing; make one with: openssl rand -base64 32")
    elif len(set(decode_key(settings.secret_key))) < DISTINCT_BYTES_OF_A_KEY:
        faults.append(
            "EARNEST_SECRET_KEY is a placeholder, not random; make one with: openssl rand -base64 32"
        )
    if settings.public_url is None or not _is_https(settings.public_url):
        faults.append("EARNEST_PUBLIC_URL must be the https:// address that members' browsers reach")
    if settings.redis_url is None:
        faults.append("EARNEST_REDIS_URL is missing; the embedded Valkey is for development")
    if settings.database_url is None or settings.database_url.get_secret_value().startswith("sqlite"):
        faults.append("EARNEST_DATABASE_URL must name a PostgreSQL database; SQLite is for development")
    if settings.messenger_url is not None and not _is_https(settings.messenger_url):
        faults.append("EARNEST_MESSENGER_URL must be https://: it is sent codes and links")
    return faults


def _is_https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname)


def _sentences(loc: tuple[int | str, ...], message: str) -> list[str]:
    sentences = message.removeprefix("Value error, ").split("\n")
    return [f"EARNEST_{str(loc[0]).upper()}: {line}" for line in sentences] if loc else sentences


def _speakable(value: object) -> bool:
    return value is not None and not isinstance(value, SecretStr)


def _spelled(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)

"""Passkeys (WebAuthn): what the browser is asked, and whether its answer holds. py_webauthn does the proving.

Only an answer for this site, over this challenge, by an authenticator that verified its user counts. That a challenge
works once, and that an authenticator's own count only rises, are the ledger's laws.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tokens.errors import PasskeyRefused
from tokens.framing import framed
from tokens.limits import CODE_LIFE_S

ANSWER_CHARS: Final = 12_288
"""Of an answer: a credential's id may have 1,023 bytes and stands in it three times, beside an RSA key."""
CREDENTIAL_ID_BYTES: Final = 1_023
"""The longest there may be (WebAuthn, 4: Credential ID)."""
PROMPT_MS: Final = CODE_LIFE_S * 1_000
"""How long the browser may wait for the member: as long as the challenge is good for."""


class Site(NamedTuple):
    """
    Where passkeys are made and used.

    rp_id:  the host alone, which the authenticator binds the key to.
    origin: scheme, host and port, as the browser signs it.
    """

    rp_id: str
    origin: str


class Credential(NamedTuple):
    """How an authenticator is asked for by name: the id of its key, and the ways it is reached."""

    credential_id: bytes
    transports: tuple[str, ...]


class MadeCredential(NamedTuple):
    """A key as made. `aaguid` names the model of authenticator; zeroes where it does not say."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str


def challenge_of(pepper: bytes, challenge_id: str, session_hash: bytes) -> bytes:
    """
    The challenge of a session: 32 bytes that nobody can foresee without the pepper, and that no store holds.

    Its id is random, so no two are alike; a page that is shown again asks the same again.
    """
    return hmac.digest(pepper, framed(b"passkey", challenge_id.encode(), session_hash), "sha256")


def creation_options(
    site: Site, challenge: bytes, *, brand: str, user_id: bytes, user_name: str, known: Sequence[Credential]
) -> str:
    """
    What `navigator.credentials.create` is asked, as JSON.

    `user_id` is the account's, opaque, 64 bytes at most and the same each time; `user_name` is what the authenticator
    shows beside the brand; `known` are the account's passkeys: no authenticator is to make a second one.
    """
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=brand,
        user_id=user_id,
        user_name=user_name,
        challenge=challenge,
        timeout=PROMPT_MS,
        exclude_credentials=_named(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes, known: Sequence[Credential]) -> str:
    """What `navigator.credentials.get` is asked, as JSON: any of these keys will do."""
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=PROMPT_MS,
        allow_credentials=_named(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def made_credential(site: Site, challenge: bytes, answer: str) -> MadeCredential:
    """The key that was made. Raises PasskeyRefused unless it was, here, for this challenge, by a verified user."""
    try:
        parsed = parse_registration_credential_json(_short(answer))
        made = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # parsers of hostile bytes: whatever they raise means no
        raise PasskeyRefused(str(error)) from error
    if not 0 < len(made.credential_id) <= CREDENTIAL_ID_BYTES:
        raise PasskeyRefused(f"a credential's id has 1 to {CREDENTIAL_ID_BYTES} bytes")
    if not hmac.compare_digest(
        made.credential_id, parsed.raw_id
    ):  # nothing is signed: the library takes both
        raise PasskeyRefused("the answer names one credential and holds another")
    transports = tuple([one.value for one in parsed.response.transports or ()])
    return MadeCredential(
        made.credential_id, made.credential_public_key, made.sign_count, transports, made.aaguid
    )


def credential_of(answer: str) -> bytes:
    """The id of the key an answer says it was signed by; nothing is proven yet. Raises PasskeyRefused."""
    try:
        return bytes(parse_authentication_credential_json(_short(answer)).raw_id)
    except Exception as error:  # parsers of hostile bytes: whatever they raise means no
        raise PasskeyRefused(str(error)) from error


def asserted_count(site: Site, challenge: bytes, answer: str, *, public_key: bytes, user_id: bytes) -> int:
    """
    The authenticator's count of its signatures, 0 where it keeps none.

    Raises:
        PasskeyRefused: unless this key signed this challenge, here, for this account, its user verified.
    """
    try:
        parsed = parse_authentication_credential_json(_short(answer))
        verified = verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # whether it rose is for the ledger to say, in one move with the rest
            require_user_verification=True,
        )
    except Exception as error:  # parsers of hostile bytes: whatever they raise means no
        raise PasskeyRefused(str(error)) from error
    handle = parsed.response.user_handle
    if handle and not hmac.compare_digest(handle, user_id):
        raise PasskeyRefused("the passkey is of another account")
    return verified.new_sign_count


def _short(answer: str) -> str:
    if len(answer) > ANSWER_CHARS:
        raise PasskeyRefused(f"an answer has {ANSWER_CHARS} characters at most")
    return answer


def _named(known: Sequence[Credential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(way) for way in one.transports] or None
        )
        for one in known
    ]

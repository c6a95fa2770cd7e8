"""Keys, rings and signers for tests, and a forger who has the keys: MACs made without the code under test."""

import hmac
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tokens.claims import new_claims
from tokens.key_store import StoredKey
from tokens.keyring import Keyring
from tokens.limits import USUAL_LIFE_S
from tokens.signer import Signer

NOW = 1_795_000_000_000
DAY = 86_400_000
FOREVER = 2**60


def key(key_id, *, secret=None, active_ms=NOW - DAY, until_ms=NOW + 30 * DAY, use="sign"):
    """A stored key; its secret is made of its id, so that two ids never share one."""
    secret = secret or key_id.encode().ljust(32, b"*")
    return StoredKey(
        key_id=key_id, use=use, secret=secret, made_ms=active_ms, active_ms=active_ms, until_ms=until_ms
    )


OLD = key("old00000", active_ms=NOW - 20 * DAY)
NEW = key("new00000", active_ms=NOW - DAY)


def signer(*keys):
    """A signer whose ring never changes."""
    ring = Keyring(keys)
    return Signer(lambda: ring)


def claims(kid="new00000", purpose="reward_link", program_id="default", life_s=USUAL_LIFE_S):
    """Claims of a new token, issued at NOW."""
    return new_claims(kid, purpose, program_id, NOW, None, life_s)


def base64url(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signature(payload, stored=NEW, purpose="reward_link", digest="sha256"):
    """The MAC of a payload's text, as whoever held the key could make it."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=b"earnest/tokens/sign/v1", info=purpose.encode())
    derived = hmac.digest(kdf.derive(stored.secret), f"redeem.{purpose}.v1".encode(), digest)
    return base64url(hmac.digest(derived, payload.encode(), digest))


def forged(body, stored=NEW, purpose="reward_link"):
    """Any body at all, under a right MAC."""
    payload = base64url(body)
    return f"{payload}.{signature(payload, stored, purpose)}"

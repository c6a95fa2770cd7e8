"""`python -m benchmarks.token_timing`: whether the time of a refusal tells one token that is none from another."""

from __future__ import annotations

import json
import random
import secrets
import tempfile
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median, quantiles

from scipy.stats import mannwhitneyu

from benchmarks.installation import Client, Installation

CALLS = 2_000
"""Of each kind, in random order. [tokens.md] R10, as the two figures below."""
MEDIANS_WITHIN_MS = 5.0
LEAST_P = 0.01
WARMING_UP = 200
UNKNOWN = "unknown, right shape"
NOT_FOUND = 404

Texts = Mapping[str, Callable[[], tuple[str, str]]]
"""Kind → a token's text and the member who shows it, another text each time where there are others."""


def encoded(raw: bytes) -> str:
    """As a token spells bytes: base64url, not padded."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes again."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def flipped(raw: bytes) -> bytes:
    """One bit changed, anywhere."""
    place = secrets.randbelow(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << secrets.randbelow(8)]) + raw[place + 1 :]


def issued(client: Client) -> tuple[str, str]:
    """A live token: its id and its text."""
    body = {"account_id": "m-1", "purpose": "reward_link", "reward": {"points": 500}}
    told = client.ask("POST", "/v1/tokens", body).json
    return told["token_id"], told["link"].rpartition("/r/")[2]


def kinds(client: Client, elsewhere: Client) -> Texts:
    """Everything that is refused alike; the last two are genuinely signed, so a guesser never holds one."""
    _, live = issued(client)
    revoked_id, revoked = issued(client)
    client.ask("POST", f"/v1/tokens/{revoked_id}/revoke")
    _, foreign = issued(elsewhere)
    payload, _, signature = live.partition(".")
    payload_bytes, mac = decoded(payload), decoded(signature)

    def unknown() -> tuple[str, str]:
        random_payload = encoded(secrets.token_bytes(len(payload_bytes)))
        return f"{random_payload}.{encoded(secrets.token_bytes(len(mac)))}", "m-1"

    return {
        UNKNOWN: unknown,
        "the same once more": unknown,
        "tampered signature": lambda: (f"{payload}.{encoded(flipped(mac))}", "m-1"),
        "tampered payload": lambda: (f"{encoded(flipped(payload_bytes))}.{signature}", "m-1"),
        "garbage": lambda: (secrets.token_urlsafe(20), "m-1"),
        "another programme's": lambda: (foreign, "m-1"),
        "another member's": lambda: (live, "m-2"),
        "revoked": lambda: (revoked, "m-1"),
    }


def call_of(text: str, account_id: str) -> tuple[bytes, str]:
    """A redemption's body and its Idempotency-Key."""
    return json.dumps({"token": text, "account_id": account_id}).encode(), secrets.token_hex(16)


def refusal_ms(client: Client, body: bytes, key: str) -> float:
    """Milliseconds to one refusal, on a connection that is open."""
    began = time.perf_counter()
    reply = client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": key})
    took_ms = (time.perf_counter() - began) * 1e3
    if reply.status != NOT_FOUND:
        raise AssertionError(reply)
    return took_ms


def measure(client: Client, texts: Texts) -> dict[str, list[float]]:
    """
    So many refusals of each kind, shuffled, so that whatever else the machine does meets all alike. All are made
    beforehand: what this process does between two calls would be seen in the second one.
    """
    for _ in range(WARMING_UP):
        refusal_ms(client, *call_of(*texts[UNKNOWN]()))
    turns = [(kind, call_of(*make())) for kind, make in texts.items() for _ in range(CALLS)]
    random.shuffle(turns)
    took: dict[str, list[float]] = {kind: [] for kind in texts}
    for kind, call in turns:
        took[kind].append(refusal_ms(client, *call))
    return took


def main() -> None:
    """Measure and tell."""
    home = Path(tempfile.mkdtemp(prefix="earnest-timing-"))
    with Installation(home, workers=1, EARNEST_LOG_LEVEL="error") as service:
        other = service.key("tokens", program_id="other")
        with service.client() as client, service.client(other) as elsewhere:
            took = measure(client, kinds(client, elsewhere))
    print(f"{CALLS:,} refusals each, one web process, one connection; against: {UNKNOWN}")
    print(f"wanted: medians within {MEDIANS_WITHIN_MS} ms, and p > {LEAST_P} where no store is asked\n")
    print(f"{'':<24}{'median ms':>10}{'p99 ms':>10}{'apart ms':>10}{'p':>10}")
    for kind, times in took.items():
        apart = median(times) - median(took[UNKNOWN])
        p = mannwhitneyu(times, took[UNKNOWN]).pvalue
        print(f"{kind:<24}{median(times):>10.3f}{quantiles(times, n=100)[-1]:>10.2f}{apart:>10.3f}{p:>10.3g}")


if __name__ == "__main__":
    main()

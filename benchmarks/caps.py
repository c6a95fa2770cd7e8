"""A decision with a reserved limit beside a plain one, and a challenge sent and verified.

python -m benchmarks.caps [--seconds 4] [--rounds 3]
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from uuid import uuid4

from benchmarks.decisions import median, row
from benchmarks.echo import echoing
from benchmarks.installation import Client, Installation, until
from benchmarks.load import Measured, load
from benchmarks.machine import machine

CLIENTS = (1, 32)
WARM_UP_S = 2
CHALLENGES = 100
"""Sent and verified one after the other: the fewest of which one in a hundred can be told."""
NEWEST = 3
"""Messages that are looked at for the code: it is of the newest, and each look is a request."""
CAPS = """
name = "bench"
[caps.EARN_MEMBER_DAY]
applies_to = ["earn", "redeem", "login"]
per = "member"
measure = "count"
max = 1_000_000
[caps.CAMPAIGN]
applies_to = ["earn", "redeem", "login"]
per = "campaign"
window = "ever"
max = 1_000_000_000
"""
"""Two caps on every event of the load: of its member in a day, and of one campaign that all of them share."""
ASKING = """
name = "bench"
[[rules]]
code = "ASK"
when = "true"
applies_to = ["redeem"]
effect = "challenge"
message = "measured"
"""
POLICIES = {"plain": 'name = "bench"\n', "with two caps": CAPS}
DAY_S = 86_400


def installed(folder: Path, policy: str, **settings: str) -> Installation:
    """One worker under this policy."""
    folder.mkdir(parents=True)
    (folder / "policy.toml").write_text(policy)
    return Installation(
        folder / "service", workers=1, EARNEST_POLICY_FILE=str(folder / "policy.toml"), **settings
    )


def decisions(seconds: int) -> dict[tuple[str, int], Measured]:
    """One round of each, so that a drift of the machine reaches all alike."""
    found = {}
    with echoing() as echo:
        for clients in CLIENTS:
            found["echo", clients] = load(echo, "", clients=clients, seconds=seconds)
    for name, policy in POLICIES.items():
        with (
            tempfile.TemporaryDirectory(prefix="earnest-bench-") as home,
            installed(Path(home) / "one", policy) as service,
        ):
            key = service.key()
            load(service, key, clients=8, seconds=WARM_UP_S)
            for clients in CLIENTS:
                found[name, clients] = load(service, key, clients=clients, seconds=seconds)
    return found


def challenges() -> tuple[list[float], list[float]]:
    """Milliseconds of each send and of each verify, of members with a telephone of two weeks."""
    sends, verifies = [], []
    with (
        tempfile.TemporaryDirectory(prefix="earnest-bench-") as home,
        installed(Path(home) / "one", ASKING) as service,
        service.client() as client,
    ):
        told = [_challenged(client, n) for n in range(CHALLENGES)]
        service.settle()
        for challenge, number in told:
            began = time.perf_counter()
            sent = client.ask("POST", f"/v1/challenges/{challenge}/send", {"method": "sms_otp"})
            sends.append((time.perf_counter() - began) * 1e3)
            if sent.status != 202:
                raise RuntimeError(sent.body)
            code = _code(client, number)
            began = time.perf_counter()
            passed = client.ask("POST", f"/v1/challenges/{challenge}/verify", {"code": code})
            verifies.append((time.perf_counter() - began) * 1e3)
            if passed.json.get("status") != "passed":
                raise RuntimeError(passed.body)
    return sends, verifies


def _challenged(client: Client, n: int) -> tuple[str, str]:
    """A member of two weeks who redeems, and is asked: the challenge, and the member's telephone."""
    number = f"+49151{n:08d}"
    member, now = f"member-{n}-{uuid4().hex[:8]}", time.time()
    event = {"account_id": member, "channel": "app"}
    joined = event | {
        "event_id": uuid4().hex,
        "type": "signup",
        "occurred_at": _instant(now - 14 * DAY_S),
        "profile": {"phone": number},
    }
    client.ask("POST", "/v1/events", [joined])
    redeems = event | {"event_id": uuid4().hex, "type": "redeem", "points": 10, "occurred_at": _instant(now)}
    told = client.decide(redeems).json
    (asked,) = [one for one in told["actions"] if one["type"] == "step_up"]
    return str(asked["challenge_id"]), number


def _instant(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def _code(client: Client, number: str) -> str:
    """The code in the text message to this number, from the box of a development installation."""

    def look() -> str | None:
        for path in re.findall(r'href="(/outbox/[^"]+)"', client.get("/outbox").body.decode())[:NEWEST]:
            page = unescape(client.get(path).body.decode())
            if number in page:
                return str(re.findall(r"\b\d{6,8}\b", page.partition("<h2>Text</h2>")[2])[0])
        return None

    found: list[str | None] = []
    until(lambda: found.append(look()) or found[-1] is not None)  # type: ignore[func-returns-value]
    return str(found[-1])


def _ms(taken: Sequence[float]) -> str:
    return f"p50 {statistics.median(taken):.1f} ms, p99 {statistics.quantiles(taken, n=100)[98]:.1f} ms"


def main() -> None:
    """Rounds of decisions, then the challenges."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told")
    given = parser.parse_args()
    taken: dict[tuple[str, int], list[Measured]] = {}
    for _ in range(given.rounds):
        for key, one in decisions(given.seconds).items():
            taken.setdefault(key, []).append(one)
    medians = {key: median(values) for key, values in taken.items()}
    print(
        f"# Caps and challenges\n{machine()}; 1 worker, medians of {given.rounds} rounds of {given.seconds} s"
    )
    print(
        f"{'':<22}{'clients':>8}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'× echo':>9}{'refused':>9}"
    )
    for (name, clients), one in medians.items():
        echo = None if name == "echo" else medians["echo", clients]
        print(row(name if name == "echo" else f"decision, {name}", clients, one, echo))
    for clients in CLIENTS:
        plain, capped = medians["plain", clients], medians["with two caps", clients]
        print(
            f"with two caps beside plain, {clients} clients: {capped.rate / plain.rate:.2f} × the rate, "
            f"{capped.p50_ms / plain.p50_ms:.2f} × the p50"
        )
    sends, verifies = challenges()
    print(f"challenge, {CHALLENGES} one after the other: send {_ms(sends)}; verify {_ms(verifies)}")


if __name__ == "__main__":
    main()

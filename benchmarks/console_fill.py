"""
Fills a record for the console's measurements: a million decisions, 100,000 accounts, 100,000 cases, labels, links.

    python -m benchmarks.console_fill DATABASE_URL [decisions] [accounts] [cases]

By bulk SQL, past the recorder: it prints the seconds each part took. What is sealed is sealed really, as the service with
this master key seals it, so that opening costs what it costs. What the worker would do of it later is marked as done
(cases), or left to `benchmarks.console` (figures, identifiers).
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, text

from app.keys import derive
from app.seal import Seal, place
from app.sighting import Sighter
from app.store.sql import migrate, open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.case_tables import (
    case_accounts,
    case_cursors,
    case_decisions,
    case_moves,
    case_places,
    cases,
)
from app.store.sql.dialect import insert_rows
from app.store.sql.tables import accounts, decisions, head, labels, links

MASTER = bytes(range(32))
NOW_MS = 1_772_366_400_000
DAY_MS = 86_400_000
DAYS = 180
PROGRAM = "default"
AT_ONCE = 5_000
CODES = {
    "BURN_RATIO_HIGH": "earn_burn", "REDEEM_AFTER_EARN": "earn_burn", "EARN_SPEED_HIGH": "earn_burn",
    "RETURN_OVERSIZED": "earn_burn", "EARNED_AGAIN": "earn_burn", "NEW_DEVICE_SPENDS": "takeover",
    "CONTACT_CHANGED_THEN_SPENT": "takeover", "DORMANT_AWAKE_SPENDS": "takeover", "IMPOSSIBLE_TRAVEL": "takeover",
    "NEW_COUNTRY_SPENDS": "takeover", "DUPLICATE_PERSON": "duplicates", "SIGNUP_FARM_DEVICE": "duplicates",
    "VELOCITY_REDEEM_ACCOUNT_1H": "velocity", "VELOCITY_EARN_ACCOUNT_24H": "velocity",
    "VELOCITY_STORES_ACCOUNT_24H": "velocity", "VELOCITY_TRANSFER_ACCOUNT_24H": "velocity",
    "ANOMALY_UNUSUAL": "anomaly",
}  # fmt: skip
TYPOLOGIES = ["ato_drain", "signup_farm", "bot_velocity", "transfer_mule", "earn_burn_return", "card_clone"]
LINKED = 20
"""Flagged decisions that a case shows, at most."""
RINGS = 10
"""One open case in so many is a ring, with those of the next few accounts that have no open case."""
RING = 6
MIX = [("login", 30), ("earn", 45), ("redeem", 15), ("profile_change", 3), ("transfer", 2), ("signup", 5)]
RESULTS = [("allow", 920), ("challenge", 45), ("review", 25), ("block", 10)]
STORES = 200
_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode


def pieces(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows, some thousands at a time."""
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def put(engine: Engine, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert all of them."""
    for some in pieces(rows):
        with engine.begin() as connection:
            insert_rows(connection, table, some)


def answer(chance: random.Random, decided: str) -> bytes:
    """As the service answers, of the length that is usual."""
    several = chance.sample(sorted(CODES), chance.choice((1, 2, 3))) if decided != "allow" else []
    reasons = [
        {"code": code, "detector": CODES[code], "contribution": 0.5, "message": "more than usual for this member",
         "evidence": {"observed": 11, "limit": 5}, "member_text": "We saw more than usual."}
        for code in several
    ]  # fmt: skip
    scores = {
        name: {"score": 0.5 if several else 0.0, "status": "fired" if several else "clear"}
        for name in set(CODES.values())
    }
    return _json({
        "decision_id": "dec_0", "event_id": "e-0", "account_id": account(0), "decision": decided, "risk_score": 70.0,
        "risk_level": "high", "source": "detectors", "detectors": scores, "reasons": reasons, "actions": [],
        "linked_accounts": {"count": 0, "cluster_id": None}, "policy_version": "p1", "model_version": "none",
        "mode": "enforce", "degraded": [], "evaluated_at": "2026-01-01T00:00:00Z", "latency_ms": 3.0, "pad": "x" * 200,
    })  # fmt: skip


def account(n: int) -> str:
    """The n-th member's id."""
    return f"m-{n:06d}"


class Filler:
    """Everything, from one seed."""

    def __init__(self, engine: Engine, decided: int, members: int, opened: int, now_ms: int) -> None:
        self.engine, self.decided, self.members, self.opened = engine, decided, members, opened
        self.now_ms = now_ms
        self.chance = random.Random(7)
        self.sighter = Sighter(MASTER, "DE")
        self.keys = AccountKeys(Seal(derive(MASTER, "record")))
        self.flagged: dict[int, list[dict[str, Any]]] = {}
        self.answers = {name: [answer(self.chance, name) for _ in range(50)] for name, _ in RESULTS}

    def fill(self) -> None:
        """Everything, with the seconds each part took."""
        for name, part in (
            ("accounts", self.accounts), ("decisions", self.decisions), ("labels", self.labels),
            ("links", self.links), ("cases", self.cases),
        ):  # fmt: skip
            began = time.perf_counter()
            part()
            print(f"{name:<12}{time.perf_counter() - began:8.1f} s", flush=True)
        with self.engine.begin() as connection:
            _refresh(connection)

    def accounts(self) -> None:
        """Members and their keys."""
        digests = [self.sighter.digest(PROGRAM, "account", account(n)) for n in range(self.members)]
        self.account_keys = digests
        put(self.engine, accounts, (_account(n, digest, self.now_ms) for n, digest in enumerate(digests)))
        self.seals = []
        for start in range(0, self.members, AT_ONCE):
            names = [(PROGRAM, account(n)) for n in range(start, min(start + AT_ONCE, self.members))]
            with self.engine.begin() as connection:
                found = self.keys.of(connection, names)
            self.seals += [found[name] for name in names]

    def decisions(self) -> None:
        """In time order; a few members have very many, most have few."""
        put(self.engine, decisions, map(self._decision, range(1, self.decided + 1)))
        with self.engine.begin() as connection:
            connection.execute(head.update().values(seq=self.decided, events=self.decided))

    def _decision(self, seq: int) -> dict[str, Any]:
        chance = self.chance
        n = int(self.members * chance.random() ** 1.5)
        kind = chance.choices([k for k, _ in MIX], [w for _, w in MIX])[0]
        decided = chance.choices([r for r, _ in RESULTS], [w for _, w in RESULTS])[0]
        at_ms = self.now_ms - DAYS * DAY_MS + seq * DAYS * DAY_MS // self.decided
        points = chance.randrange(10, 2_000) if kind in {"earn", "redeem", "transfer"} else None
        event = {
            "event_id": f"e-{seq}", "type": kind, "occurred_at": "2026-01-01T00:00:00Z", "account_id": account(n),
            "device": {"id": f"device-{n // 3 if chance.random() < 0.05 else n + self.members}"},
            "ip": f"10.{n % 200}.{n // 200 % 250}.{chance.randrange(4)}", "payment_instrument_id": f"card-{n}",
        }  # fmt: skip
        key = self.seals[n]
        store = f"s-{chance.randrange(STORES)}"
        if decided != "allow" and len(its := self.flagged.setdefault(n, [])) < LINKED:
            its.append({
                "seq": seq, "decision_id": f"dec_{seq:024x}", "program_id": PROGRAM, "account_id": account(n),
                "type": kind, "occurred_ms": at_ms, "decision": decided, "risk_score": 70.0,
            })  # fmt: skip
        return {
            "seq": seq, "decision_id": f"dec_{seq:024x}", "program_id": PROGRAM, "event_id": f"e-{seq}",
            "account_id": account(n), "type": kind, "occurred_ms": at_ms, "received_ms": at_ms, "decision": decided,
            "shadow_decision": None, "risk_score": round(100 * chance.random(), 2), "source": "detectors",
            "policy_version": "p1", "model_version": "none", "origin": "decision", "points": points,
            "burned_at_decision": points if kind == "redeem" and decided == "allow" else None,
            "burned": points if kind == "redeem" and decided == "allow" else None, "outcome": None,
            "outcome_ms": None, "body_hash": seq.to_bytes(16, "big"), "answer": chance.choice(self.answers[decided]),
            "key_id": key.key_id,
            "sealed_event": key.seal.seal(_json(event), place("event", PROGRAM, account(n), f"e-{seq}")),
            "account_key": self.account_keys[n], "links": None, "found": b"", "vector": None, "passed_ms": None,
            "passed_method": None, "partner_id": f"p-{int(store[2:]) % 10}", "store_id": store,
        }  # fmt: skip

    def labels(self) -> None:
        """One in five thousand events, and a fiftieth of the members."""
        said = ["fraud", "legitimate", "policy_abuse", "undetermined"]
        wanted: list[tuple[str | None, str | None]] = [(None, f"e-{n}") for n in range(1, self.decided, 500)]
        wanted += [(account(n), None) for n in range(0, self.members, 50)]
        put(
            self.engine,
            labels,
            (
                {
                    "label_id": f"lbl_{n}", "program_id": PROGRAM, "account_id": who, "event_id": which,
                    "label": self.chance.choice(said), "typology": None, "source": "analyst",
                    "labelled_ms": self.now_ms - n, "labelled_by": "user:usr_1",
                }
                for n, (who, which) in enumerate(wanted)
            ),
        )  # fmt: skip

    def links(self) -> None:
        """Rings of three to five neighbours, at a fifth of the members."""
        put(self.engine, links, self._links())

    def _links(self) -> Iterator[dict[str, Any]]:
        evidence = _pack((("email", "exact", 9.1), ("phone", "exact", 8.0)))
        for first in range(0, self.members - 5, 25):
            ring = range(first, first + self.chance.choice((3, 4, 5)))
            for one in ring:
                for other in ring:
                    if one != other:
                        yield {
                            "program_id": PROGRAM, "account_key": self.account_keys[one],
                            "other_key": self.account_keys[other], "probability": 0.97, "evidence": evidence,
                            "found_ms": self.now_ms,
                        }  # fmt: skip

    def cases(self) -> None:
        """A fifth of them open; the others closed, most in time."""
        rows = [_case(self.chance, n, self.now_ms) for n in range(1, self.opened + 1)]
        rings = self._rings(rows)
        put(self.engine, cases, iter(rows))
        put(
            self.engine,
            case_accounts,
            (_case_account(row, name) for row in rows for name in _whom(row, rings)),
        )
        put(self.engine, case_decisions, self._case_decisions(rows, rings))
        put(self.engine, case_places, map(_case_place, rows))
        put(self.engine, case_moves, map(_case_move, rows))
        with self.engine.begin() as connection:
            connection.execute(case_cursors.update().values(seq=self.decided))

    def _rings(self, rows: list[dict[str, Any]]) -> dict[str, list[str]]:
        """Case → the accounts beside the one it began with; the row is told of them."""
        rings: dict[str, list[str]] = {}
        for row in rows:
            n = row["seq"]
            if row["closed_ms"] is None and n % RINGS == 0:
                near = [one for one in rows[n : n + RING] if one["closed_ms"] is not None]
                rings[row["case_id"]] = [one["account_id"] for one in near]
                row["kind"], row["accounts"] = "ring", 1 + len(near)
        return rings

    def _case_decisions(
        self, rows: list[dict[str, Any]], rings: dict[str, list[str]]
    ) -> Iterator[dict[str, Any]]:
        for row in rows:
            for name in _whom(row, rings):
                for one in self.flagged.get(int(name[2:]), ()):
                    yield {"case_id": row["case_id"], **one}


def _whom(case: dict[str, Any], rings: dict[str, list[str]]) -> list[str]:
    return [case["account_id"], *rings.get(case["case_id"], ())]


def _account(n: int, digest: bytes, now_ms: int) -> dict[str, Any]:
    return {
        "program_id": PROGRAM, "account_id": account(n), "account_key": digest, "first_seen_ms": now_ms - DAYS * DAY_MS,
        "last_seen_ms": now_ms, "events": 10, "earned_points": 1_000, "redeemed_points": 400, "allowed": 9,
        "challenged": 1, "reviewed": 0, "blocked": 0, "last_risk_score": 5.0, "last_decision": "allow",
    }  # fmt: skip


def _case(chance: random.Random, n: int, now_ms: int) -> dict[str, Any]:
    at_ms = now_ms - chance.randrange(DAYS * DAY_MS)
    closed_ms = min(at_ms + chance.randrange(3 * DAY_MS), now_ms) if chance.random() < 0.8 else None
    given = {column.name: None for column in cases.c} | {
        column.name: 0
        for column in cases.c
        if not column.nullable and column.type.python_type in {int, float}
    }
    return given | {
        "seq": n, "case_id": f"cas_{n}", "program_id": PROGRAM, "kind": "account",
        "state": "open" if closed_ms is None else "closed", "account_id": account(n - 1), "cause": "decision",
        "typology": chance.choice(TYPOLOGIES), "priority": chance.choice((1, 2, 3)), "accounts": 1,
        "reasons": _json(chance.sample(sorted(CODES), 2)).decode(), "risk_score": 70.0, "reviewed": 1, "decisions": 1,
        "points": chance.randrange(10_000), "value_minor": chance.randrange(10_000), "recommendation": "fraud",
        "rank": chance.randrange(10**9), "opened_ms": at_ms, "changed_ms": at_ms, "due_ms": at_ms + DAY_MS,
        "touched_ms": at_ms + 3_600_000, "closed_ms": closed_ms, "version": 1,
        "resolution": None if closed_ms is None else chance.choice(("fraud", "legitimate", "policy_abuse")),
    }  # fmt: skip


def _case_account(case: dict[str, Any], name: str) -> dict[str, Any]:
    given = {column.name: 0 for column in case_accounts.c if column.type.python_type in {int, float}}
    return given | {
        "case_id": case["case_id"], "account_id": name, "program_id": PROGRAM,
        "is_open": int(case["closed_ms"] is None), "left_ms": None, "why": "flagged", "joined_ms": case["opened_ms"],
        "typology": case["typology"], "reasons": case["reasons"],
    }  # fmt: skip


def _case_place(case: dict[str, Any]) -> dict[str, Any]:
    place = {"kind": "store", "value": f"s-{case['seq'] % STORES}"}
    return {"case_id": case["case_id"], "program_id": PROGRAM, **place}


def _case_move(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": case["seq"], "case_id": case["case_id"], "program_id": PROGRAM, "at_ms": case["opened_ms"],
        "actor": "worker", "move": "open", "from_state": "", "to_state": "open", "version": 1, "detail": "{}",
        "before": None, "account_id": case["account_id"], "sealed": None, "key_id": None,
    }  # fmt: skip


def _refresh(connection: Connection) -> None:
    """Let the planner know what is there."""
    connection.execute(text("ANALYZE"))


def fill(url: str, decided: int, members: int, opened: int, now_ms: int = NOW_MS) -> None:
    """Migrate and fill an empty database with the half year before an instant."""
    migrate(url)
    engine = open_engine(url)
    Filler(engine, decided, members, opened, now_ms).fill()
    engine.dispose()


def main(arguments: list[str], done: Callable[[str], None] = print) -> None:
    """Fill the database of this URL."""
    sizes = [int(one) for one in arguments[1:]] + [1_000_000, 100_000, 100_000][len(arguments) - 1 :]
    began = time.perf_counter()
    fill(arguments[0], *sizes)
    done(f"{'together':<12}{time.perf_counter() - began:8.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])

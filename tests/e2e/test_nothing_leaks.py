"""Secrets are where they belong and nowhere else: every byte that is kept, logged, told or sent is searched."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from itsdangerous.encoding import base64_decode
from psycopg import connect

from app import data_dir as layout
from app.keys import derive, master_key
from app.redeeming.secrets import Secrets
from app.redeeming.sessions import of_cookie
from app.seal import Seal
from app.settings import load
from app.store.sql import open_engine
from app.store.sql.audit import Audit
from app.store.sql.tokens import SqlKeyStore
from benchmarks.installation import until
from tests.e2e.events import fresh
from tests.e2e.post_office import part_of
from tests.e2e.rewards import Visitor, address, database, issued, order, programme, state_of, token_of
from tests.e2e.tokens import schema_of_our_own
from tokens.claims import Claims, understood
from tokens.errors import VaultBroken
from tokens.token import Shut
from tokens.vault import open_shut

VALUABLE = 30_000
"""Cents: such a reward's code has eight digits, which no instant in a log shows by chance."""
DELIVERED = "delivered@qanary.example"
PHONE = "+4915155577711"
PAYLOAD = "QANARY-VOUCHER-77"
JSON = "application/json"
PRIVATE = ("Qanary-Nobody", "qanary-street 7")


@dataclass
class Story:
    """What happened, and what was secret in it."""

    secrets: dict[str, list[bytes]] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)
    mails: list = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def secret(self, name, *values):
        """Text, and every way in which it may be written down."""
        for value in values:
            raw = value if isinstance(value, bytes) else value.encode()
            self.secrets.setdefault(name, []).extend(
                {raw, raw.hex().encode(), json.dumps(raw.decode("latin-1"))[1:-1].encode()}
            )


def claims_of(link: str) -> Claims:
    """What the link says, for whoever holds it."""
    found = understood(base64_decode(token_of(link).partition(".")[0]))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A service at debug level that was used rightly and wrongly, then searched, then ended and searched again."""
    story = Story()
    home = tmp_path_factory.mktemp("told")
    with programme(home, EARNEST_LOG_LEVEL="debug") as (running, office), ExitStack() as stack:
        for words in (("slowlog-log-slower-than", "0"), ("slowlog-max-len", "100000")):
            running.ask_hot_store("CONFIG", "SET", *words)
        key = running.key("tokens", "read")
        story.secret("API key", key, key.split("_", 2)[2])
        client = stack.enter_context(running.client(key))
        told_by_mail(running, office, client, stack, story)
        told_by_the_counter(client, story)
        ended_otherwise(running, client, story)
        told_wrongly(running, client, key, stack, story)
        story.kept["metrics"] = client.get("/metrics").body
        story.kept["tokens listed"] = client.get("/v1/tokens?limit=100").body
        gather(running, story, "while it runs")
        story.mails, story.texts = office.mails_to(DELIVERED), office.messages
        story.codes = office.codes_to(PHONE)
        story.secret("code", *story.codes)
        running.stop()
        gather(running, story, "when it has ended")
    return story


def told_by_mail(running, office, client, stack, story) -> None:
    """Issue, mail, code, wrong code, redemption; the answer is kept for its ten minutes."""
    key = fresh("qanary-issuing")
    body = order(
        reward={"face_value_minor": VALUABLE, "currency": "EUR", "payload": {"voucher_code": PAYLOAD}},
        delivery={"channel": "email", "to": DELIVERED, "locale": "de"},
        otp={"method": "sms", "to": PHONE},
        metadata={"name": PRIVATE[0], "street": PRIVATE[1]},
    )
    assert client.ask("POST", "/v1/tokens", body, **{"Idempotency-Key": key}).status == 201
    link = office.link_to(DELIVERED)
    comes_from = address()
    member = stack.enter_context(Visitor(running, comes_from))
    assert member.enter(link).status == 200
    assert member.press("code").status == 200
    code = office.code_to(PHONE)
    assert len(code) == 8
    assert member.type(f"{(int(code) + 1) % 10**8:08d}").status == 401
    story.answers.append(member.page.encode())
    assert member.type(code).status == 200
    assert PAYLOAD in member.page
    cookie = member.cookie.partition("=")[2]
    session = of_cookie(Secrets.of(master_of(running)).cookies, cookie, claims_of(link).iat * 1_000 + 10_000)
    story.links.append(link)
    story.secret("payload", PAYLOAD)
    story.secret(
        "link", token_of(link), token_of(link).partition(".")[2], claims_of(link).s, claims_of(link).jti
    )
    story.secret("cookie", cookie, session.secret)
    story.secret("address", DELIVERED, PHONE, PHONE[1:], comes_from, *PRIVATE)
    story.secret("Idempotency-Key", key)


def told_by_the_counter(client, story) -> None:
    """Redeemed by a backend, and told again."""
    payload, key = f"{PAYLOAD}-counter", fresh("qanary-redeeming")
    reward = {"points": 5, "payload": {"voucher_code": payload}}
    made = issued(client, account_id="m-counter", reward=reward, otp={"method": "none"})
    body = {"token": token_of(made["link"]), "account_id": "m-counter"}
    for _ in range(2):
        reply = client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": key})
        assert reply.json["reward"]["payload"] == {"voucher_code": payload}
    other = client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh("other")})
    assert other.status == 409
    story.answers.append(other.body)
    story.secret("link", token_of(made["link"]), claims_of(made["link"]).s)
    story.secret("Idempotency-Key", key)


def ended_otherwise(running, client, story) -> None:
    """One revoked, one expired, one still good."""
    reward = {"points": 5, "payload": {"voucher_code": f"{PAYLOAD}-otherwise"}}
    made = [issued(client, reward=reward, otp={"method": "none"}) for _ in range(3)]
    assert client.ask("POST", f"/v1/tokens/{made[0]['token_id']}/revoke").status == 200
    with database(running) as connection:
        connection.execute("UPDATE tokens SET expires_ms = 1 WHERE token_id = ?", (made[1]["token_id"],))
    until(lambda: state_of(client, made[1]["token_id"])["state"] == "expired")
    for one in made:
        story.secret("link", token_of(one["link"]), claims_of(one["link"]).s)


def told_wrongly(running, client, key, stack, story) -> None:
    """
    Every field wrong in its turn, JSON that is none, tokens that are none, and secrets where nobody asked for any.

    Names of members may be repeated in a pointer, but where a token is redeemed.
    """
    canary = f"{PAYLOAD}-wrong"
    good = order(not_before=None, campaign_id="c", decision_id=None)
    bodies: list[object] = [f'{{"token": "{canary}'.encode(), canary.encode(), [canary], {"unknown": canary}]
    bodies += [
        good | {name: value}
        for name in good
        for value in ({"unknown": canary}, [canary], f"{canary}\n{canary * 99}")
    ]
    bodies += [
        good | {name: good[name] | {inner: [canary]}}
        for name in ("reward", "delivery", "otp")
        for inner in good[name]
    ]
    asked = [client.ask("POST", "/v1/tokens", body) for body in bodies]
    for name in ("token", "otp", "account_id"):
        for value in (canary, [canary], {canary: canary}, canary * 99, f"{canary}\n", f"é{canary}"):
            body = {"token": "x", "otp": "123456", "account_id": "m-1"} | {name: value}
            asked.append(client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh("k")}))
    asked += [client.ask("POST", "/v1/tokens/redeem", {}, **{"Idempotency-Key": canary * 9})]
    asked += [
        client.ask("GET", path)
        for path in (f"/v1/tokens/{canary}", f"/v1/tokens?cursor={canary}", f"/{canary}?{canary}")
    ]
    asked += [
        client.ask("PROPFIND", "/v1/tokens", **{name: canary}) for name in ("User-Agent", "Referer", "Cookie")
    ]
    stranger = stack.enter_context(running.client(f"ek_{'0' * 16}_{canary}"))
    asked.append(stranger.get("/v1/tokens"))
    visitor = stack.enter_context(Visitor(running, address()))
    visitor.cookie = f"rs={canary}"
    asked += [
        visitor.ask("POST", path, {"link": canary, "code": canary})
        for path in (f"/r/{canary}", "/r", "/redeem/verify")
    ]
    asked += [
        visitor.ask("GET", f"/redeem?lang={canary}"),
        visitor.ask("POST", "/redeem/code", {"form_token": canary}),
    ]
    assert not [one for one in asked if one.status in {200, 201, 202} and one.headers["content-type"] == JSON]
    story.answers += [reply.body + repr(reply.headers).encode() for reply in asked]


def master_of(running) -> bytes:
    return master_key(load(data_dir=running.data_dir))


def gather(running, story, when) -> None:
    """Every byte on the disk, and of the hot store what it says of itself."""
    for path in sorted(running.data_dir.rglob("*")):
        if path.is_file():
            story.kept[f"{path.relative_to(running.data_dir)} {when}"] = path.read_bytes()
    story.kept[f"log {when}"] = running.log.read_bytes()
    if when == "while it runs":
        names = running.ask_hot_store("KEYS", "*")
        told_ = [running.ask_hot_store("DUMP", name) for name in names]
        told_ += [
            running.ask_hot_store("SLOWLOG", "GET", "-1"),
            running.ask_hot_store("CLIENT", "LIST"),
            names,
        ]
        story.kept["hot store"] = repr(told_).encode()


def test_the_search_searches(told):
    """It has every place, and would find what is there: the account's name, which is no secret."""
    assert {
        "record.db while it runs",
        "record.db-wal while it runs",
        "hot store",
        "metrics",
    } <= told.kept.keys()
    assert any("aof" in name for name in told.kept)
    assert any(b"m-counter" in content for name, content in told.kept.items() if name.startswith("record.db"))
    assert b"SLOWLOG" in told.kept["hot store"] or b"slowlog" in told.kept["hot store"].lower()
    assert not any(name.startswith("outbox") for name in told.kept), "nothing is left in a development outbox"


@pytest.mark.parametrize(
    "what", ["payload", "link", "cookie", "address", "code", "API key", "Idempotency-Key"]
)
def test_nothing_that_is_kept_logged_or_measured_holds_it(told, what):
    """The database with its log, Valkey's memory, file and slow log, the spool, metrics, our log, the audit."""
    found = {
        name for name, content in told.kept.items() for secret in told.secrets[what] if secret in content
    }
    assert found == set()


@pytest.mark.parametrize(
    "what", ["payload", "link", "cookie", "address", "code", "API key", "Idempotency-Key"]
)
def test_no_answer_repeats_what_was_wrong(told, what):
    """Validation, malformed JSON, unknown tokens, refused keys, pages: what was sent is not in what came back."""
    for answer in told.answers:
        for secret in told.secrets[what]:
            assert secret not in answer


def test_a_mail_has_the_link_and_nothing_else_a_message_the_code_and_nothing_else(told):
    """The other mail is the notice of the redemption: it has neither."""
    shown = [repr(mail.items()) + part_of(mail, "plain") + part_of(mail, "html") for mail in told.mails]
    assert [told.links[0] in one for one in shown].count(True) == 1
    for name in ("payload", "cookie", "code", "API key", "Idempotency-Key"):
        assert not [secret for secret in told.secrets[name] if secret.decode("latin-1") in "".join(shown)]
    assert PHONE not in "".join(shown)
    messages = b"".join(told.texts)
    assert told.codes[0].encode() in messages
    for name in ("payload", "link", "cookie", "API key", "Idempotency-Key"):
        assert not [secret for secret in told.secrets[name] if secret in messages]
    assert DELIVERED.encode() not in messages


# ---------------------------------------------------------------- store and link, apart and together


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request, tmp_path):
    """An installation on either database, with a link nobody has used; and what a thief of its store has."""
    settings = {}
    if request.param == "postgres":
        settings["EARNEST_DATABASE_URL"] = schema_of_our_own(request.getfixturevalue("postgres_server"))
    with programme(tmp_path, **settings) as (running, _), running.client() as client:
        made = issued(
            client, reward={"points": 5, "payload": {"voucher_code": PAYLOAD}}, otp={"method": "none"}
        )
        yield SimpleNamespace(
            running=running, client=client, link=made["link"], token_id=made["token_id"], kind=request.param,
            url=settings.get("EARNEST_DATABASE_URL"),
        )  # fmt: skip


def stolen(ledger) -> tuple[Shut | None, bytes, list[bytes]]:
    """The content as stored, the server's key with the master key's help, and every other 32 bytes of the store."""
    master, engine = master_of(ledger.running), open_engine(ledger.running.record_url)
    try:
        store = SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), Audit(derive(master, "audit")))
        keys = {key.key_id: key.secret for use in ("vault", "sign") for key in store.keys(use)}
        with engine.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT vault_key, wrapped_key, ciphertext, token_hash, secret_hash FROM tokens"
            ).one()
    finally:
        engine.dispose()
    shut = None if row.ciphertext is None else Shut(bytes(row.wrapped_key), bytes(row.ciphertext))
    others = [
        master,
        *keys.values(),
        bytes(row.token_hash),
        bytes(row.secret_hash),
        hashlib.sha256(master).digest(),
    ]
    return shut, keys[row.vault_key], others


def opens(shut, server_key, secret, claims) -> bool:
    try:
        place = ("default", claims.pur)
        return PAYLOAD.encode() in open_shut(
            shut, server_key=server_key, secret=secret, place=place, jti=claims.jti
        )
    except VaultBroken:
        return False


def test_store_and_link_open_the_content_together_apart_never_and_after_its_use_not_even_together(ledger):
    """Before: only both. After: the two ciphertexts are in no row and, on SQLite, in no byte of its files."""
    claims = claims_of(ledger.link)
    shut, server_key, others = stolen(ledger)
    assert opens(shut, server_key, claims.s, claims)
    assert not [secret for secret in [*others, server_key] if opens(shut, server_key, secret, claims)]
    assert not [
        key
        for key in [*others[1:], claims.s, bytes(32)]
        if key != server_key and opens(shut, key, claims.s, claims)
    ]
    body = {
        "token": token_of(ledger.link),
        "account_id": state_of(ledger.client, ledger.token_id)["account_id"],
    }
    assert (
        ledger.client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh("key")}).status
        == 200
    )
    assert stolen(ledger)[0] is None
    ledger.running.stop()
    if ledger.kind == "sqlite":
        assert shut.ciphertext not in layout.record_path(ledger.running.data_dir).read_bytes()
        left = b"".join(path.read_bytes() for path in ledger.running.data_dir.glob("record.db*"))
    else:
        with connect(ledger.url) as connection:
            rows = connection.execute(
                "SELECT t::text FROM tokens t UNION ALL SELECT r::text FROM redemptions r"
            ).fetchall()
        left = "".join(row[0] for row in rows).encode()
    for secret in (shut.wrapped_key, shut.ciphertext):
        assert secret not in left
        assert secret.hex().encode() not in left

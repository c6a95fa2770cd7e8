"""One POST: to the address that was looked at and no other, once, not for long, and without telling secrets."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.webhooks.guarding import Guard, networks
from app.webhooks.posting import Poster
from tests.app.webhooks.receiver import Receiver, receiving

LOOPBACK = networks(["127.0.0.0/8"])


@pytest.fixture
def receiver():
    with receiving(Receiver()) as one:
        yield one


@pytest.fixture
async def poster():
    one = Poster(Guard(LOOPBACK, https_only=False))
    yield one
    await one.close()


async def test_what_is_sent_arrives_as_it_is(receiver, poster):
    answer = await poster.post(f"{receiver.url}?a=%20b", {"webhook-id": "msg_1"}, b'{"a":1}')
    assert (answer.took, answer.status) == (True, 204)
    ((path, headers, body),) = receiver.got
    assert (path, body) == ("/hooks?a=%20b", b'{"a":1}')
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["webhook-id"] == "msg_1"
    assert headers["content-type"] == "application/json"


async def test_connections_are_used_again(receiver, poster):
    for _ in range(5):
        assert (await poster.post(receiver.url, {}, b"{}")).took
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [300, 400, 401, 404, 409, 410, 429, 500, 503])
async def test_anything_but_success_is_not_delivered(receiver, poster, status):
    receiver.answer = lambda *_: status
    answer = await poster.post(receiver.url, {}, b"{}")
    assert (answer.took, answer.status) == (False, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(receiver, poster, status):
    with receiving(Receiver()) as elsewhere:
        receiver.answer, receiver.headers = lambda *_: status, {"Location": elsewhere.url}
        assert not (await poster.post(receiver.url, {}, b"{}")).took
        assert elsewhere.got == []


async def test_an_answer_without_end_is_not_read_to_its_end(receiver, poster):
    receiver.answer, receiver.body = lambda *_: 200, b"x" * 10_000_000
    assert (await poster.post(receiver.url, {}, b"{}")).took
    assert (await poster.post(receiver.url, {}, b"{}")).took
    assert receiver.connections == 2  # the first was given up


async def test_a_receiver_that_says_nothing_is_given_up(receiver):
    from threading import Event  # noqa: PLC0415 - of this test alone

    until = Event()
    receiver.answer = lambda *_: 204 if until.wait(10) else 500
    poster = Poster(Guard(LOOPBACK, https_only=False), patience_s=0.05)
    answer = await poster.post(receiver.url, {}, b"{}")
    until.set()
    assert (answer.status, answer.why) == (None, "no answer within 0.05 s")
    await poster.close()


async def test_a_receiver_that_is_away_is_a_failure(poster):
    with receiving(Receiver()) as gone:
        url = gone.url
    answer = await poster.post(url, {}, b"{}")
    assert (answer.status, answer.why) == (None, "not reached: ConnectError")


async def test_without_leave_loopback_is_not_even_connected_to(receiver):
    poster = Poster(Guard(https_only=False))
    answer = await poster.post(receiver.url, {}, b"{}")
    assert (answer.status, answer.why) == (None, "the url must resolve to public addresses only")
    assert receiver.connections == 0
    await poster.close()


async def test_a_name_that_changes_its_mind_between_check_and_connection_gains_nothing(receiver):
    """Rebinding: it was public when the webhook was made; at the connection it is looked at again, once, and pinned."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    guard = Guard(https_only=False, lookup=lambda *_: next(answers))
    await guard.check(f"http://rebind.example:{receiver.port}/")
    poster = Poster(guard)
    assert not (await poster.post(f"http://rebind.example:{receiver.port}/", {}, b"{}")).took
    assert receiver.connections == 0
    assert next(answers, None) is None
    await poster.close()


async def test_it_connects_to_the_address_looked_at_and_asks_for_the_name(receiver):
    """The name exists nowhere but in the resolver given: nobody else was asked."""
    asked = []

    def lookup(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    poster = Poster(Guard(LOOPBACK, https_only=False, lookup=lookup))
    assert (await poster.post(f"http://shop.invalid:{receiver.port}/", {}, b"{}")).took
    assert asked == [("shop.invalid", receiver.port)]
    assert receiver.got[0][1]["host"] == f"shop.invalid:{receiver.port}"
    await poster.close()


async def test_an_address_that_does_not_answer_has_a_second(receiver):
    poster = Poster(Guard(LOOPBACK, https_only=False, lookup=lambda *_: ["127.0.0.2", "127.0.0.1"]))
    assert (await poster.post(f"http://two.invalid:{receiver.port}/", {}, b"{}")).took
    await poster.close()


async def test_no_proxy_of_the_environment_is_asked(receiver, poster, monkeypatch):
    with receiving(Receiver()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await poster.post(receiver.url, {}, b"{}")).took
        assert proxy.connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of `shop.invalid`, signed by itself: (file for the server, PEM to trust)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.invalid")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.invalid")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + pem
    )
    return file, pem.decode()


@pytest.mark.parametrize(("name", "took"), [("shop.invalid", True), ("other.invalid", False)])
async def test_the_certificate_must_be_of_the_name_though_the_address_is_pinned(certificate, name, took):
    file, pem = certificate
    asked_for = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    serving.sni_callback = lambda _socket, server_name, _context: asked_for.append(server_name)
    poster = Poster(
        Guard(LOOPBACK, lookup=lambda *_: ["127.0.0.1"]), trust=ssl.create_default_context(cadata=pem)
    )
    with receiving(Receiver(), serving) as receiver:
        answer = await poster.post(f"https://{name}:{receiver.port}/", {}, b"{}")
        assert answer.took == took
        assert asked_for == [name]
        assert len(receiver.got) == int(took)
    await poster.close()


async def test_what_is_told_of_a_failure_repeats_nothing_of_the_url(poster):
    for url in ("http://hush:pw@h.invalid/", "http://127.0.0.1:1/hush", "http://hush.invalid/"):
        assert "hush" not in (await poster.post(url, {}, b"{}")).why

"""A notice reaches a real receiver, which can tell by the standard's own library that it is ours and whole."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from app.mail.messenger import Messenger
from app.mail.notices import notice_of
from app.mail.outcomes import Accepted, Failed, Later
from tests.app.mail.letters import LINK, code, link

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
MESSAGE_ID = "<chl_77@redeem.brand.example>"


class Receiver(ThreadingHTTPServer):
    """Answers with `status`, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.received: list[tuple[dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("location", f"{self.server.url}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Quietly."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def posted(url: str, letter, message_id=MESSAGE_ID):
    messenger = Messenger(url, SecretStr(SECRET))
    now_ms = time.time_ns() // 1_000_000  # the receiver's library reads the wall clock
    try:
        return await messenger.post(notice_of(letter, message_id, now_ms))
    finally:
        await messenger.close()


async def test_a_text_message_is_signed_so_that_the_receiver_knows_it_is_ours(receiver):
    assert await posted(receiver.url, code(to="+491701234567")) == Accepted()
    ((headers, body),) = receiver.received
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "message.sms"
    assert told["data"]["to"] == "+491701234567"
    assert told["data"]["text"].endswith("\n@redeem.brand.example #482913")
    assert headers["webhook-id"] == "chl_77"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace("482913", "482914"), headers)


async def test_a_link_goes_with_all_a_messenger_needs(receiver):
    assert await posted(receiver.url, link(), "<tok_1f2e@redeem.brand.example>") == Accepted()
    ((headers, body),) = receiver.received
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "message.link"
    assert told["data"] == {
        "token_id": "tok_1f2e",
        "program_id": "default",
        "account_id": "m-1",
        "to": "+49301234567",
        "locale": "de",
        "link": LINK,
        "reward": {"title": "Gift card", "points": 500},
        "expires_at": "2026-11-27T13:05:00Z",
    }


@pytest.mark.parametrize(
    ("status", "became"),
    [
        *((status, Accepted()) for status in (200, 202, 204)),
        *((status, Failed(f"the messenger said {status}")) for status in (400, 401, 404, 410, 422)),
        *(
            (status, Later(f"the messenger said {status}"))
            for status in (301, 307, 408, 409, 425, 429, 500, 503)
        ),
    ],
)
async def test_what_the_receiver_answers_becomes_a_value_and_no_redirect_is_followed(
    receiver, status, became
):
    receiver.status = status
    assert await posted(receiver.url, code()) == became
    assert len(receiver.received) == 1


async def test_a_repeat_has_the_same_id(receiver):
    for _ in range(2):
        await posted(receiver.url, code())
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


async def test_a_receiver_that_is_not_there_only_delays():
    assert await posted("http://127.0.0.1:1/", code()) == Later("the messenger was not reached: ConnectError")


async def test_a_receiver_that_never_comes_to_an_end_only_delays():
    """A byte now and then satisfies every patience with a single one; here nothing but the whole is limited."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        patient = httpx.AsyncClient(timeout=None)  # noqa: S113 - that is what is tried
        messenger = Messenger(url, SecretStr(SECRET), client=patient, whole_s=0.05)
        notice = notice_of(code(), MESSAGE_ID, 1_772_366_400_000)
        async with asyncio.timeout(5):
            assert await messenger.post(notice) == Later("the messenger was not reached: TimeoutError")
        await messenger.close()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "hunter2", "whsec_ä"])
def test_a_secret_that_is_none_is_refused_without_repeating_it(secret):
    with pytest.raises(ValueError, match="EARNEST_MESSENGER_SECRET") as refused:
        Messenger("https://messenger.example", SecretStr(secret))
    assert "hunter2" not in str(refused.value)

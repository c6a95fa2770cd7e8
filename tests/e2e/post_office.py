"""What stands at the other end of an installation: a mail relay over STARTTLS, a messenger, and members who read."""

from __future__ import annotations

import asyncio
import email
import json
import re
import ssl
import threading
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP

from benchmarks.installation import PATIENCE_S, until
from tests.app.mail.servers import Postbox, certificate

SECRET: Final = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
LINK: Final = re.compile(r"https?://\S+/r[/#][A-Za-z0-9_.-]+")
CODE: Final = re.compile(r"#(\d+)\Z")
"""On the last line of a text message, as telephones read it."""


class PostOffice:
    """
    A relay that demands STARTTLS, on a port of its own that it keeps while it is shut, and a messenger.

    `settings` makes an installation send everything here.
    """

    def __init__(self, home: Path) -> None:
        self._pem = certificate(home)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self._pem)
        self._postbox = Postbox()
        self._phone = _Phone()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=self._loop.run_forever),
            threading.Thread(target=self._phone.serve_forever, kwargs={"poll_interval": 0.01}),
        ]
        self._relay: asyncio.Server | None = None
        self._port = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._phone.shutdown()
        self._phone.server_close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._loop.close()

    @property
    def settings(self) -> dict[str, str]:
        """The relay's certificate is trusted as an operator's own authority would be."""
        return {
            "EARNEST_SMTP_URL": f"smtp://127.0.0.1:{self._port}",
            "EARNEST_MAIL_FROM": "Kaffeehaus Lindner <rewards@brand.example>",
            "EARNEST_MESSENGER_URL": f"http://127.0.0.1:{self._phone.server_address[1]}/hook",
            "EARNEST_MESSENGER_SECRET": SECRET,
            "SSL_CERT_FILE": str(self._pem),
        }

    def open(self) -> None:
        """Let the relay answer, at the port it had."""
        self._relay = self._do(self._listen())
        self._port = self._relay.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """The relay is away: connections are refused."""
        if self._relay is not None:
            self._do(self._hang_up(self._relay))
            self._relay = None

    @property
    def connections(self) -> int:
        """Opened so far."""
        return self._postbox.connections

    @property
    def mails(self) -> list[bytes]:
        """Every mail that was taken, as it came."""
        assert all(self._postbox.encrypted), "nothing comes in clear"
        return [bytes(envelope.original_content or b"") for envelope in list(self._postbox.envelopes)]

    @property
    def messages(self) -> list[bytes]:
        """Every webhook that was taken, headers first."""
        return list(self._phone.taken)

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What this mailbox holds."""
        read = (email.message_from_bytes(mail, EmailMessage, policy=WIRE) for mail in self.mails)
        return [mail for mail in read if mail["To"] == address]

    def mail_to(self, address: str) -> EmailMessage:
        """The only mail to this mailbox, waited for."""
        until(lambda: self.mails_to(address))
        (mail,) = self.mails_to(address)
        return mail

    def link_to(self, address: str) -> str:
        """The link of the only mail to this mailbox: one and the same in both of its parts."""
        mail = self.mail_to(address)
        links = {link for kind in ("plain", "html") for link in LINK.findall(part_of(mail, kind))}
        (link,) = links
        return link

    def codes_to(self, number: str) -> list[str]:
        """The codes sent to this telephone, oldest first."""
        texts = [told["data"]["text"] for told in self._phone.told if told["data"]["to"] == number]
        return [found[1] for text in texts if (found := CODE.search(text))]

    def code_to(self, number: str, nth: int = 1) -> str:
        """The nth code sent to this telephone, waited for."""
        until(lambda: len(self.codes_to(number)) >= nth)
        return self.codes_to(number)[nth - 1]

    async def _listen(self) -> asyncio.Server:
        def connected() -> SMTP:
            self._postbox.connections += 1
            return SMTP(self._postbox, hostname="relay.test", tls_context=self._tls, require_starttls=True)

        return await asyncio.get_running_loop().create_server(connected, "127.0.0.1", self._port)

    async def _hang_up(self, relay: asyncio.Server) -> None:
        relay.close()

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)


def part_of(mail: EmailMessage, kind: str) -> str:
    """The `plain` or `html` part, links in it as a reader sees them."""
    body = mail.get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("&amp;", "&")


class _Phone(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Message)
        self.taken: list[bytes] = []
        self.told: list[dict[str, Any]] = []


class _Message(BaseHTTPRequestHandler):
    server: _Phone

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append(bytes(self.headers) + body)
        self.server.told.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quietly."""

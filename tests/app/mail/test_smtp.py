"""Mail goes to a real server, encrypted, and what the server says of it comes back as a value without an address."""

from __future__ import annotations

import asyncio
import email
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from pydantic import SecretStr

from app.mail.composing import compose
from app.mail.outcomes import Accepted, Bounced, Later
from app.mail.smtp import MESSAGES_A_CONNECTION, RelayUnclear, SmtpRelay
from tests.app.mail.letters import MESSAGE_ID, NOW_MS, code, reward
from tests.app.mail.servers import Postbox, relay, rude

FROM = "Brand <rewards@brand.example>"


def at(port: int, tls=None, *, scheme="smtp", user="", **given) -> SmtpRelay:
    url = SecretStr(f"{scheme}://{user}127.0.0.1:{port}")
    return SmtpRelay(url, FROM, tls=None if tls is None else tls.trusting, **given)


def mail_by(sender: SmtpRelay, letter=None) -> EmailMessage:
    return compose(letter or reward(), MESSAGE_ID, sender.sender, NOW_MS)


async def test_a_mail_arrives_as_written_over_starttls(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server) as port:
        sender = at(port, tls)
        mail = mail_by(sender, reward(locale="de"))
        assert await sender.mail(mail) == Accepted()
        await sender.rest()
    (envelope,) = postbox.envelopes
    assert postbox.encrypted == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("rewards@brand.example", ["member@mail.example"])
    arrived = email.message_from_bytes(envelope.content, EmailMessage, policy=SMTP)
    assert arrived["Message-ID"] == MESSAGE_ID
    assert arrived["Subject"] == "Brand & Co: Ihre Prämie liegt bereit"
    for kind in ("plain", "html"):
        came = arrived.get_body((kind,)).get_content().replace("\r\n", "\n")
        assert came == mail.get_body((kind,)).get_content()


async def test_tls_from_the_first_byte(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server, implicit=True) as port:
        sender = at(port, tls, scheme="smtps")
        assert await sender.mail(mail_by(sender)) == Accepted()
        await sender.rest()
    assert len(postbox.envelopes) == 1


async def test_a_login_with_a_password_that_needs_quoting(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server, authenticator=postbox.authenticate) as port:
        sender = at(port, tls, user="earnest:p%40ss%3Aword@")
        assert await sender.mail(mail_by(sender)) == Accepted()
        await sender.rest()
    assert postbox.logins == [(b"earnest", b"p@ss:word")]
    assert "word" not in repr(sender)


async def test_a_wrong_password_is_the_operators_to_mend_so_the_mail_waits(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server, authenticator=postbox.authenticate) as port:
        sender = at(port, tls, user="earnest:hunter2@")
        assert await sender.mail(mail_by(sender)) == Later("the relay did not let us in: 535")
    assert postbox.envelopes == []


async def test_a_run_of_messages_goes_over_one_connection_and_rest_ends_it(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server) as port:
        sender = at(port, tls)
        for _ in range(5):
            assert await sender.mail(mail_by(sender)) == Accepted()
        assert postbox.connections == 1
        await sender.rest()
        assert await sender.mail(mail_by(sender)) == Accepted()
        await sender.rest()
    assert (postbox.connections, len(postbox.envelopes)) == (2, 6)


async def test_a_connection_is_left_after_its_number_of_messages():
    postbox = Postbox()
    async with relay(postbox) as port:
        sender = at(port, clear_on_loopback=True)
        for _ in range(MESSAGES_A_CONNECTION + 1):
            assert await sender.mail(mail_by(sender, code())) == Accepted()
        await sender.rest()
    assert postbox.connections == 2


async def test_many_at_once_share_as_many_connections_as_there_are_at_once(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server) as port:
        sender = at(port, tls)
        for _ in range(3):
            outcomes = await asyncio.gather(*(sender.mail(mail_by(sender)) for _ in range(8)))
            assert outcomes == [Accepted()] * 8
        await sender.rest()
    assert (postbox.connections, len(postbox.envelopes)) == (8, 24)


@pytest.mark.parametrize(
    ("step", "reply", "became"),
    [
        (
            "RCPT",
            "550 5.1.1 <member@mail.example>: no such user",
            Bounced("the relay said 550 5.1.1 to the recipient"),
        ),
        ("RCPT", "550 member@mail.example unknown", Bounced("the relay said 550 to the recipient")),
        (
            "RCPT",
            "451 4.7.1 greylisted member@mail.example",
            Later("the relay said 451 4.7.1 to the recipient"),
        ),
        ("DATA", "554 5.7.1 rejected as spam", Bounced("the relay said 554 5.7.1 to the message")),
        ("DATA", "452 4.3.1 full", Later("the relay said 452 4.3.1 to the message")),
        ("MAIL", "550 5.7.1 not your domain", Later("the relay said 550 5.7.1 to the sender")),
        ("RCPT", "421 4.3.2 closing", Later("the relay said 421 4.3.2 to the recipient")),
    ],
)
async def test_what_the_relay_says_becomes_a_value_without_its_words(tls, step, reply, became):
    """Permanent for this recipient or message: bounced. Anything that may change, or is not the member's fault: later."""
    postbox = Postbox(**{step: reply})
    async with relay(postbox, tls.server) as port:
        sender = at(port, tls)
        assert await sender.mail(mail_by(sender)) == became
        postbox.answers.clear()
        assert await sender.mail(mail_by(sender)) == Accepted()
        await sender.rest()
    assert len(postbox.envelopes) == 1


async def test_nothing_is_sent_in_clear_not_even_to_this_machine():
    postbox = Postbox()
    async with relay(postbox) as port:
        sender = at(port)
        assert await sender.mail(mail_by(sender)) == Later(
            "the relay offers no STARTTLS, and nothing is sent in clear"
        )
    assert postbox.envelopes == []


async def test_in_development_a_relay_on_this_machine_may_do_without_but_uses_it_where_offered(tls):
    for offered in (None, tls.server):
        postbox = Postbox()
        async with relay(postbox, offered) as port:
            sender = at(port, tls, clear_on_loopback=True)
            assert await sender.mail(mail_by(sender)) == Accepted()
            await sender.rest()
        assert postbox.encrypted == [offered is not None]


def test_elsewhere_development_changes_nothing():
    elsewhere = SmtpRelay(SecretStr("smtp://relay.example"), FROM, clear_on_loopback=True)
    assert not elsewhere._may_be_clear


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_certificate_nobody_vouches_for_is_refused(tls, implicit):
    postbox = Postbox()
    async with relay(postbox, tls.server, implicit=implicit) as port:
        sender = at(port, scheme="smtps" if implicit else "smtp")
        assert await sender.mail(mail_by(sender)) == Later("the relay's certificate or TLS was not accepted")
    assert postbox.envelopes == []


async def test_a_certificate_of_another_host_is_refused(tls):
    async with relay(Postbox(), tls.server) as port:
        sender = SmtpRelay(SecretStr(f"smtp://localhost:{port}"), FROM, tls=tls.trusting)
        assert await sender.mail(mail_by(sender)) == Later("the relay's certificate or TLS was not accepted")


@pytest.mark.parametrize(
    ("greets", "closes", "why"),
    [
        (b"", True, "the relay was not reached, or hung up"),
        (b"220 hello\r\n", True, "the relay was not reached, or hung up"),
        (b"", False, "the relay did not answer in time"),
        (b"421 4.3.2 too busy\r\n", True, "the relay said 421 4.3.2 to the connection"),
        (b"nonsense\r\n", True, None),
    ],
)
async def test_a_relay_that_hangs_up_stays_silent_or_talks_nonsense_only_delays(greets, closes, why):
    async with rude(greets=greets, then_closes=closes) as port:
        sender = at(port, answer_s=0.1)
        outcome = await sender.mail(mail_by(sender))
    assert isinstance(outcome, Later)
    assert why is None or outcome.why == why


async def test_a_relay_that_was_not_reached_is_left_alone_for_a_while():
    async with rude(greets=b"", then_closes=True) as port:
        sender, impatient = at(port, rest_s=1_000), at(port, rest_s=0)
        for one, second in ((sender, "the relay was not reached a moment ago"), (impatient, None)):
            first = await one.mail(mail_by(one))
            assert first == Later("the relay was not reached, or hung up")
            assert await one.mail(mail_by(one)) == (first if second is None else Later(second))


async def test_a_relay_that_comes_back_gets_the_next_mail(tls):
    postbox = Postbox()
    async with relay(postbox, tls.server) as port:
        sender = at(port, tls, rest_s=0)
        assert await sender.mail(mail_by(sender)) == Accepted()
        sender._idle[0].client.close()  # as when the relay has closed an idle connection
        assert isinstance(await sender.mail(mail_by(sender)), Later)
        assert await sender.mail(mail_by(sender)) == Accepted()
        await sender.rest()


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://host:port", "smtp://[", "", "hunter2"])
def test_a_url_of_another_kind_is_refused_without_repeating_it(url):
    with pytest.raises(RelayUnclear) as refused:
        SmtpRelay(SecretStr(url), FROM)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "sender", ["", "Brand", "a@x.example, b@y.example", "x: a@x.example;", "a@x\r\nB: c"]
)
def test_a_sender_is_one_address(sender):
    with pytest.raises(ValueError, match="EARNEST_MAIL_FROM"):
        SmtpRelay(SecretStr("smtp://relay.example"), sender)

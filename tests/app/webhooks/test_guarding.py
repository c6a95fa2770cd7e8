"""Nothing is sent to a place that is not public, however it is written and whatever resolves to it."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.guarding import Guard, Unsafe, is_public, networks, resolve

PUBLIC = "93.184.215.14"

INSIDE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - looked at, not bound to
    "100.64.0.1", "100.127.255.255", "0.1.2.3", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "2002:7f00:1::", "2002:5db8:d70e::1",
    "2001::1", "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "100::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_one_public_host_is_refused(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_fine(address):
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_address_becomes_fine_by_being_written_as_ipv6(address):
    for prefix in ("::ffff:", "::", "64:ff9b::"):
        assert not is_public(ip_address(f"{prefix}{address}"))
    assert not is_public(ip_address(f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::1"))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::]", "localhost", "LOCALHOST",
     "localhost.", "169.254.169.254", "0xa9fea9fe", "[fe80::1]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_spelling_of_an_inner_address_is_refused(host, scheme):
    """By the system's own resolver, which reads decimal, octal, hexadecimal and short forms."""
    with pytest.raises(Unsafe):
        await Guard(https_only=False).check(f"{scheme}://{host}/hooks")


async def test_one_inner_address_among_public_ones_refuses_the_name():
    guard = Guard(lookup=lambda *_: [PUBLIC, "10.0.0.1"])
    with pytest.raises(Unsafe, match="public"):
        await guard.check("https://mixed.example/")


@pytest.mark.parametrize("answer", [[], ["not an address"], [""]])
async def test_a_name_without_an_address_is_refused(answer):
    with pytest.raises(Unsafe):
        await Guard(lookup=lambda *_: answer).check("https://nothing.example/")


async def test_a_name_that_cannot_be_resolved_is_refused_and_not_repeated():
    def fails(*_):
        raise socket.gaierror(socket.EAI_NONAME, "hush.example is unknown")

    with pytest.raises(Unsafe) as refused:
        await Guard(lookup=fails).check("https://hush.example/")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "//shop.example/", "https:///x", "https://", "ftp://shop.example/", "file:///etc/passwd",
     "gopher://shop.example/", "javascript:alert(1)", "https://user@shop.example/", "https://user:pw@shop.example/",
     "https://@shop.example/", "https://shop.example/#part", "https://shop.example/#", "https://shop.example:0/",
     "https://shop.example:99999/", "https://shop.example:x/", "https://shop.example/a b", "https://shop.example\\@x/",
     "https://shop.example/\n", "https://shop.example/\x00", "https://sh\xf6p.example/",
     "https://[::1/", "https://x" * 400],
)  # fmt: skip
async def test_a_url_of_another_form_is_refused(url):
    with pytest.raises(Unsafe):
        await Guard(https_only=False, lookup=lambda *_: [PUBLIC]).check(url)


@given(st.text(max_size=60))
def test_whatever_is_written_is_refused_or_parsed(text):
    try:
        parts = Guard().parsed(text)
    except Unsafe:
        return
    assert parts.scheme == "https"
    assert parts.host


async def test_plain_http_is_for_development_alone():
    with pytest.raises(Unsafe, match="https"):
        await Guard(lookup=lambda *_: [PUBLIC]).check("http://shop.example/")
    await Guard(https_only=False, lookup=lambda *_: [PUBLIC]).check("http://shop.example/")


async def test_networks_of_the_operators_are_fine_and_nothing_beside_them():
    guard = Guard(networks(["10.1.2.0/24", "::1/128"]), https_only=False, lookup=lambda host, _: [host])
    await guard.check("http://10.1.2.9/")
    await guard.check("http://[::1]/")
    for other in ("10.1.3.1", "127.0.0.1", "[::ffff:a01:209]"):
        with pytest.raises(Unsafe):
            await guard.check(f"http://{other}/")


def test_the_systems_resolver_gives_each_address_once():
    assert list(resolve("127.0.0.1", 443)) == ["127.0.0.1"]


async def test_a_name_in_punycode_is_looked_up_as_it_stands_and_not_read_anew():
    asked = []
    guard = Guard(lookup=lambda host, _: asked.append(host) or [PUBLIC])
    await guard.check("https://xn--strae-oqa.example/")
    assert asked == ["xn--strae-oqa.example"]

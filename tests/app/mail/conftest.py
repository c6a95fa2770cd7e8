"""A certificate of this test process's own for 127.0.0.1, and who trusts it."""

from __future__ import annotations

import ssl
from typing import NamedTuple

import pytest

from tests.app.mail.servers import certificate


class Tls(NamedTuple):
    server: ssl.SSLContext
    trusting: ssl.SSLContext


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    path = certificate(tmp_path_factory.mktemp("tls"))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return Tls(server, ssl.create_default_context(cafile=str(path)))

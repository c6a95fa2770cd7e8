"""A service told its host names answers to no other, and says so as it says everything else."""

from __future__ import annotations

import pytest

from app.api.http_app import http_app
from app.problems import MEDIA_TYPE

pytestmark = pytest.mark.anyio


@pytest.fixture
def named(service):
    service.app = http_app(service.api, hosts=["Earnest.test", "*.example.org", "[::1]"])
    return service


@pytest.mark.parametrize("host", ["earnest.test", "EARNEST.TEST:8443", "a.example.org", "[::1]:8080"])
async def test_its_own_names_are_answered_with_any_port_and_in_any_case(named, host):
    assert (await named.call("GET", "/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["canary7f3a.test", "", "example.org", "earnest.test.canary7f3a.test", "[::2]", "badexample.org"]
)
async def test_any_other_name_is_a_problem_with_a_request_id_and_is_measured(named, host):
    """Also on the hot path, and without the name being repeated."""
    for method, path in (("GET", "/healthz"), ("POST", "/v1/decisions")):
        headers = {"Host": host, "X-Request-Id": "mine"}
        refused = await named.call(method, path, headers=headers, content=b"{}")
        assert (refused.status_code, refused.headers["content-type"]) == (400, MEDIA_TYPE)
        assert refused.json()["type"] == "/problems/bad-request"
        assert refused.headers["x-request-id"] == "mine"
        assert "canary" not in refused.text
    assert [status for _, _, status, _ in named.measured] == [400, 400]
    assert named.scorer.seen == []

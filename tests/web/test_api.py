"""The proxied path's handler: what goes through it and what comes back."""

import json

import pytest

from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import Kit, userinfo_reply
from tests.web.conftest import Client

BEARER = {"Authorization": "Bearer token-1"}


@pytest.fixture(autouse=True)
def _known(one: Kit) -> None:
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))


async def test_status_headers_and_body_come_back(http: Client, upstream: FakeUpstream) -> None:
    headers = [
        ("Content-Type", "application/x"),
        ("Status", "201 Created"),
        ("Content-Length", "4"),
        ("X-A", "1"),
        ("X-A", "2"),
    ]
    upstream.reply = FakeReply(201, headers, b"body")
    async with http.get("/v1/calendars", headers=BEARER) as answer:
        assert (answer.status, await answer.read()) == (201, b"body")
        assert answer.headers["Status"] == "201 Created"
        assert answer.headers.getall("X-A") == ["1", "2"]
        assert answer.headers["Content-Length"] == "4"
        assert answer.headers["Cronofy-Access-Mode"] == "read_write"
        assert answer.headers["Via"] == "1.1 cronofy-gateway"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"]
    assert upstream.reply.closed


@pytest.mark.parametrize("status", [202, 204, 304])
async def test_an_empty_answer_stays_empty(http: Client, upstream: FakeUpstream, status: int) -> None:
    upstream.reply = FakeReply(status, [("Content-Length", "0")] if status == 202 else [], b"")
    async with http.get("/v1/calendars", headers=BEARER) as answer:
        assert (answer.status, await answer.read()) == (status, b"")


async def test_head_has_the_length_and_no_body(http: Client, upstream: FakeUpstream) -> None:
    upstream.reply = FakeReply(200, [("Content-Length", "4")], b"")
    async with http.head("/v1/calendars", headers=BEARER) as answer:
        assert (answer.headers["Content-Length"], await answer.read()) == ("4", b"")


async def test_an_announced_body_over_the_limit_is_refused_before_upstream(
    http: Client, upstream: FakeUpstream
) -> None:
    async with http.post("/v1/link_tokens", data=b"x" * 2_001, headers=BEARER) as answer:
        assert answer.status == 413
        assert json.loads(await answer.read())["code"] == "body_too_large"
    assert upstream.sent == []


async def test_an_unknown_operation_is_404_in_json(http: Client) -> None:
    async with http.get("/v1/nothing", headers=BEARER) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (404, "operation_unknown")


async def test_a_known_path_with_another_method_is_405_with_allow(http: Client) -> None:
    async with http.put("/v1/calendars", headers=BEARER) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


async def test_no_token_is_401_with_a_challenge(http: Client) -> None:
    async with http.get("/v1/calendars") as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

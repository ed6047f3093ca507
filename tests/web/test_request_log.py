"""One line for each request, and no error that escapes."""

import pytest
from structlog.testing import capture_logs

from gateway.observe import events
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, userinfo_reply
from tests.journeys.waiting import until
from tests.web.conftest import Client

BEARER = {"Authorization": "Bearer token-1"}


async def test_each_request_ends_in_one_line_with_its_facts(http: Client, one: Kit) -> None:
    one.cronofy.userinfos.append(userinfo_reply(pro_1="cronofy"))
    with capture_logs() as lines:
        async with http.get("/v1/calendars?secret=canary", headers={**BEARER, "X-Request-Id": "given-id-1"}) as answer:
            assert answer.headers["X-Request-Id"] == "given-id-1"
        # The line is written once the last byte was, which the client may see first.
        await until(lambda: any(one["event"] == events.REQUEST_FINISHED for one in lines))
    (line,) = [one for one in lines if one["event"] == events.REQUEST_FINISHED]

    assert {key: line[key] for key in ("request_id", "method", "operation", "status", "mode", "error")} == {
        "request_id": "given-id-1",
        "method": "GET",
        "operation": "calendars",
        "status": 200,
        "mode": "no_access",
        "error": "",
    }
    assert "canary" not in str(lines)


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "has space", "-leading-dash"])
async def test_a_request_id_that_is_not_one_is_replaced(http: Client, offered: str) -> None:
    async with http.get("/robots.txt", headers={"X-Request-Id": offered}) as answer:
        assert len(answer.headers["X-Request-Id"]) == 24


async def test_an_unexpected_error_is_a_500_without_a_word_of_it(
    http: Client, upstream: FakeUpstream, one: Kit
) -> None:
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))

    async def broken(*_args: object) -> None:
        raise ValueError("canary-secret")

    upstream.send = broken  # type: ignore[assignment,method-assign]
    with capture_logs() as lines:
        async with http.get("/v1/calendars", headers=BEARER) as answer:
            text = await answer.text()
    assert answer.status == 500
    assert answer.headers["Gateway-Error"] == "internal_error"
    assert "canary" not in text + str(lines)
    (line,) = [one for one in lines if one["event"] == events.REQUEST_FAILED]
    assert line["error"] == "ValueError"
    assert "test_request_log.py:" in line["place"]


async def test_metrics_count_by_operation_status_and_client(http: Client, one: Kit) -> None:
    async with http.get("/v1/nothing") as answer:
        assert answer.status == 404
    text = one.metrics.render().decode()

    assert 'gateway_requests_total{client="",operation="unmatched",status="404"} 1.0' in text
    assert 'gateway_refusals_total{code="operation_unknown"} 1.0' in text
    assert "gateway_requests_in_flight 0.0" in text

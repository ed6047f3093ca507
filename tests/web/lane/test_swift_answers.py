"""Answers of Cronofy's to a call without a task: plain ones are passed on at once, others go on by the usual way."""

import json

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import token_reply
from tests.web.lane.swift_stage import Stage, Whole, open_stage
from tests.web.lane.test_swift import requests_counted, status_of


@pytest.fixture
async def stage(clock: FakeClock) -> Stage:
    one = await open_stage(clock)
    await one.prime()
    return one


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Whole(404), 404),
        (Whole(204, ready=b""), 204),
        (Whole(302), 502),
        (Whole(199), 502),
        (Whole(ready=None), 200),
        (Whole(lines=[b"X-A: b"]), 200),
        (Whole(lines=[b"Content-Type: a", b"Connection: x-secret", b"X-Secret: 1"]), 200),
        (Whole(lines=[b"Content-Type: a", b"X-Token: access-1"]), 200),
        (Whole(lines=[b"Content-Type: a", b"X-A: caf\xe9"]), 200),
    ],
    ids=["error", "no content", "redirect", "interim", "not whole", "no type", "named", "withheld", "not ASCII"],
)
async def test_an_answer_that_is_not_plain_goes_on_by_the_usual_way(stage: Stage, reply: Whole, status: int) -> None:
    before = requests_counted(stage)
    assert stage.send()
    stage.answer(reply)
    assert stage.lane.is_busy
    await stage.settle()

    assert status_of(stage) == status
    assert reply.is_closed
    written = stage.transport.written.lower()
    assert b"x-secret" not in written
    assert b"access-1" not in written
    assert requests_counted(stage) == before + 1


async def test_a_page_leads_back_to_the_gateway(stage: Stage) -> None:
    await stage.prime("/v1/events")
    page = {"pages": {"next_page": "https://api.test/v1/events/pages/1"}, "events": []}
    stage.send("/v1/events")
    stage.answer(Whole(lines=[b"Content-Type: a", b"ETag: 1"], ready=json.dumps(page).encode()))
    head, _, body = stage.transport.written.partition(b"\r\n\r\n")
    assert json.loads(body)["pages"]["next_page"] == "https://gw.test/v1/events/pages/1"
    assert b"etag" not in head.lower()  # it was of other bytes


async def test_a_page_that_leads_elsewhere_is_withheld(stage: Stage) -> None:
    await stage.prime("/v1/events")
    page = {"pages": {"next_page": "https://evil.test/v1/events/pages/1"}}
    stage.send("/v1/events")
    stage.answer(Whole(ready=json.dumps(page).encode()))
    await stage.settle()
    assert status_of(stage) == 502
    assert b"evil" not in stage.transport.written


async def test_a_refused_token_is_renewed_and_the_call_sent_again(stage: Stage, clock: FakeClock) -> None:
    """A 401 on a young token is not cured by another, so this one gets some age."""
    clock.pass_time(120)
    await stage.prime()
    stage.one.cronofy.tokens.append(token_reply(access="access-2", expires_in=36_000))
    assert stage.send()
    stage.answer(Whole(401))
    for _ in range(5):
        await stage.settle()
    assert status_of(stage) == 200
    assert ("Authorization", "Bearer access-2") in stage.upstream.sent[-1][2]


async def test_an_answer_that_does_not_come_is_told(stage: Stage) -> None:
    assert stage.send()
    stage.taker.lose(CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "Cronofy did not answer in time."))
    await stage.settle()
    assert status_of(stage) == 504
    (family,) = stage.one.metrics.upstream_failures.collect()
    assert [one.value for one in family.samples if one.name.endswith("_total")] == [1.0]


@pytest.mark.parametrize("reply", [Whole(404), Whole(ready=None)], ids=["error", "not whole"])
async def test_a_client_that_leaves_before_the_usual_way_has_begun_leaves_nothing_open(
    stage: Stage, reply: Whole
) -> None:
    """Cronofy's answer and the client's end may come in one round of the event loop."""
    before = requests_counted(stage)
    assert stage.send()
    stage.answer(reply)
    stage.lane.connection_lost(None)
    await stage.settle()

    assert reply.is_closed
    assert requests_counted(stage) == before + 1
    (family,) = stage.one.metrics.in_flight.collect()
    assert family.samples[0].value == 0

"""A call without a task is the same call: what it rests on is asked each time; what is unusual goes on elsewhere."""

import pytest

from gateway.flows.stored_connection import connection_id
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import client, token_reply
from tests.web.doors import PAGES
from tests.web.lane.swift_stage import BODY, Stage, open_stage

BEARER = "Authorization: Bearer access-1"


@pytest.fixture
async def stage(clock: FakeClock) -> Stage:
    one = await open_stage(clock)
    await one.prime()
    return one


def status_of(stage: Stage) -> int:
    return int(stage.transport.written.split(b" ", 2)[1])


def requests_counted(stage: Stage) -> float:
    (family,) = stage.one.metrics.requests.collect()
    return sum(one.value for one in family.samples if one.name.endswith("_total"))


async def test_a_call_is_answered_with_cronofys_body_and_our_lines(stage: Stage) -> None:
    before = requests_counted(stage)
    assert stage.send("/v1/calendars")
    target, request_id, _ = stage.courses.sent[-1]
    stage.answer()

    head, _, body = stage.transport.written.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (target, body) == ("/v1/calendars", BODY)
    assert lines[0] == "HTTP/1.1 200 OK"
    assert {
        "Content-Type: application/json",
        "Cronofy-Access-Mode: read_write",
        f"X-Request-Id: {request_id}",
        "Cache-Control: no-store",
        "Vary: Cookie, Origin",
        f"Content-Length: {len(BODY)}",
    } <= {*lines}
    assert requests_counted(stage) == before + 1
    assert not stage.lane.is_busy


async def test_what_goes_to_cronofy_holds_the_token_and_nothing_of_ours(stage: Stage) -> None:
    origin, lines = stage.courses.made[-1]
    names = [name for name, _ in lines]
    assert (origin, names[-1]) == ("https://api.test", "X-Request-Id")
    assert ("Authorization", "Bearer access-1") in lines
    assert not {"Cookie", "X-CSRF"} & {*names}


async def test_other_targets_of_the_operation_need_no_task_either(stage: Stage) -> None:
    await stage.prime("/v1/events")
    for target in (
        "/v1/events",
        "/v1/events?from=2030-01-01&to=2030-02-01&tzid=Etc/UTC",
        "/v1/events?calendar_ids[]=cal_pro_1",
    ):
        assert stage.send(target), target
        assert stage.courses.sent[-1][0] == target
        stage.answer()


@pytest.mark.parametrize(
    "target",
    [
        "/v1/calendars?et=x",
        "/v1/calendars?_method=DELETE",
        "/v1/events?only_managed=true",
        "/v1/events?from=1;bearer_token=x",
        "/v1/events?fr%6fm=1",
        "/v1/calendars/%2e%2e",
        "/v1/nothing",
        "/v1/channels",
        "/v1/smart_invites?smart_invite_id=x",
    ],
)
async def test_what_a_rule_looks_at_is_judged_in_full(stage: Stage, target: str) -> None:
    await stage.prime("/v1/events")
    assert not stage.send(target)


async def test_only_the_very_same_header_lines_are_known(stage: Stage) -> None:
    cookie = stage.raw().split(b"\r\n")[2].decode()
    assert not stage.send("/v1/calendars", cookie)  # without X-CSRF
    await stage.settle()
    assert status_of(stage) == 403
    assert not stage.send("/v1/calendars", cookie, "X-CSRF: 1", "Origin: https://evil.test")
    await stage.settle()
    assert status_of(stage) == 403


async def test_a_call_is_judged_anew_after_two_seconds(stage: Stage, clock: FakeClock) -> None:
    clock.pass_time(2.1)
    assert not stage.send()
    await stage.settle()
    await stage.prime()


async def test_a_session_that_ended_here_counts_at_once(stage: Stage) -> None:
    known = stage.doors.registry.client("a")
    await stage.doors.browser.sessions.end(known, stage.handle)
    assert not stage.send()
    await stage.settle()
    assert status_of(stage) == 401


async def test_a_connection_that_ended_here_counts_at_once(stage: Stage) -> None:
    await stage.doors.browser.connections.forget(connection_id(stage.doors.registry.client("a"), "acc_1"))
    assert not stage.send()
    await stage.settle()
    assert status_of(stage) == 401


async def test_a_token_that_is_due_for_renewal_is_looked_at_again(clock: FakeClock) -> None:
    """Five minutes before its end; that is sooner here than the two seconds are over."""
    stage = await open_stage(clock, lives=400)
    clock.pass_time(98.5)
    await stage.prime()
    clock.pass_time(1.4)
    assert stage.send()
    stage.answer()
    clock.pass_time(0.2)
    assert not stage.send()


async def test_a_client_that_was_disabled_counts_at_once(stage: Stage) -> None:
    registry = stage.doors.proxy.callers.registry
    application = registry.application("main")
    assert application is not None
    registry.replace([application], [client("b")], disabled=[client("a", browser=PAGES)])
    assert not stage.send()


async def test_a_mode_that_is_doubted_or_learnt_anew_counts_at_once(stage: Stage) -> None:
    application = stage.doors.registry.application("main")
    assert application is not None
    stage.one.clock.pass_time(0.5)
    await stage.one.modes.forget(application, "acc_1")
    assert not stage.send()


async def test_a_token_that_was_revoked_counts_at_once(clock: FakeClock) -> None:
    stage = await open_stage(clock)
    known = stage.doors.registry.client("a")
    tokens = read_token_reply(token_reply(expires_in=36_000).body)
    await stage.one.bindings.remember(known, tokens, account=tokens.account, scope=tokens.scope)
    await stage.prime("/v1/calendars", BEARER)
    assert stage.send("/v1/calendars", BEARER)
    stage.answer()
    assert b"no-store" not in stage.transport.written

    await stage.one.bindings.forget(known, tokens.access_token)
    assert not stage.send("/v1/calendars", BEARER)


async def test_without_a_connection_to_cronofy_a_call_takes_the_usual_way(stage: Stage) -> None:
    stage.courses.is_there = False
    assert not stage.send()
    await stage.settle()
    assert status_of(stage) == 200


async def test_a_client_that_leaves_takes_its_call_with_it(stage: Stage) -> None:
    before = requests_counted(stage)
    assert stage.send()
    stage.lane.connection_lost(None)
    await stage.settle()
    assert stage.courses.left == 1
    assert requests_counted(stage) == before + 1
    (family,) = stage.one.metrics.in_flight.collect()
    assert family.samples[0].value == 0


async def test_a_gateway_that_ends_says_so_in_its_last_answer(stage: Stage) -> None:
    assert stage.send()
    stage.lane.end_soon()
    stage.answer()
    await stage.settle()
    assert b"Connection: close" in stage.transport.written
    assert "close" in stage.transport.told


async def test_what_came_meanwhile_is_answered_afterwards(stage: Stage) -> None:
    assert stage.send()
    stage.lane.data_received(stage.raw() + stage.raw("/v1/nothing"))
    stage.answer()
    await stage.settle()
    statuses = [int(one[:3]) for one in stage.transport.written.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 404]


async def test_a_client_that_does_not_read_gets_no_further_answers(stage: Stage) -> None:
    assert stage.send()
    stage.lane.pause_writing()
    stage.lane.data_received(stage.raw("/v1/nothing"))
    stage.answer()
    await stage.settle()
    assert stage.transport.written.count(b"HTTP/1.1 ") == 1
    stage.lane.resume_writing()
    await stage.settle()
    assert stage.transport.written.count(b"HTTP/1.1 ") == 2


async def test_what_is_kept_of_a_caller_is_bounded_and_goes_when_it_counts_no_more(
    stage: Stage, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way holds a token."""
    monkeypatch.setattr("gateway.web.lane.calls.MOST_WAYS", 2)
    for target in ("/v1/events", "/v1/free_busy", "/v1/userinfo"):
        await stage.prime(target)
    block = stage.calls.blocks.recall(stage.raw().partition(b"\r\n")[2])
    assert block is not None
    assert len(block.ways) <= 2

    clock.pass_time(2.1)
    known = {*block.ways}
    stage.send("/v1/userinfo")
    assert {*block.ways} < known


async def test_who_calls_once_leaves_nothing_behind(clock: FakeClock) -> None:
    stage = await open_stage(clock)
    stage.send()
    await stage.settle()
    block = stage.calls.blocks.recall(stage.raw().partition(b"\r\n")[2])
    assert block is not None
    assert (block.is_met_again, block.ways) == (False, {})

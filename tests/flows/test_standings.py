"""A standing is of plain calls only, and is worth nothing as soon as anything that it rests on has changed."""

import pytest

from gateway.flows.incoming import CallFacts, Incoming, NoBody
from gateway.flows.proxy import Judged, Proxy
from gateway.flows.standings import SECONDS, Standing, standing_of
from gateway.rules.headers import Pairs
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, kit, token_reply, userinfo_reply
from tests.flows.test_proxy import BEARER, A, Body, proxy


@pytest.fixture
async def one(clock: FakeClock) -> Kit:
    made = kit(clock)
    tokens = read_token_reply(token_reply(expires_in=36_000).body)
    await made.bindings.remember(A, tokens, account=tokens.account, scope=tokens.scope)
    made.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google_free_busy"))
    return made


async def judged(
    story: Proxy, target: str = "/v1/calendars", *, method: str = "GET", headers: Pairs | None = None, body: bytes = b""
) -> Judged:
    lines = [BEARER] if headers is None else headers
    incoming = Incoming(method, target, lines, Body(body) if body else NoBody(), "id-1")
    first = await story.judge(incoming, CallFacts())
    if first.look_up is None:
        return first
    await first.look_up
    return await story.judge(incoming, CallFacts())


async def standing(story: Proxy, target: str = "/v1/calendars") -> Standing:
    found = standing_of(story, await judged(story, target), None)
    assert found is not None
    return found


async def test_a_standing_lasts_two_seconds(one: Kit, clock: FakeClock) -> None:
    found = await standing(proxy(one, FakeUpstream()))
    clock.pass_time(SECONDS - 0.1)
    assert found.holds(clock.now())
    clock.pass_time(0.2)
    assert not found.holds(clock.now())


async def test_it_falls_with_its_token_its_modes_and_the_registry(one: Kit, clock: FakeClock) -> None:
    story = proxy(one, FakeUpstream())
    application = story.callers.registry.only_application()
    assert application is not None

    found = await standing(story)
    await one.bindings.forget(A, "access-1")
    assert not found.holds(clock.now())

    tokens = read_token_reply(token_reply(expires_in=36_000).body)
    await one.bindings.remember(A, tokens, account=tokens.account, scope=tokens.scope)
    found = await standing(story)
    clock.pass_time(301)
    found = await standing(story)
    await one.modes.doubt(application, "acc_1")
    assert not found.holds(clock.now())

    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    found = await standing(story)
    story.callers.registry.replace([application], [A])
    assert not found.holds(clock.now())


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("DELETE", "/v1/channels/chn_1", [BEARER], b""),
        ("HEAD", "/v1/calendars", [BEARER], b""),
        ("GET", "/v1/calendars?x=1", [BEARER], b""),
        ("GET", "/v1/calendars", [BEARER, ("Content-Type", "application/json")], b"{}"),
    ],
    ids=["changes something", "no body to come", "a query that is not plain", "a body"],
)
async def test_other_calls_have_none(one: Kit, method: str, target: str, headers: Pairs, body: bytes) -> None:
    story = proxy(one, FakeUpstream())
    assert standing_of(story, await judged(story, target, method=method, headers=headers, body=body), None) is None


async def test_a_caller_whose_mode_is_being_looked_up_has_none(one: Kit) -> None:
    story = proxy(one, FakeUpstream())
    first = await story.judge(Incoming("GET", "/v1/calendars", [BEARER], NoBody(), "id-1"), CallFacts())
    assert standing_of(story, first, None) is None
    assert first.look_up is not None
    await first.look_up


async def test_the_mode_is_that_of_the_calendars_that_each_call_names(one: Kit) -> None:
    story = proxy(one, FakeUpstream())
    found = await standing(story, "/v1/events")
    modes = {}
    for query in ("", "?calendar_ids[]=cal_pro_1", "?calendar_ids[]=cal_pro_2"):
        target, match = story.table.read("GET", f"/v1/events{query}")
        modes[query] = found.mode(target, match)
    assert list(modes.values()) == ["read_write, free_busy", "read_write", "free_busy"]


async def test_a_call_of_a_session_needs_the_sessions_own_witness(one: Kit) -> None:
    story = proxy(one, FakeUpstream())
    stored = await one.connections.connect(A, read_token_reply(token_reply(expires_in=36_000).body))
    incoming = Incoming("GET", "/v1/calendars", [], NoBody(), "id-1", stored.id)
    first = await story.judge(incoming, CallFacts())
    assert first.look_up is not None
    await first.look_up
    assert standing_of(story, await story.judge(incoming, CallFacts()), None) is None

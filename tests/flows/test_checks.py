"""The story of a check: the proxy's own, up to where the call would be sent, on what the store says now."""

import asyncio

import pytest

from gateway.flows.checks import Checks, UnseenBody
from gateway.flows.handles import Handles
from gateway.flows.incoming import CallFacts, Incoming
from gateway.flows.ports import ApiReply
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import write_handle
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, client, kit, token_reply, userinfo_reply
from tests.flows.test_proxy import BEARER, ELEMENT_PAGE, JSON, SECRET, A, proxy

NOBODYS = write_handle("access", "a" * 43)
DOOR = client("d", service_door=True)


async def nothing_new() -> None:
    """There are no other clients."""


def checks(one: Kit, upstream: FakeUpstream | None = None) -> Checks:
    """Return the story over a kit."""
    return Checks(proxy(one, upstream or FakeUpstream(), DOOR), nothing_new)


def asked(method: str, target: str, *headers: tuple[str, str], connection: str = "") -> Incoming:
    """Return a call whose body is with the engine."""
    return Incoming(method, target, list(headers), UnseenBody(), "request-1", connection)


async def bound(one: Kit) -> None:
    """Bind a token to client a."""
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))


async def refused(one: Kit, call: Incoming) -> Code:
    """Return why a check refuses."""
    with pytest.raises(RequestRefused) as caught:
        await checks(one).judge(call, CallFacts())
    return caught.value.code


async def test_a_call_that_may_go_gets_its_token_and_mode_and_nothing_is_sent(clock: FakeClock) -> None:
    one, upstream, facts = kit(clock), FakeUpstream(), CallFacts()
    await bound(one)
    allowed = await checks(one, upstream).judge(asked("GET", "/v1/calendars", BEARER), facts)

    assert (allowed.bearer, allowed.mode) == ("access-1", "read_write")
    assert (facts.operation, facts.client, facts.mode) == ("calendars", "a", "read_write")
    assert upstream.sent == []
    assert "access-1" not in repr(allowed)


@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/calendars/cal_1/events",
        "GET /v1/events",
        "GET /v1/events/pages/p1",
        "POST /v1/batch",
        "POST /v1/availability",
        "POST /v1/application_calendars",
        "POST /v1/profiles/pro_1/revoke",
        "GET /v1/smart_invites?smart_invite_id=1",
        "GET /v1/bookable_events/b1",
        "GET /v1/real_time_scheduling/1",
    ],
)
async def test_what_only_the_gateway_can_carry_has_to_be_passed_on(clock: FakeClock, line: str) -> None:
    """Nobody is looked up for it: the engine must not have asked."""
    one = kit(clock)
    await bound(one)
    method, _, target = line.partition(" ")
    assert await refused(one, asked(method, target, BEARER, JSON)) is Code.ENGINE_MUST_PASS_ON


async def test_a_credential_that_only_the_gateway_may_show_has_to_be_passed_on(clock: FakeClock) -> None:
    """A client's secret in the service door, and an element token, which Cronofy is shown in the query."""
    one = kit(clock)
    await bound(one)
    await one.connections.connect(DOOR, read_token_reply(token_reply("access-d", "refresh-d").body))
    door = [("Authorization", "Bearer d-secret"), ("Gateway-Account", "acc_1")]
    assert await refused(one, asked("GET", "/v1/calendars", *door)) is Code.ENGINE_MUST_PASS_ON
    element = asked("GET", "/v1/userinfo?et=t", ("Origin", ELEMENT_PAGE))
    assert await refused(one, element) is Code.CREDENTIALS_UNKNOWN
    assert await refused(one, asked("GET", "/v1/calendars", SECRET)) is Code.ACCOUNT_REQUIRED


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (asked("GET", "/v1/calendars"), Code.CREDENTIALS_MISSING),
        (asked("GET", "/v1/calendars", ("Authorization", f"Bearer {NOBODYS}")), Code.CREDENTIALS_UNKNOWN),
        (asked("GET", "/v1/calendars", BEARER, BEARER), Code.AUTHORIZATION_REPEATED),
        (asked("GET", "/v1/calendars", BEARER, ("Cronofy-Impersonate", "x")), Code.IMPERSONATION_REFUSED),
        (asked("GET", "/v1/nothing", BEARER), Code.OPERATION_UNKNOWN),
        (asked("PUT", "/v1/calendars", BEARER), Code.METHOD_NOT_ALLOWED),
        (asked("POST", "/v1/channels?_method=DELETE", BEARER, JSON), Code.METHOD_OVERRIDE_REFUSED),
        (asked("POST", "/v1/channels", BEARER), Code.UNSUPPORTED_MEDIA_TYPE),
        (
            asked("DELETE", "/v1/events", BEARER, ("Content-Type", "application/x-www-form-urlencoded")),
            Code.UNSUPPORTED_MEDIA_TYPE,
        ),
    ],
)
async def test_a_refusal_is_the_proxys_own(clock: FakeClock, call: Incoming, code: Code) -> None:
    """A body that is with the engine may be there, so what says that it is a form is believed."""
    one = kit(clock)
    await bound(one)
    assert await refused(one, call) is code


async def test_a_handle_that_ended_elsewhere_is_refused_at_once(clock: FakeClock) -> None:
    """The engine keeps a yes for up to two seconds, so this process's memory may not add its own two."""
    one = kit(clock)
    stored = await one.connections.connect(A, read_token_reply(token_reply().body))
    handle = await one.handles.issue("access", A, "acc_1", stored.id, lives=3600, life=stored.connection.life)
    call = asked("GET", "/v1/calendars", ("Authorization", f"Bearer {handle}"))
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    assert (await checks(one).judge(call, CallFacts())).bearer == "access-1"

    elsewhere = Handles(one.records, clock, kept=86_400)  # another process, on the same store
    await elsewhere.end(handle)
    assert await refused(one, call) is Code.CREDENTIALS_UNKNOWN


async def test_a_connection_that_ended_elsewhere_is_refused_at_once(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await one.connections.connect(A, read_token_reply(token_reply().body))
    call = asked("GET", "/v1/calendars", connection=stored.id)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    await checks(one).judge(call, CallFacts())
    await one.store.delete("connection", stored.id)
    assert await refused(one, call) is Code.RECONNECT_REQUIRED


async def test_a_binding_that_was_forgotten_elsewhere_counts_at_once(clock: FakeClock) -> None:
    one = kit(clock)
    await bound(one)
    facts = CallFacts()
    await checks(one).judge(asked("GET", "/v1/calendars", BEARER), facts)
    for name in await one.store.list_ids("binding"):
        await one.store.delete("binding", name)
    await checks(one).judge(asked("GET", "/v1/calendars", BEARER), facts)
    assert facts.client == ""  # nobody's in particular: three clients could have got it elsewhere


async def test_a_mode_that_is_not_known_is_waited_for_once(clock: FakeClock) -> None:
    """The second look-up of a call is for tokens that Cronofy has taken just now, which no check knows."""
    one = kit(clock)
    one.cronofy.userinfos.append(ApiReply(500, b""))
    allowed = await checks(one).judge(asked("GET", "/v1/calendars", ("Authorization", "Bearer invented")), CallFacts())
    assert (allowed.bearer, allowed.mode) == ("invented", "unknown")
    assert one.cronofy.userinfos == type(one.cronofy.userinfos)()


async def test_a_mode_that_is_slow_to_come_is_not_waited_for_long(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = kit(clock)
    await bound(one)
    one.cronofy.userinfos.clear()
    slow = asyncio.Event()

    async def userinfo(*_: object) -> ApiReply:
        await slow.wait()
        return userinfo_reply(pro_1="google")

    monkeypatch.setattr(one.cronofy, "userinfo", userinfo)
    allowed = await checks(one).judge(asked("GET", "/v1/calendars", BEARER), CallFacts())
    assert allowed.mode == "unknown"
    slow.set()
    await one.modes.close()


async def test_a_body_is_never_read() -> None:
    body = UnseenBody()
    assert [piece async for piece in body.stream()] == []
    with pytest.raises(RequestRefused) as caught:
        await body.read(1)
    assert caught.value.code is Code.ENGINE_MUST_PASS_ON

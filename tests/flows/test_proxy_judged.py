"""What the proxy refuses before anything goes up, and calls whose credential is no Bearer."""

import json

import pytest

from gateway.flows.incoming import CallFacts
from gateway.rules.access_mode import AccessMode, AccountModes, Profile
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.owned_objects import ObjectName
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import (
    APPLICATION,
    Kit,
    client,
    kit,
    token_reply,
)
from tests.flows.test_proxy import BEARER, ELEMENT_PAGE, JSON, SECRET, B, _bound, incoming, proxy, value


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_form_is_no_body_of_any_operation(clock: FakeClock, content_type: str) -> None:
    """Rack would read its `_method` and its fields past every rule that looked for JSON."""
    one, upstream = kit(clock), FakeUpstream()
    await _bound(one)
    for line in ("POST /v1/channels", "DELETE /v1/events", "POST /v1/batch"):
        method, _, target = line.partition(" ")
        call = incoming(method, target, BEARER, ("Content-Type", content_type), body=b"_method=DELETE")
        with pytest.raises(RequestRefused) as caught:
            await proxy(one, upstream).call(call, CallFacts())
        assert caught.value.code == Code.UNSUPPORTED_MEDIA_TYPE
    assert upstream.sent == []
    await proxy(one, upstream).call(
        incoming("POST", "/v1/link_tokens", BEARER, ("Content-Type", content_type)), CallFacts()
    )
    assert len(upstream.sent) == 1


async def test_a_method_in_the_query_is_refused(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream()
    with pytest.raises(RequestRefused) as caught:
        await proxy(one, upstream).call(incoming("POST", "/v1/channels?_method=DELETE", BEARER), CallFacts())
    assert caught.value.code == Code.METHOD_OVERRIDE_REFUSED
    assert upstream.sent == []


async def test_credentials_in_the_body_are_judged_by_what_their_client_may(clock: FakeClock) -> None:
    """They win over the Bearer, so the rights are those of their client too."""
    few = client("few", operations=frozenset({"calendars"}))
    one, upstream = kit(clock), FakeUpstream()
    raw = json.dumps({"client_id": "few", "client_secret": "few-secret"}).encode()
    for headers in ([JSON], [JSON, SECRET]):
        facts = CallFacts()
        with pytest.raises(RequestRefused) as caught:
            await proxy(one, upstream, few).call(incoming("POST", "/v1/add_to_calendar", *headers, body=raw), facts)
        assert (caught.value.code, facts.client) == (Code.OPERATION_REFUSED, "few")
    assert upstream.sent == []


async def test_a_chosen_id_that_cronofy_refuses_is_given_back(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream(FakeReply(422))
    call = incoming("POST", "/v1/smart_invites", SECRET, JSON, body=b'{"smart_invite_id":"i"}')
    story = proxy(one, upstream)
    await story.call(call, CallFacts())
    assert await story.privileges.ownership.book.find("main", ObjectName("smart_invite", "i")) is None
    upstream.reply = FakeReply(200)
    await story.call(call, CallFacts())
    assert await story.privileges.ownership.book.find("main", ObjectName("smart_invite", "i"))


ELEMENT = "/v1/events?tzid=Etc/UTC&et=element-1"


async def _element_token(one: Kit, *, subs: str = '["acc_1"]') -> None:
    reply = b'{"element_token":{"token":"element-1","permissions":["agenda"],"origin":"%s"}}' % ELEMENT_PAGE.encode()
    upstream = FakeUpstream(FakeReply(body=reply))
    asked = f'{{"permissions":["agenda"],"subs":{subs},"origin":"{ELEMENT_PAGE}"}}'.encode()
    as_json = ("Content-Type", "application/json")
    for sub in json.loads(subs):
        tokens = read_token_reply(token_reply(f"access-{sub}", f"refresh-{sub}").body)
        await one.bindings.remember(B, tokens, account=sub, scope="s")
    await proxy(one, upstream).call(incoming("POST", "/v1/element_tokens", SECRET, as_json, body=asked), CallFacts())
    assert value(upstream.sent[0][2], "Accept-Encoding") == ["identity"]


async def test_an_element_token_goes_on_in_the_query_with_the_pages_origin_and_nothing_else(clock: FakeClock) -> None:
    """As Elements send it: no Authorization, none of our cookies; the origin, which the token is for."""
    one, upstream = kit(clock), FakeUpstream(FakeReply(body=b"{}"))
    await _element_token(one)
    lines = (
        ("Origin", ELEMENT_PAGE),
        ("Referer", f"{ELEMENT_PAGE}/"),
        ("Authorization", "Bearer undefined"),
        ("Cookie", "__Host-gateway-a=session; other=1"),
        ("Cronofy-Element", "v1.67.7, agenda"),
    )
    facts = CallFacts()
    await proxy(one, upstream).call(incoming("GET", ELEMENT, *lines), facts)

    ((method, url, headers, body),) = upstream.sent
    assert (method, url, body) == ("GET", f"https://api.test{ELEMENT}", None)
    assert value(headers, "Origin") == [ELEMENT_PAGE]
    assert value(headers, "Cookie") == ["other=1"]
    assert value(headers, "Cronofy-Element") == ["v1.67.7, agenda"]
    assert value(headers, "Authorization") + value(headers, "Referer") == []
    assert (facts.operation, facts.client) == ("read_events", "b")


@pytest.mark.parametrize(
    ("subs", "known", "mode"),
    [('["acc_1"]', True, "free_busy"), ('["acc_1"]', False, "unknown"), ('["acc_1","acc_2"]', True, "not_applicable")],
)
async def test_the_mode_of_an_elements_call_is_what_is_known_of_its_one_account(
    clock: FakeClock, subs: str, known: bool, mode: str
) -> None:
    """Nobody is asked: userinfo would have to be shown the page's own token."""
    one, upstream = kit(clock), FakeUpstream(FakeReply(body=b"{}"))
    await _element_token(one, subs=subs)
    if known:
        profile = Profile("pro_1", AccessMode.FREE_BUSY)
        await one.modes.learn_whole(APPLICATION, AccountModes("acc_1", (profile,), whole=True, learnt_at=clock.now()))
    answer = await proxy(one, upstream).call(incoming("GET", ELEMENT), CallFacts())

    assert value(answer.headers, "Cronofy-Access-Mode") == [mode]
    assert one.cronofy.asked == []

"""The story of a proxied call, over fakes; the journeys tell it again over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.flows.answers import Answers, AnswerSettings
from gateway.flows.callers import Callers
from gateway.flows.incoming import CallFacts, Incoming
from gateway.flows.proxy import Proxy
from gateway.flows.ruled_body import RuledBodies
from gateway.flows.sending import Sender
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import Pairs
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import (
    Kit,
    callbacks,
    client,
    custodian,
    elements,
    kit,
    mode_rules,
    privileges,
    registry,
    token_reply,
    userinfo_reply,
    vault,
)

ELEMENT_PAGE = "https://elements.example"  # of another site than the gateway
A, B = client("a"), client("b", may_impersonate=True, origins=frozenset({ELEMENT_PAGE}))
BEARER = ("Authorization", "Bearer access-1")
JSON = ("Content-Type", "application/json")
SECRET = ("Authorization", "Bearer b-secret")


@dataclass
class Body:
    raw: bytes = b""

    @property
    def is_there(self) -> bool:
        return bool(self.raw)

    @property
    def length(self) -> int:
        return len(self.raw)

    async def read(self, limit: int) -> bytes:
        assert len(self.raw) <= limit
        return self.raw

    async def stream(self) -> AsyncIterator[bytes]:
        yield self.raw


def proxy(one: Kit, upstream: FakeUpstream, *more: Client) -> Proxy:
    clients = (A, B, *more)
    callers, by_element = (
        Callers(registry(*clients), one.bindings, vault(one, *clients), one.handles),
        elements(one, *clients),
    )
    settings = AnswerSettings("https://gw.test", "Cronofy-Access-Mode", 1_000_000)
    return Proxy(
        table=OperationTable(OPERATIONS),
        callers=callers,
        privileges=(judge := privileges(one, *clients)),
        elements=by_element,
        modes=one.modes,
        answers=Answers(
            one.bindings, judge.ownership, by_element, one.metrics, settings, custodian(one, registry(*clients))
        ),
        bodies=RuledBodies(callers, mode_rules(one, *clients), callbacks(one, registry(*clients)), judge, 1_000_000),
        sender=Sender(upstream, callers.vault),
        metrics=one.metrics,
        clock=one.clock,
        mode_wait=0.05,
    )


def incoming(method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Incoming:
    return Incoming(method, target, list(headers), Body(body), "request-1")


def value(headers: Pairs, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name.lower()]


async def _bound(one: Kit) -> None:
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google_free_busy"))


async def test_a_call_goes_to_the_data_centre_and_comes_back_with_its_mode(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream(FakeReply(headers=[("Content-Type", "text/x"), ("Set-Cookie", "a=b")]))
    await _bound(one)
    facts = CallFacts()
    answer = await proxy(one, upstream).call(
        incoming("GET", "/v1/calendars?x=%2e", BEARER, ("Cookie", "s=1; gateway-a=x")), facts
    )

    ((method, url, headers, body),) = upstream.sent
    assert (method, url, body) == ("GET", "https://api.test/v1/calendars?x=%2e", None)
    assert value(headers, "Authorization") == ["Bearer access-1"]
    assert value(headers, "Cookie") == ["s=1"]
    assert value(answer.headers, "Cronofy-Access-Mode") == ["read_write, free_busy"]
    assert value(answer.headers, "Set-Cookie") == []
    assert (facts.operation, facts.client, facts.mode) == ("calendars", "a", "read_write, free_busy")


@pytest.mark.parametrize(
    ("target", "mode"),
    [
        ("/v1/events?calendar_ids[]=cal_pro_2", "free_busy"),
        ("/v1/events?calendar_ids%5B%5D=cal_pro_1", "read_write"),
        ("/v1/events?calendar_ids[]=cal_pro_1&calendar_ids[]=cal_pro_2", "read_write, free_busy"),
        ("/v1/events?calendar_ids[]=cal_unknown", "read_write, free_busy"),
    ],
)
async def test_the_mode_is_that_of_the_calendars_asked_for(clock: FakeClock, target: str, mode: str) -> None:
    one, upstream = kit(clock), FakeUpstream(FakeReply(body=b"{}"))
    await _bound(one)
    answer = await proxy(one, upstream).call(incoming("GET", target, BEARER), CallFacts())

    assert value(answer.headers, "Cronofy-Access-Mode") == [mode]


async def test_a_call_with_the_api_key_has_no_mode_and_asks_for_none(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream()
    call = incoming("POST", "/v1/availability", SECRET, JSON, body=b"{}")
    answer = await proxy(one, upstream).call(call, CallFacts())

    assert value(answer.headers, "Cronofy-Access-Mode") == ["not_applicable"]
    assert value(upstream.sent[0][2], "Authorization") == ["Bearer cronofy-secret"]
    assert one.cronofy.asked == []


async def test_a_look_up_that_fails_says_unknown_and_the_call_goes_through(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream()
    one.cronofy.userinfos.append(CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"))
    answer = await proxy(one, upstream).call(incoming("GET", "/v1/calendars", BEARER), CallFacts())

    assert (answer.status, value(answer.headers, "Cronofy-Access-Mode")) == (200, ["unknown"])


async def test_next_page_leads_back_here_and_the_page_was_asked_for_whole(clock: FakeClock) -> None:
    page = {"pages": {"current": 1, "next_page": "https://api.test/v1/events/pages/2"}, "events": []}
    one, upstream = kit(clock), FakeUpstream(FakeReply(body=json.dumps(page).encode(), headers=[("ETag", "x")]))
    await _bound(one)
    headers = [BEARER, ("Accept-Encoding", "gzip"), ("Range", "bytes=0-1"), ("If-None-Match", "x")]
    answer = await proxy(one, upstream).call(incoming("GET", "/v1/events", *headers), CallFacts())

    assert answer.body is not None
    assert json.loads(answer.body)["pages"]["next_page"] == "https://gw.test/v1/events/pages/2"
    assert upstream.reply.closed
    sent = upstream.sent[0][2]
    assert value(sent, "Accept-Encoding") == ["identity"]
    assert not value(sent, "Range") + value(sent, "If-None-Match")
    assert value(answer.headers, "ETag") == []


async def test_a_redirect_from_upstream_is_a_502(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream(FakeReply(status=302, headers=[("Location", "https://evil.test/")]))
    await _bound(one)
    with pytest.raises(CronofyUnavailable) as caught:
        await proxy(one, upstream).call(incoming("GET", "/v1/calendars", BEARER), CallFacts())

    assert caught.value.code == Code.UPSTREAM_REDIRECTED
    assert upstream.reply.closed


async def test_an_answer_that_nobody_gets_is_let_go(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever leaves while the answer's head is looked at would else leave a connection behind that nobody reads."""
    one, upstream = kit(clock), FakeUpstream(FakeReply(status=403))
    await _bound(one)

    async def leave(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(one.modes, "doubt", leave)
    with pytest.raises(asyncio.CancelledError):
        await proxy(one, upstream).call(incoming("GET", "/v1/calendars", BEARER), CallFacts())
    assert upstream.reply.closed


@pytest.mark.parametrize("name", ["cronofy-impersonate", "Cronofy_Impersonate"])
async def test_impersonation_is_for_clients_that_may(clock: FakeClock, name: str) -> None:
    """Dropping it would answer for another account than the one that was asked for, without a word."""
    one, upstream = kit(clock), FakeUpstream()
    await _bound(one)
    for bearer in (BEARER, ("Authorization", "Bearer unseen")):
        call = incoming("POST", "/v1/availability", bearer, JSON, (name, "acc_9"), body=b"{}")
        with pytest.raises(RequestRefused) as caught:
            await proxy(one, upstream).call(call, CallFacts())
        assert caught.value.code == Code.IMPERSONATION_REFUSED
    assert upstream.sent == []

    await proxy(one, upstream).call(
        incoming("POST", "/v1/availability", SECRET, JSON, (name, "acc_9"), body=b"{}"), CallFacts()
    )
    assert value(upstream.sent[0][2], "Cronofy-Impersonate") == (["acc_9"] if "-" in name else [])


@pytest.mark.parametrize(
    "query", ["conferencing[profile_id]=integrated", "a=b;conferencing=x", "%63onferencing%5Bx%5D=1"]
)
async def test_a_ruled_field_in_the_query_never_reaches_cronofy(clock: FakeClock, query: str) -> None:
    one, upstream = kit(clock), FakeUpstream()
    with pytest.raises(RequestRefused) as caught:
        await proxy(one, upstream).call(
            incoming("POST", f"/v1/calendars/c/events?{query}", BEARER, body=b"{}"), CallFacts()
        )

    assert caught.value.code == Code.PARAMETER_SHADOWED
    assert upstream.sent == []


async def test_the_tokens_of_an_application_calendar_are_bound_to_its_client(clock: FakeClock) -> None:
    one, upstream = kit(clock), FakeUpstream(FakeReply(body=token_reply(sub="apc_1", linking_profile=None).body))
    credentials = {"client_id": "b", "client_secret": "b-secret", "application_calendar_id": "x"}
    call = incoming(
        "POST", "/v1/application_calendars", ("Content-Type", "application/json"), body=json.dumps(credentials).encode()
    )
    answer = await proxy(one, upstream).call(call, CallFacts())

    assert answer.body == upstream.reply.body
    assert json.loads(upstream.sent[0][3])["client_secret"] == "cronofy-secret"
    found = await one.bindings.find("refresh-1")
    assert found is not None
    assert (found.clients, found.account) == (("b",), "apc_1")


async def test_a_batch_of_which_nothing_is_refused_may_come_back_compressed(clock: FakeClock) -> None:
    """Only an answer that is merged has to come whole and uncompressed."""
    one, upstream = kit(clock), FakeUpstream()
    await _bound(one)
    headers = [BEARER, ("Content-Type", "application/json"), ("Accept-Encoding", "gzip")]
    await proxy(one, upstream).call(incoming("POST", "/v1/batch", *headers, body=b'{"batch":[]}'), CallFacts())

    assert value(upstream.sent[0][2], "Accept-Encoding") == ["gzip"]

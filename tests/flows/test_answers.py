"""From an upstream's reply to what goes back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.flows.answers import Answers, AnswerSettings, Asked
from gateway.flows.callers import Caller
from gateway.flows.stored_connection import connection_id
from gateway.rules.batches import refused_item
from gateway.rules.client import Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.headers import Pairs
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS
from gateway.rules.owned_objects import ObjectName
from gateway.rules.request_target import read_target
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply
from tests.flows.fakes import (
    APPLICATION,
    Kit,
    StoreAway,
    client,
    custodian,
    elements,
    kit,
    ownership,
    token_reply,
)

A = client("a")
CALLER = Caller(APPLICATION, (A,), "access-1", "acc_1", is_person=True)
PAGE = b'{"pages":{"current":1,"next_page":"https://api.test/v1/events/pages/x"},"events":[{"a":1.10}]}'


def asked(method: str, path: str, caller: Caller = CALLER, **more: Any) -> Asked:
    return Asked(method, "request-1", OperationTable(OPERATIONS).match(method, read_target(path)), caller, **more)


def answers(one: Kit) -> Answers:
    settings = AnswerSettings("https://gw.test", "Cronofy-Access-Mode", 1_000_000)
    return Answers(one.bindings, ownership(one, A), elements(one, A), one.metrics, settings, custodian(one))


def values(headers: Pairs, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name.lower()]


async def test_an_ordinary_reply_is_streamed_with_the_mode_on_it(clock: FakeClock) -> None:
    """Unread: its body may be large, and it is none of our business."""
    reply = FakeReply(201, [("X-A", "1"), ("Cronofy-Access-Mode", "forged"), ("Set-Cookie", "a=b")], b"body")
    answer = await answers(kit(clock)).make(reply, asked("GET", "/v1/calendars"), "free_busy")

    assert (answer.status, answer.body, answer.streamed) == (201, None, reply)
    assert not reply.closed
    assert values(answer.headers, "X-A") == ["1"]
    assert values(answer.headers, "Cronofy-Access-Mode") == ["free_busy"]
    assert values(answer.headers, "X-Request-Id") == ["request-1"]
    assert values(answer.headers, "Set-Cookie") == []


@pytest.mark.parametrize(("connection", "is_element"), [("", False), ("c-1", False), ("", True)])
async def test_an_answer_to_a_page_is_nobodys_to_keep(clock: FakeClock, connection: str, *, is_element: bool) -> None:
    """CVE-2025-64762: a shared cache would hand one person's calendar to the next."""
    reply = FakeReply(200, [("Cache-Control", "public, max-age=60"), ("ETag", '"x"')])
    caller = replace(CALLER, connection=connection, is_element=is_element)
    answer = await answers(kit(clock)).make(reply, asked("GET", "/v1/calendars", caller), "unknown")

    of_page = is_element or bool(connection)
    assert values(answer.headers, "Cache-Control") == (["no-store"] if of_page else ["public, max-age=60"])
    assert ("Vary", "Cookie, Origin") in answer.headers or not of_page


async def test_a_page_leads_back_here_and_its_validators_are_gone(clock: FakeClock) -> None:
    """They were of other bytes."""
    reply = FakeReply(200, [("ETag", '"x"'), ("Content-MD5", "x"), ("Digest", "x"), ("X-A", "1")], PAGE)
    answer = await answers(kit(clock)).make(reply, asked("GET", "/v1/events"), "free_busy")

    assert answer.body == PAGE.replace(b"https://api.test/", b"https://gw.test/")
    assert (answer.streamed, reply.closed) == (None, True)
    assert {name.lower() for name, _ in answer.headers}.isdisjoint({"etag", "content-md5", "digest"})
    assert values(answer.headers, "X-A") == ["1"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 422), ("GET", 304)])
async def test_what_is_no_page_is_not_read_as_one(clock: FakeClock, method: str, status: int) -> None:
    reply = FakeReply(status, [("ETag", '"x"')], b"{" if status == 422 else b"")
    match = asked("GET", "/v1/events").match
    answer = await answers(kit(clock)).make(reply, Asked(method, "request-1", match, CALLER), "free_busy")

    assert answer.streamed is reply
    assert values(answer.headers, "ETag") == ['"x"']


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (PAGE.replace(b"api.test", b"evil.test"), Code.UPSTREAM_PAGE_FOREIGN),
        (b"<html>", Code.UPSTREAM_REPLY_INVALID),
    ],
)
async def test_a_page_that_leads_elsewhere_or_cannot_be_read_is_withheld(
    clock: FakeClock, body: bytes, code: Code
) -> None:
    """A client that follows it would take its token to a stranger."""
    one, reply = kit(clock), FakeReply(200, [], body)
    with pytest.raises(CronofyUnavailable) as caught:
        await answers(one).make(reply, asked("GET", "/v1/events"), "free_busy")

    assert caught.value.code == code
    assert reply.closed
    assert one.metrics.upstream_failures.labels(code)._value.get() == 1


async def test_a_new_application_calendars_tokens_are_bound_before_they_are_handed_out(clock: FakeClock) -> None:
    one = kit(clock)
    raw = token_reply("access-9", "refresh-9", sub="apc_1").body
    answer = await answers(one).make(FakeReply(200, [], raw), asked("POST", "/v1/application_calendars"), "unknown")

    assert answer.body == raw
    for token in ("access-9", "refresh-9"):
        binding = await one.bindings.find(token)
        assert binding is not None
        assert (binding.clients, binding.account) == (("a",), "apc_1")


async def test_tokens_that_cannot_be_read_or_bound_are_not_handed_out(clock: FakeClock) -> None:
    """Their client could never refresh them."""
    one = kit(clock)
    unreadable, unbound = FakeReply(200, [], b"{}"), FakeReply(200, [], token_reply().body)
    with pytest.raises(CronofyUnavailable) as caught:
        await answers(one).make(unreadable, asked("POST", "/v1/application_calendars"), "unknown")
    assert caught.value.code == Code.UPSTREAM_REPLY_INVALID

    one.records.store = StoreAway(one.store)
    with pytest.raises(StoreUnavailable):
        await answers(one).make(unbound, asked("POST", "/v1/application_calendars"), "unknown")
    assert unreadable.closed
    assert unbound.closed


async def test_a_new_element_token_is_bound_before_it_is_handed_out(clock: FakeClock) -> None:
    """What it is for stands in the answer, whose it is in the question."""
    one, path = kit(clock), "/v1/element_tokens"
    raw = json.dumps({"element_token": {"token": "element-1", "permissions": ["agenda"], "origin": "https://p.test"}})
    key = Caller(APPLICATION, (A,), "a-secret", "", is_person=False)
    ask = asked("POST", path, key, sent=b'{"subs":["acc_1"]}')
    answer = await answers(one).make(FakeReply(200, [], raw.encode()), ask, "not_applicable")

    assert answer.body == raw.encode()
    binding = await elements(one, A).bindings.find("element-1")
    assert binding is not None
    assert (binding.client, binding.account, binding.permissions) == ("a", "acc_1", ("agenda",))


async def test_an_element_token_that_cannot_be_read_or_bound_is_not_handed_out(clock: FakeClock) -> None:
    one, key = kit(clock), Caller(APPLICATION, (A,), "a-secret", "", is_person=False)
    unreadable, unbound = FakeReply(200, [], b"{}"), FakeReply(201, [], b'{"element_token":{"token":"element-1"}}')
    with pytest.raises(CronofyUnavailable) as caught:
        await answers(one).make(unreadable, asked("POST", "/v1/element_tokens", key), "not_applicable")
    assert caught.value.code == Code.UPSTREAM_REPLY_INVALID

    one.records.store = StoreAway(one.store)
    with pytest.raises(StoreUnavailable):
        await answers(one).make(unbound, asked("POST", "/v1/element_tokens", key), "not_applicable")
    assert unreadable.closed
    assert unbound.closed


async def test_a_refused_element_token_is_passed_on_unread(clock: FakeClock) -> None:
    reply = FakeReply(422, [], b'{"errors":{}}')
    answer = await answers(kit(clock)).make(reply, asked("POST", "/v1/element_tokens"), "not_applicable")
    assert answer.streamed is reply


async def test_a_batchs_refused_items_are_answered_in_their_places(clock: FakeClock) -> None:
    refused = {0: refused_item("calendar_id", "x", "No."), 2: refused_item("summary", "x", "No.")}
    reply = FakeReply(207, [("ETag", '"x"')], b'{"batch":[{"status":202},{"status":200}]}')
    answer = await answers(kit(clock)).make(reply, asked("POST", "/v1/batch", refused=refused), "free_busy")

    assert [item["status"] for item in json.loads(answer.body or b"")["batch"]] == [422, 202, 422, 200]
    assert reply.closed
    assert values(answer.headers, "ETag") == []


@pytest.mark.parametrize(("status", "refused"), [(207, {}), (422, {0: refused_item("x", "x", "No.")})])
async def test_a_batch_is_read_only_where_something_has_to_be_put_in(
    clock: FakeClock, status: int, refused: dict[int, dict[str, Any]]
) -> None:
    reply = FakeReply(status, [], b"?")
    answer = await answers(kit(clock)).make(reply, asked("POST", "/v1/batch", refused=refused), "free_busy")
    assert answer.streamed is reply


def test_a_batch_of_which_nothing_is_left_is_answered_here(clock: FakeClock) -> None:
    one = asked("POST", "/v1/batch", refused={0: refused_item("calendar_id", "x", "No.")})
    answer = answers(kit(clock)).make_own(one, "free_busy")

    assert (answer.status, answer.streamed) == (207, None)
    assert json.loads(answer.body or b"") == {"batch": [refused_item("calendar_id", "x", "No.")]}
    assert values(answer.headers, "Cronofy-Access-Mode") == ["free_busy"]
    assert values(answer.headers, "Content-Type") == ["application/json; charset=utf-8"]


@pytest.mark.parametrize("status", [200, 201])
async def test_a_new_application_calendars_tokens_stay_where_the_gateway_keeps_them(
    clock: FakeClock, status: int
) -> None:
    one, keeper = kit(clock), client("a", custody=Custody.GATEWAY)
    caller = Caller(APPLICATION, (keeper,), None, "", is_person=False)
    reply = FakeReply(status, [], token_reply(sub="apc_1", application_calendar_id="apc_1").body)
    answer = await answers(one).make(reply, asked("POST", "/v1/application_calendars", caller), "not_applicable")

    assert answer.body is not None
    told = json.loads(answer.body)
    assert (told["application_calendar_id"], told["sub"], told["expires_in"]) == ("apc_1", "apc_1", 3600)
    assert b"access-1" not in answer.body
    assert b"refresh-1" not in answer.body
    found = await one.handles.find(told["access_token"])
    stored = await one.connections.load(connection_id(keeper, "apc_1"))
    assert found is not None
    assert stored is not None
    assert (found.connection, stored.connection.access_token) == (stored.id, "access-1")
    assert await one.bindings.find("access-1") is None
    assert values(answer.headers, "Cache-Control") == ["no-store"]


async def test_what_was_made_is_its_clients_before_the_answer_goes_back(clock: FakeClock) -> None:
    one, raw = kit(clock), b'{ "attachment": {"attachment_id": "att_1"} }'
    known = answers(one)
    reply = FakeReply(201, [("ETag", "x")], raw)
    answer = await known.make(reply, asked("POST", "/v1/attachments"), "not_applicable")
    assert (answer.body, reply.closed) == (raw, True)
    kept = await known.ownership.book.find("main", ObjectName("attachment", "att_1"))
    assert kept is not None
    assert kept.clients == ("a",)


async def test_what_was_made_while_the_store_was_away_is_answered_all_the_same(clock: FakeClock) -> None:
    """Told otherwise, the app would make a second one."""
    one, raw = kit(clock), b'{"attachment":{"attachment_id":"att_1"}}'
    known = answers(one)
    one.records.store = StoreAway(one.store)
    assert (await known.make(FakeReply(200, [], raw), asked("POST", "/v1/attachments"), "x")).body == raw
    assert (await known.make(FakeReply(422, [], b"?"), asked("POST", "/v1/attachments"), "x")).streamed
    one.records.store = one.store
    await known.ownership.book.close()
    assert await ownership(one, A).book.find("main", ObjectName("attachment", "att_1"))

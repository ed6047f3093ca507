"""Custody gateway: tokens in, handles out; one refresh for everybody; moving between the custodies."""

import asyncio
import json
from typing import Any

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.registry import Registry
from gateway.flows.stored_connection import connection_id
from gateway.rules.client import Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import (
    APPLICATION,
    Kit,
    StoreAway,
    client,
    kit,
    registry,
    token_door,
    token_reply,
)
from tests.flows.test_tokens import code_request, refresh_request

A = client("a", custody=Custody.GATEWAY)
B = client("b", custody=Custody.GATEWAY)
HOUR = 3_600
DEAD = ApiReply(400, b'{"error":"invalid_grant"}')


async def exchange(one: Kit, fields: dict[str, str], *clients: Client) -> dict[str, Any]:
    reply = await token_door(one, registry(*(clients or (A, B)))).exchange(fields, None)
    assert reply.status == 200, reply
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


async def signed_in(one: Kit, name: str = "a", **changes: Any) -> dict[str, Any]:
    one.cronofy.tokens.append(token_reply(**changes))
    return await exchange(one, code_request(name))


async def refused(one: Kit, fields: dict[str, str], *clients: Client) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await exchange(one, fields, *clients)
    assert caught.value.code == Code.INVALID_GRANT
    return caught.value


async def test_the_answer_is_cronofys_own_but_for_the_two_tokens(clock: FakeClock) -> None:
    """What Cronofy may add one day, and how it writes a number, passes byte for byte."""
    one = kit(clock)
    raw = (
        b'{"token_type":"bearer", "access_token":"access-1","refresh_token":"refresh-1","expires_in":3600.0,'
        b'"scope":"free_busy_write","sub":"acc_1","account_id":"acc_1",'
        b'"linking_profile":{"provider_name":"google","profile_id":"pro_1", "profile_name":"\\u00e9@x"},"new":[1.10]}'
    )
    one.cronofy.tokens.append(ApiReply(200, raw))
    reply = await token_door(one, registry(A, B)).exchange(code_request("a"), None)

    answer = json.loads(reply.body)
    expected = (
        raw.replace(b", ", b",", 1)
        .replace(b"access-1", answer["access_token"].encode())
        .replace(b"refresh-1", answer["refresh_token"].encode())
    )
    assert reply.body == expected
    assert await one.store.list_ids("binding") == []


async def test_the_tokens_lie_in_the_connection_that_the_browser_door_uses_too(clock: FakeClock) -> None:
    one = kit(clock)
    await signed_in(one)
    await signed_in(one, linking_profile={"provider_name": "google", "profile_id": "pro_2"})
    await signed_in(one, linking_profile=None)

    stored = await one.connections.load(connection_id(A, "acc_1"))
    assert stored is not None
    assert (stored.connection.access_token, stored.connection.refresh_token) == ("access-1", "refresh-1")
    assert stored.connection.profiles == ("pro_1", "pro_2")
    assert len(await one.store.list_ids("connection")) == 1


async def test_a_refresh_within_the_tokens_life_asks_cronofy_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(600)
    second = await exchange(one, refresh_request("a", first["refresh_token"]))

    assert second == {
        "token_type": "bearer",
        "access_token": second["access_token"],
        "expires_in": HOUR - 600,
        "refresh_token": first["refresh_token"],
        "scope": "free_busy_write",
    }
    assert second["access_token"] != first["access_token"]
    assert one.cronofy.count("token") == 1
    for answer in (first, second):  # the old one lives on
        assert await one.handles.find(answer["access_token"]) is not None
    clock.pass_time(HOUR - 600)
    assert await one.handles.find(second["access_token"]) is None


async def test_a_token_that_has_little_left_is_renewed_before_a_handle_is_given_for_it(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(HOUR - 299)
    one.cronofy.tokens.append(token_reply("access-2", "refresh-2", sub=None, linking_profile=None))
    second = await exchange(one, refresh_request("a", first["refresh_token"]))

    assert (second["expires_in"], second["refresh_token"]) == (HOUR, first["refresh_token"])
    stored = await one.connections.load(connection_id(A, "acc_1"))
    assert stored is not None
    assert (stored.connection.refresh_token, stored.connection.profiles) == ("refresh-2", ("pro_1",))


async def test_any_number_of_refreshes_at_once_is_one_at_cronofy(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(HOUR + 1)
    one.cronofy.tokens.append(token_reply("access-2", "refresh-2"))
    door = token_door(one, registry(A, B))
    asked = [door.exchange(refresh_request("a", first["refresh_token"]), None) for _ in range(100)]
    answers = [json.loads(reply.body) for reply in await asyncio.gather(*asked)]

    assert len({answer["access_token"] for answer in answers}) == 100
    assert {answer["refresh_token"] for answer in answers} == {first["refresh_token"]}
    assert one.cronofy.count("token") == 2


async def test_what_is_not_a_clients_own_refresh_handle_is_refused_in_the_same_words(clock: FakeClock) -> None:
    """Whether somebody else holds it is not told."""
    one = kit(clock)
    own = await signed_in(one)
    foreign = await signed_in(one, "b")
    asked = one.cronofy.count("token")
    tokens = [foreign["refresh_token"], foreign["access_token"], own["access_token"], "refresh-1", "access-1"]
    tokens += ["unknown", "cgr_" + "x" * 43, own["refresh_token"][:-1]]
    answers = [await refused(one, refresh_request("a", token)) for token in tokens]

    assert len({answer.public for answer in answers}) == 1
    assert one.cronofy.count("token") == asked


async def test_a_token_that_never_came_through_here_is_refused_even_to_an_only_client(clock: FakeClock) -> None:
    one = kit(clock)
    await refused(one, refresh_request("a", "from-before"), A)
    assert one.cronofy.asked == []


async def test_a_connection_that_cronofy_ended_is_an_invalid_grant(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(HOUR + 1)
    one.cronofy.tokens.append(DEAD)
    for _ in range(2):
        error = await refused(one, refresh_request("a", first["refresh_token"]))
        assert "connect again" in error.public
    assert one.cronofy.count("token") == 2


@pytest.mark.parametrize("reply", [ApiReply(500, b""), ApiReply(200, b"<html>"), ApiReply(401, b""), None])
async def test_an_outage_of_cronofy_is_no_invalid_grant(clock: FakeClock, reply: ApiReply | None) -> None:
    """An app throws its refresh token away on invalid_grant."""
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(HOUR + 1)
    one.cronofy.tokens.append(reply or CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "late"))
    with pytest.raises(CronofyUnavailable):
        await exchange(one, refresh_request("a", first["refresh_token"]))
    clock.pass_time(10)
    one.cronofy.tokens.append(token_reply("access-2"))

    assert (await exchange(one, refresh_request("a", first["refresh_token"])))["expires_in"] == HOUR


async def test_an_outage_of_the_store_is_no_invalid_grant(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(3)
    away = StoreAway(one.store)
    one.records.store = away
    with pytest.raises(StoreUnavailable):
        await exchange(one, refresh_request("a", first["refresh_token"]))
    away.is_away = False

    assert await exchange(one, refresh_request("a", first["refresh_token"]))


async def test_a_reply_without_an_account_is_of_no_use(clock: FakeClock) -> None:
    """Nobody would ever find the connection again."""
    one = kit(clock)
    with pytest.raises(CronofyUnavailable):
        await signed_in(one, sub=None)
    assert await one.store.list_ids("connection") == []


async def test_a_refresh_under_which_everything_was_ended_leaves_no_handle(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(HOUR + 1)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.token_asked.clear()
    one.cronofy.tokens.append(token_reply("access-2"))
    asked = asyncio.create_task(exchange(one, refresh_request("a", first["refresh_token"])))
    await one.cronofy.token_asked.wait()
    for name in await one.store.list_ids("handle"):
        await one.store.delete("handle", name)
    one.cronofy.token_gate.set()
    with pytest.raises(RequestRefused) as caught:
        await asked

    assert caught.value.code == Code.INVALID_GRANT
    assert await one.store.list_ids("handle") == []


async def test_two_clients_on_one_account_do_not_kill_each_others_refresh_token(clock: FakeClock) -> None:
    """Cronofy hands both the same one, and here replaces it at each use."""
    one = kit(clock)
    other = client("b")
    door = token_door(one, Registry([APPLICATION], [A, other]))
    one.cronofy.tokens += [token_reply(), token_reply()]
    kept = json.loads((await door.exchange(code_request("a"), None)).body)
    await door.exchange(code_request("b"), None)
    used = []
    for turn in range(1, 5):
        clock.pass_time(HOUR)
        one.cronofy.tokens.append(token_reply(f"access-{turn}", f"refresh-{turn + 1}", sub=None))
        fields = refresh_request("a", kept["refresh_token"]) if turn % 2 else refresh_request("b", "refresh-1")
        await door.exchange(fields, None)
        used.append(one.cronofy.asked[-1][1]["refresh_token"])

    assert used == ["refresh-1", "refresh-2", "refresh-3", "refresh-4"]

"""Clients that move between the custodies keep their people."""

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.stored_connection import connection_id
from gateway.rules.errors import CronofyUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, connected, kit, token_reply, userinfo_reply
from tests.flows.test_custodian import DEAD, HOUR, A, B, exchange, refused, signed_in
from tests.flows.test_tokens import code_request, refresh_request

KEEPING = client("a")  # the same client, in custody client


async def moved(one: Kit, account: str | None = "acc_1") -> None:
    """Let the client have Cronofy's tokens from its time in custody client."""
    one.cronofy.tokens.append(token_reply(sub=account, linking_profile=None))
    fields = code_request("a") if account else refresh_request("a", "adopted")
    await exchange(one, fields, KEEPING)


async def test_a_refresh_token_of_the_clients_own_is_taken_in_as_often_as_it_comes(clock: FakeClock) -> None:
    """A client that goes over to custody gateway keeps its people; several of its processes hold the same token."""
    one = kit(clock)
    await moved(one)
    one.cronofy.tokens.append(token_reply("access-2", "refresh-2", sub=None, linking_profile=None))
    first = await exchange(one, refresh_request("a", "refresh-1"))
    second = await exchange(one, refresh_request("a", "refresh-1"))
    third = await exchange(one, refresh_request("a", first["refresh_token"]))

    assert len({first["refresh_token"], second["refresh_token"]}) == 2
    assert third["refresh_token"] == first["refresh_token"]
    assert all(answer["access_token"].startswith("cga_") for answer in (first, second, third))
    assert one.cronofy.count("token") == 2
    await refused(one, refresh_request("b", "refresh-1"))
    await refused(one, refresh_request("a", "access-1"))


async def test_whose_an_adopted_refresh_token_is_is_asked_before_it_is_taken_in(clock: FakeClock) -> None:
    one = kit(clock)
    await moved(one, account=None)
    for _ in range(2):
        one.cronofy.tokens.append(token_reply("access-2", "refresh-1", sub=None, linking_profile=None))
    one.cronofy.userinfos.append(ApiReply(500, b""))
    with pytest.raises(CronofyUnavailable):
        await exchange(one, refresh_request("a", "refresh-1"), A)
    clock.pass_time(HOUR)
    one.cronofy.userinfos.append(userinfo_reply("acc_7", pro_1="google"))
    await exchange(one, refresh_request("a", "refresh-1"), A)

    assert await one.connections.load(connection_id(A, "acc_7")) is not None


async def test_an_imported_refresh_token_is_answered_with_handles(clock: FakeClock) -> None:
    """The import has brought the connection, so Cronofy need not be asked again."""
    one = kit(clock)
    await connected(one, A)
    await one.bindings.remember_imported(A, "from-before", account="acc_1", scope="s")
    answer = await exchange(one, refresh_request("a", "from-before"))

    assert answer["refresh_token"].startswith("cgr_")
    assert one.cronofy.asked == []


async def test_a_refresh_token_that_cronofy_ended_is_not_taken_in(clock: FakeClock) -> None:
    one = kit(clock)
    await moved(one)
    one.cronofy.tokens.append(DEAD)
    await refused(one, refresh_request("a", "refresh-1"))
    assert await one.store.list_ids("handle") == []


async def test_a_client_that_takes_its_tokens_back_gets_them_for_its_refresh_handle(clock: FakeClock) -> None:
    one = kit(clock)
    first = await signed_in(one)
    clock.pass_time(600)
    answer = await exchange(one, refresh_request("a", first["refresh_token"]), KEEPING, B)
    expected = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": HOUR - 600}
    assert answer == {"token_type": "bearer", "scope": "free_busy_write", **expected}

    one.cronofy.tokens.append(token_reply("access-2", sub=None))
    assert (await exchange(one, refresh_request("a", "refresh-1"), KEEPING, B))["access_token"] == "access-2"
    await refused(one, refresh_request("b", first["refresh_token"]), KEEPING, B)

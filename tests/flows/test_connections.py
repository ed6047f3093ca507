"""Connections: one for each client and account, sealed, written over nobody's newer word."""

import asyncio

import pytest

from gateway.flows.connections import CONNECTION
from gateway.flows.ports import Record, VersionMoved
from gateway.flows.stored_connection import Connection, connection_id
from gateway.rules.errors import StoreUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway, client, connected, kit, token_reply

A, B = client("a"), client("b")


async def test_what_rests_shows_neither_token_nor_account(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)

    assert stored.connection.access_token == "access-1"
    assert stored.connection.expires_at == clock.now() + 3600
    at_rest = repr(one.store._records)
    assert not any(word in at_rest for word in ("access-1", "refresh-1", "acc_1"))
    assert await one.connections.load(stored.id) == stored


async def test_two_browsers_have_one_connection_and_two_clients_have_two(clock: FakeClock) -> None:
    """Cronofy hands the same refresh token to both browsers, so two copies would kill each other."""
    one = kit(clock)
    first, second, other = await connected(one, A), await connected(one, A), await connected(one, B)

    assert first.id == second.id == connection_id(A, "acc_1")
    assert second.version == first.version + 1
    assert other.id != first.id


async def test_a_sign_in_writes_over_a_lost_connection(clock: FakeClock) -> None:
    one = kit(clock)
    await one.connections.require_reconnect(await connected(one, A), lost_by="refused")
    again = await connected(one, A, access="access-2")

    assert again.connection.state == "active"
    found = await one.connections.load(again.id)
    assert found is not None
    assert found.connection.access_token == "access-2"


async def test_a_refresh_keeps_account_and_scope_where_cronofy_says_nothing(clock: FakeClock) -> None:
    """A refresh's answer names neither `sub` nor, perhaps, the scope."""
    one = kit(clock)
    stored = await connected(one, A)
    clock.pass_time(100)
    reply = token_reply("access-2", "refresh-2", sub=None, scope=None, linking_profile=None)
    renewed = (await one.connections.renew(stored, read_token_reply(reply.body), clock.now())).connection

    assert (renewed.account, renewed.scope) == ("acc_1", "free_busy_write")
    assert (renewed.access_token, renewed.refresh_token) == ("access-2", "refresh-2")
    assert (renewed.obtained_at, renewed.expires_at) == (clock.now(), clock.now() + 3600)


async def test_neither_a_refresh_nor_a_loss_writes_over_a_newer_sign_in(clock: FakeClock) -> None:
    one = kit(clock)
    old = await connected(one, A)
    newer = await connected(one, A, access="access-2")

    with pytest.raises(VersionMoved):
        await one.connections.renew(old, read_token_reply(token_reply("access-3").body), clock.now())
    with pytest.raises(VersionMoved):
        await one.connections.require_reconnect(old, lost_by="refused")
    assert await one.connections.load(old.id) == newer


async def test_a_refresh_does_not_bring_back_what_was_removed(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)
    await one.connections.forget(stored.id)

    with pytest.raises(VersionMoved):
        await one.connections.renew(stored, read_token_reply(token_reply("access-2").body), clock.now())
    assert await one.connections.load(stored.id) is None


async def test_a_connection_that_nobody_uses_is_forgotten_and_a_refresh_keeps_it(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)
    clock.pass_time(86_399)
    stored = await one.connections.renew(stored, read_token_reply(token_reply("access-2").body), clock.now())
    clock.pass_time(86_399)
    assert await one.connections.load(stored.id) == stored
    clock.pass_time(1)
    assert await one.connections.load(stored.id) is None


async def test_a_record_moved_under_another_name_does_not_open(clock: FakeClock) -> None:
    """Whoever can write the store must not sign one person in as another."""
    one = kit(clock)
    victim, mine = await connected(one, A), await connected(one, A, sub="acc_2")
    raw = await one.store.get(CONNECTION, victim.id)
    assert raw is not None
    await one.store.put(CONNECTION, mine.id, raw)

    assert await one.connections.load(mine.id) is None


async def test_others_are_the_active_ones_on_the_same_account(clock: FakeClock) -> None:
    one = kit(clock)
    mine = await connected(one, A)
    await connected(one, A, sub="acc_2")
    assert not await one.connections.has_other_client("main", "acc_1", "a")

    theirs = await connected(one, B)
    assert await one.connections.has_other_client("main", "acc_1", "a")
    assert await one.connections.of_account("main", "acc_1") == [mine, theirs]
    await one.connections.require_reconnect(theirs, lost_by="refused")
    assert not await one.connections.has_other_client("main", "acc_1", "a")


async def test_a_store_that_is_away_is_told_and_not_taken_for_an_empty_one(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)
    one.records.store = StoreAway(one.store)

    with pytest.raises(StoreUnavailable):
        await one.connections.load(stored.id)
    with pytest.raises(StoreUnavailable):
        await one.connections.has_other_client("main", "acc_1", "a")


def test_a_connection_shows_no_token_in_a_log_by_accident() -> None:
    """A traceback or a debug line prints a repr."""
    shown = repr(Connection("a", "main", "acc_1", "access-1", "refresh-1", 0.0, 0.0, "s"))

    assert "access-1" not in shown
    assert "refresh-1" not in shown


async def test_an_import_writes_over_the_version_that_it_saw_alone(clock: FakeClock) -> None:
    """A sign-in that came meanwhile is newer than what a file says."""
    one = kit(clock)
    tokens = read_token_reply(token_reply("access-2").body)
    stored = await one.connections.connect(A, tokens, at=clock.now() - 100, expected=0)
    assert (stored.connection.obtained_at, stored.connection.expires_at) == (clock.now() - 100, clock.now() + 3500)
    with pytest.raises(VersionMoved):
        await one.connections.connect(A, tokens, at=clock.now(), expected=0)


async def test_a_walk_meets_every_connection_of_a_client_and_no_others(clock: FakeClock) -> None:
    one = kit(clock)
    for n in range(5):
        await connected(one, A if n % 2 else B, sub=f"acc_{n}")
    met = [stored async for stored in one.connections.walk(A)]
    assert sorted(stored.connection.account for stored in met if stored) == ["acc_1", "acc_3"]
    for stored in met:
        assert stored is not None
        assert await one.connections.load(stored.id) == stored


async def test_the_profiles_of_every_sign_in_are_remembered(clock: FakeClock) -> None:
    """Where another client hangs on the account they are all that this one may end."""
    one = kit(clock)
    for number in (1, 2, 1):
        await connected(one, A, linking_profile={"provider_name": "google", "profile_id": f"pro_{number}"})
    stored = await connected(one, A, linking_profile=None)
    assert stored.connection.profiles == ("pro_1", "pro_2")

    renewed = await one.connections.renew(stored, read_token_reply(token_reply("access-2").body), clock.now())
    assert renewed.connection.profiles == ("pro_1", "pro_2")


async def test_two_sign_ins_at_once_lose_no_profile(clock: FakeClock) -> None:
    one = kit(clock)
    signing_in = [
        connected(one, A, linking_profile={"provider_name": "google", "profile_id": f"pro_{number}"})
        for number in range(4)
    ]
    await asyncio.gather(*signing_in)
    found = await one.connections.load(connection_id(A, "acc_1"))
    assert found is not None
    assert set(found.connection.profiles) == {f"pro_{number}" for number in range(4)}


async def test_a_sign_in_writes_over_what_nobody_can_open(clock: FakeClock) -> None:
    one = kit(clock)
    name = connection_id(A, "acc_1")
    await one.store.put(CONNECTION, name, Record(b"damaged", 0, "a", expires_at=clock.now() + 60))
    assert (await connected(one, A)).connection.access_token == "access-1"


async def test_what_was_answered_a_while_ago_does_not_write_over_something_newer(clock: FakeClock) -> None:
    one = kit(clock)
    newer, older = await connected(one, A), read_token_reply(token_reply("access-0", "refresh-0").body)
    assert await one.connections.connect_unless_newer(A, older, clock.now() - 1) == newer

    await one.connections.require_reconnect(newer, lost_by="refused")
    again = await one.connections.connect_unless_newer(A, older, clock.now() - 1)
    assert (again.connection.access_token, again.connection.state) == ("access-0", "active")

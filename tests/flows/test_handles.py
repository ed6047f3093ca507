"""Handles: issued, found while they live, ended for good."""

import asyncio

from gateway.flows.bindings import account_key
from gateway.flows.handles import HANDLE, NAMED_AFTER_EXPIRY, Handles
from gateway.rules.handles import PREFIXES
from tests.clock import FakeClock
from tests.flows.fakes import client, kit

A, B = client("a"), client("b")
KEY = account_key("main", "acc_1")


async def test_no_two_handles_are_alike_and_each_says_what_it_is(clock: FakeClock) -> None:
    handles = kit(clock).handles
    issued = {await handles.issue("access", A, "acc_1", "c-1", lives=60) for _ in range(20)}
    refresh = await handles.issue("refresh", A, "acc_1", "c-1")

    assert len(issued) == 20
    assert all(one.startswith(PREFIXES["access"]) and len(one) == 47 for one in issued)
    assert refresh.startswith(PREFIXES["refresh"])


async def test_the_store_never_sees_a_handle_and_knows_its_client_and_account(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)

    (name,) = await one.handles.names("a", KEY)
    record = one.store._records[HANDLE, name]
    assert handle not in name
    assert handle[4:].encode() not in repr(record).encode()
    assert b"acc_1" not in repr(record).encode()
    assert await one.handles.names("b", KEY) == []


async def test_an_access_handle_lives_exactly_to_its_expiry(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)
    clock.pass_time(59.9)
    found = await one.handles.find(handle)
    assert found is not None
    assert (found.kind, found.account, found.connection, found.is_of(A), found.is_of(B)) == (
        "access",
        "acc_1",
        "c-1",
        True,
        False,
    )
    clock.pass_time(0.1)

    assert await one.handles.find(handle) is None


async def test_an_expired_access_handle_can_still_be_revoked_for_an_hour(clock: FakeClock) -> None:
    """Pycronofy revokes with its access token, and often with one that has expired."""
    one = kit(clock)
    handle = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)
    clock.pass_time(60 + NAMED_AFTER_EXPIRY - 1)
    assert await one.handles.find_named(handle) is not None
    clock.pass_time(3)

    assert await one.handles.find_named(handle) is None


async def test_a_client_that_moved_to_another_application_left_its_handles_behind(clock: FakeClock) -> None:
    one = kit(clock)
    found = await one.handles.find(await one.handles.issue("refresh", A, "acc_1", "c-1"))

    assert found is not None
    assert not found.is_of(client("a", application="other"))


async def test_using_a_refresh_handle_keeps_it_and_a_year_without_use_does_not(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await one.handles.issue("refresh", A, "acc_1", "c-1")
    for _ in range(5):
        clock.pass_time(80_000)
        assert await one.handles.extend(handle)
    assert await one.handles.find(handle) is not None
    clock.pass_time(90_000)

    assert await one.handles.find(handle) is None
    assert not await one.handles.extend(handle)


async def test_many_uses_at_once_write_once(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await one.handles.issue("refresh", A, "acc_1", "c-1")
    assert await one.handles.extend(handle)
    (name,) = await one.handles.names("a", KEY)
    assert one.store._records[HANDLE, name].version == 1  # nothing to write down yet
    clock.pass_time(50_000)
    assert all(await asyncio.gather(*(one.handles.extend(handle) for _ in range(20))))

    assert one.store._records[HANDLE, name].version == 2


async def test_a_handle_that_was_ended_is_not_brought_back_by_its_use(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await one.handles.issue("refresh", A, "acc_1", "c-1")
    clock.pass_time(50_000)
    assert await one.handles.find(handle) is not None
    await one.handles.end_all("a", KEY)

    assert not await one.handles.extend(handle)
    assert await one.handles.find(handle) is None


async def test_ending_an_accounts_handles_leaves_other_clients_theirs(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, A, B):
        await one.handles.issue("access", whose, "acc_1", "c-1", lives=60)
    other = await one.handles.issue("access", A, "acc_2", "c-2", lives=60)

    assert await one.handles.end_all("a", KEY) == 2
    assert len(await one.handles.names(None, KEY)) == 1
    assert await one.handles.find(other) is not None
    assert await one.handles.end_all(None, KEY) == 1


async def test_a_handle_that_another_process_ended_is_dead_here_in_two_seconds(clock: FakeClock) -> None:
    one = kit(clock)
    there = Handles(one.records, clock, kept=86_400)
    handle = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)
    assert await there.find(handle) is not None
    await one.handles.end(handle)
    assert await there.find(handle) is not None
    clock.pass_time(2)

    assert await there.find(handle) is None


async def test_the_store_can_tell_that_a_handle_was_ended_elsewhere(clock: FakeClock) -> None:
    one = kit(clock)
    there = Handles(one.records, clock, kept=86_400)
    handle = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)
    assert await there.find(handle) is not None
    (name,) = await one.handles.names("a", KEY)
    await one.handles.end(handle)
    there.forget(name)

    assert await there.find(handle) is None


async def test_what_is_no_handle_is_not_looked_up(clock: FakeClock) -> None:
    one = kit(clock)
    for token in ("access-1", "cga_" + "x" * 1_000, ""):
        assert await one.handles.find(token) is None
    assert not one.handles._recent._values

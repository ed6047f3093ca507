"""Tickets: once, for a while, for their own client."""

import asyncio

import pytest

from gateway.flows.one_time import RECONNECT, TICKET, TICKET_SECONDS, Identity, Reconnection, Tickets
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, kit

A, B = client("a"), client("b")
WHO = Identity("acc_1", "pro_1", "free_busy", "free_busy_write")


async def issue(one: Kit) -> tuple[Tickets, str]:
    tickets = Tickets(one.records, one.clock)
    return tickets, await tickets.issue(TICKET, A, WHO, seconds=TICKET_SECONDS)


async def test_a_ticket_is_good_once(clock: FakeClock) -> None:
    tickets, ticket = await issue(kit(clock))
    assert await tickets.take(TICKET, A, ticket, Identity) == WHO

    with pytest.raises(RequestRefused) as caught:
        await tickets.take(TICKET, A, ticket, Identity)
    assert caught.value.code == Code.TICKET_INVALID


async def test_of_many_at_once_one_gets_it(clock: FakeClock) -> None:
    """All of them load it before any of them removes it."""
    one = kit(clock)
    tickets, ticket = await issue(one)
    everybody_loaded, original = asyncio.Barrier(20), one.store.delete

    async def late(kind: str, record_id: str, *, expected: int | None = None) -> bool:
        await everybody_loaded.wait()
        return await original(kind, record_id, expected=expected)

    one.store.delete = late  # type: ignore[method-assign]
    takers = (tickets.take(TICKET, A, ticket, Identity) for _ in range(20))
    results = await asyncio.gather(*takers, return_exceptions=True)

    assert [result for result in results if not isinstance(result, RequestRefused)] == [WHO]


async def test_a_ticket_is_its_clients_own_and_survives_another_ones_try(clock: FakeClock) -> None:
    tickets, ticket = await issue(kit(clock))
    with pytest.raises(RequestRefused):
        await tickets.take(TICKET, B, ticket, Identity)

    assert await tickets.take(TICKET, A, ticket, Identity) == WHO


async def test_a_ticket_of_one_kind_is_none_of_another(clock: FakeClock) -> None:
    tickets, ticket = await issue(kit(clock))
    with pytest.raises(RequestRefused):
        await tickets.take(RECONNECT, A, ticket, Reconnection)


@pytest.mark.parametrize(("seconds", "good"), [(59.0, True), (60.0, False)])
async def test_a_ticket_lives_for_a_minute(clock: FakeClock, seconds: float, *, good: bool) -> None:
    tickets, ticket = await issue(kit(clock))
    clock.pass_time(seconds)
    if good:
        assert await tickets.take(TICKET, A, ticket, Identity) == WHO
        return
    with pytest.raises(RequestRefused):
        await tickets.take(TICKET, A, ticket, Identity)


@pytest.mark.parametrize("ticket", ["", "x", "\udcff", "a" * 10_000, "%s", "../../x"])
async def test_garbage_is_the_same_refusal(clock: FakeClock, ticket: str) -> None:
    tickets, good = await issue(kit(clock))
    refusals = []
    for tried in (ticket, good + "x", good[:-1], good + "x" * 99):
        with pytest.raises(RequestRefused) as caught:
            await tickets.take(TICKET, A, tried, Identity)
        refusals.append((caught.value.code, caught.value.public, caught.value.headers))
    assert len({str(one) for one in refusals}) == 1


async def test_neither_the_ticket_nor_what_it_says_rests(clock: FakeClock) -> None:
    one = kit(clock)
    _, ticket = await issue(one)

    at_rest = repr(one.store._records)
    assert ticket not in at_rest
    assert "acc_1" not in at_rest


async def test_tickets_are_long_and_never_alike(clock: FakeClock) -> None:
    tickets = Tickets(kit(clock).records, clock)
    made = {await tickets.issue(TICKET, A, WHO, seconds=1) for _ in range(100)}

    assert len(made) == 100
    assert min(map(len, made)) >= 43  # 256 bits


async def test_a_ticket_outlives_a_store_that_is_away(clock: FakeClock) -> None:
    one = kit(clock)
    tickets, ticket = await issue(one)
    away = one.records.store = StoreAway(one.store, "delete")
    with pytest.raises(StoreUnavailable):
        await tickets.take(TICKET, A, ticket, Identity)

    away.is_away = False
    assert await tickets.take(TICKET, A, ticket, Identity) == WHO

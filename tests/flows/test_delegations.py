"""Who was let in by whom, and what becomes of them."""

import pytest

from gateway.flows.delegations import DELEGATED, DELEGATION
from gateway.flows.stored_connection import connection_id
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import Client
from gateway.rules.errors import StoreUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, client, connected, delegations, kit, registry, token_reply

A, B = client("a"), client("b")
KNOWN = registry(A, B)


async def let_in(one: Kit, whose: Client, account: str, parent: str = "ser_1") -> None:
    """Connect an account through a parent, in both doors."""
    name = f"{whose.id}-{account}"
    await connected(one, whose, sub=account, refresh_token=f"stored-{name}")
    tokens = read_token_reply(token_reply(f"access-{name}", f"refresh-{name}", sub=account).body)
    await one.bindings.remember(whose, tokens, account=account, scope="s")
    await one.modes.learn(APPLICATION, account, Profile("pro_1", AccessMode.READ_WRITE))
    await delegations(one, KNOWN).settle(whose, account, parent)


async def is_alive(one: Kit, whose: Client, account: str) -> bool:
    """Say whether a client still has an account, by both of its marks."""
    stored = await one.connections.load(connection_id(whose, account))
    assert stored
    active = stored.connection.state == "active"
    assert active is await one.bindings.has_account(whose, account)
    assert stored.connection.lost_by == ("" if active else "ended")
    return active


async def test_ending_a_service_account_ends_what_it_let_in_for_every_client(clock: FakeClock) -> None:
    """Cronofy's authorization is of the application; revoking it ends each account that came through it."""
    one = kit(clock)
    for whose, account, parent in (
        (A, "acc_1", "ser_1"),
        (B, "acc_1", "ser_1"),
        (A, "acc_2", "ser_2"),
        (A, "acc_3", ""),
    ):
        await let_in(one, whose, account, parent)
    assert await delegations(one, KNOWN).end_children(APPLICATION, "ser_1") == 2

    assert not await is_alive(one, A, "acc_1")
    assert not await is_alive(one, B, "acc_1")
    assert await is_alive(one, A, "acc_2")
    assert await is_alive(one, A, "acc_3")
    assert await one.modes.known(APPLICATION, "acc_1") is None
    assert await one.modes.known(APPLICATION, "acc_2") is not None


async def test_with_a_client_only_its_own_end(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, B):
        await let_in(one, whose, "acc_1")
    assert await delegations(one, KNOWN).end_children(APPLICATION, "ser_1", A) == 1

    assert not await is_alive(one, A, "acc_1")
    assert await is_alive(one, B, "acc_1")


async def test_ending_it_twice_ends_nothing_that_came_back_meanwhile(clock: FakeClock) -> None:
    one = kit(clock)
    await let_in(one, A, "acc_1")
    await delegations(one, KNOWN).end_children(APPLICATION, "ser_1")
    await let_in(one, A, "acc_1", parent="")

    assert await delegations(one, KNOWN).end_children(APPLICATION, "ser_1") == 0
    assert await is_alive(one, A, "acc_1")


@pytest.mark.parametrize("parent", ["", "ser_2"])
async def test_who_comes_anew_in_another_way_is_no_child_any_more(clock: FakeClock, parent: str) -> None:
    """A person who connected by themselves must not lose it with the organisation's account."""
    one = kit(clock)
    await let_in(one, A, "acc_1")
    await let_in(one, A, "acc_1", parent)
    await delegations(one, KNOWN).end_children(APPLICATION, "ser_1")

    assert await is_alive(one, A, "acc_1")
    assert await delegations(one, KNOWN).parent_of(A, "acc_1") == parent


async def test_a_person_who_delegates_takes_nobody_along(clock: FakeClock) -> None:
    """Only service accounts do, at Cronofy."""
    one = kit(clock)
    await let_in(one, A, "acc_1", "acc_9")
    assert await delegations(one, KNOWN).end_children(APPLICATION, "acc_9") == 0

    assert await is_alive(one, A, "acc_1")
    assert await delegations(one, KNOWN).parent_of(A, "acc_1") == "acc_9"
    assert await delegations(one, KNOWN).parent_of(B, "acc_1") == ""


@pytest.mark.parametrize("account", ["acc_1", "ser_1"])
async def test_erasing_either_side_leaves_nothing_of_the_two(clock: FakeClock, account: str) -> None:
    one = kit(clock)
    await let_in(one, A, "acc_1")
    await let_in(one, B, "acc_1")
    await delegations(one, KNOWN).erase(APPLICATION, account, A)
    assert [len(await one.store.list_ids(kind)) for kind in (DELEGATION, DELEGATED)] == [1, 1]

    await delegations(one, KNOWN).erase(APPLICATION, account, None)
    assert [len(await one.store.list_ids(kind)) for kind in (DELEGATION, DELEGATED)] == [0, 0]


async def test_what_could_not_be_ended_is_ended_the_next_time(clock: FakeClock) -> None:
    one = kit(clock)
    await let_in(one, A, "acc_1")
    away = StoreAway(one.store, "put")
    one.records.store = away
    with pytest.raises(StoreUnavailable):
        await delegations(one, KNOWN).end_children(APPLICATION, "ser_1")
    away.is_away = False

    assert await delegations(one, KNOWN).end_children(APPLICATION, "ser_1") == 1
    assert not await is_alive(one, A, "acc_1")


async def test_the_store_is_not_told_the_accounts(clock: FakeClock) -> None:
    one = kit(clock)
    await let_in(one, A, "acc_1")
    for kind in (DELEGATION, DELEGATED):
        (record_id,) = await one.store.list_ids(kind)
        record = await one.store.get(kind, record_id)
        assert record
        assert record.account
        assert not any(name in f"{record_id}{record.account}{record.value!r}" for name in ("acc_1", "ser_1"))

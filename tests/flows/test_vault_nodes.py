"""The vault beside other nodes and other clients, and what it does about answers that were lost or came late."""

import asyncio

import pytest

from gateway.flows.refreshes import COOL_OFF
from gateway.flows.vault import EARLY, Vault
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway, client, connected, kit, refreshes, registry, vault
from tests.flows.test_vault import AWAY, DEAD, A, expired, refused, renewal


async def test_another_clients_refresh_is_followed_however_long_ago_it_was(clock: FakeClock) -> None:
    """Both clients were handed the same refresh token; strict rotation kills it when the first of them uses it."""
    one, other = kit(clock), client("b")
    mine, theirs = await connected(one, A), await connected(one, other)
    keeper = vault(one, A, other)
    clock.pass_time(3600)
    one.cronofy.tokens.append(renewal("access-2", "refresh-2"))
    assert (await keeper.fresh(mine.id)).bearer == "access-2"
    clock.pass_time(7200)
    one.cronofy.tokens.append(renewal("access-3", "refresh-3"))
    assert (await keeper.fresh(mine.id)).bearer == "access-3"

    assert (await keeper.fresh(theirs.id)).bearer == "access-3"
    assert one.cronofy.count("token") == 2
    clock.pass_time(3600)
    one.cronofy.tokens.append(renewal("access-4", "refresh-4"))
    assert (await keeper.fresh(theirs.id)).bearer == "access-4"
    assert [sent["refresh_token"] for _, sent in one.cronofy.asked] == ["refresh-1", "refresh-2", "refresh-3"]


async def test_a_loss_after_an_interrupted_refresh_is_told_apart(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.extend([AWAY, DEAD])
    with pytest.raises(CronofyUnavailable):
        await keeper.fresh(stored.id)
    clock.pass_time(COOL_OFF)
    assert await refused(keeper.fresh(stored.id)) == Code.RECONNECT_REQUIRED

    found = await one.connections.load(stored.id)
    assert found is not None
    assert found.connection.lost_by == "interrupted"


async def test_tokens_that_come_late_mend_what_another_node_gave_up(clock: FakeClock) -> None:
    """This node's store was away when its answer came; the other node met the dead refresh token meanwhile."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.append(renewal("access-2", "refresh-2"))
    away = StoreAway(one.store, "put")
    away.is_away = False
    one.records.store = away
    one.cronofy.token_gate = asyncio.Event()
    waiting = asyncio.ensure_future(keeper.fresh(stored.id))
    await one.cronofy.token_asked.wait()
    away.is_away = True
    one.cronofy.token_gate.set()
    with pytest.raises(StoreUnavailable):
        await waiting
    away.is_away = False
    await one.connections.require_reconnect(stored, lost_by="refused")
    await keeper.close()

    found = await one.connections.load(stored.id)
    assert found is not None
    assert (found.connection.state, found.connection.refresh_token) == ("active", "refresh-2")
    assert (await vault(one, A).fresh(stored.id)).bearer == "access-2"


async def test_where_nothing_may_go_on_beside_a_call_the_early_refresh_is_waited_for(clock: FakeClock) -> None:
    """Tokens that travel in a cookie have to be there before the answer's head is."""
    one = kit(clock)
    stored = await connected(one, A)
    clock.pass_time(3600 - EARLY)
    one.cronofy.tokens.append(renewal())
    keeper = Vault(one.connections, registry(A), refreshes(one), clock, one.metrics, beside=False)

    assert (await keeper.fresh(stored.id)).bearer == "access-2"


async def test_an_early_refresh_that_fails_costs_nobody_the_call(clock: FakeClock) -> None:
    """The token that is there has minutes left."""
    one = kit(clock)
    stored = await connected(one, A)
    clock.pass_time(3600 - EARLY)
    one.cronofy.tokens.append(CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"))
    keeper = Vault(one.connections, registry(A), refreshes(one), clock, one.metrics, beside=False)

    assert (await keeper.fresh(stored.id)).bearer == "access-1"
    assert (await keeper.fresh(stored.id)).bearer == "access-1"  # it cools off
    assert one.cronofy.count("token") == 1

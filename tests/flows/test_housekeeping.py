"""One node sweeps for all, heartbeats go on, and an end is told to the others."""

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.housekeeping import SWEEP_EVERY, Housekeeping
from gateway.flows.nodes import NODE, Nodes
from gateway.flows.ports import Record
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway

RING = generate_key()


def keeper(store: MemoryStore, clock: FakeClock) -> Housekeeping:
    metrics = Metrics()
    return Housekeeping(store, Nodes(store, AesGcmSealer(parse_key_ring(RING)), clock, metrics), metrics)


async def test_one_node_sweeps_and_another_takes_over(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await store.put("binding", "old", Record(b"", 0, expires_at=clock.now() + 1, sealed_by="k"))
    await store.put("binding", "new", Record(b"", 0, sealed_by="k"))
    clock.pass_time(1)
    first, second = keeper(store, clock), keeper(store, clock)
    assert await first.sweep_once() is True
    assert await second.sweep_once() is False
    assert [one.number for one in await store.count()] == [1]
    assert 'gateway_records{key="k",kind="binding"} 1.0' in first._metrics.render().decode()
    clock.pass_time(SWEEP_EVERY)

    assert await second.sweep_once() is True
    assert await first.sweep_once() is False
    assert "gateway_records{" not in first._metrics.render().decode()


async def test_a_node_is_announced_at_the_start_and_gone_at_the_end(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    house = keeper(store, clock)
    await house.begin()
    assert len(await store.list_ids(NODE)) == 1
    await house.end()
    assert await store.list_ids(NODE) == []


async def test_a_start_without_the_store_is_told_and_an_end_without_it_is_quiet(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    house = keeper(store, clock)
    house._nodes._store = StoreAway(store)
    with pytest.raises(StoreUnavailable):
        await house.begin()
    await house.end()

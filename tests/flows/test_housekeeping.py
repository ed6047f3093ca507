"""One node sweeps for all, heartbeats go on, and an end is told to the others."""

import pytest
import structlog

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows import housekeeping
from gateway.flows.housekeeping import SWEEP_EVERY, Housekeeping
from gateway.flows.nodes import NODE, Nodes
from gateway.flows.ports import Record
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway
from tests.journeys.waiting import until

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


async def test_a_card_that_cannot_be_read_stops_no_heart(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without heartbeats the others would settle on a key that this node lacks, and it would never hear of it."""
    monkeypatch.setattr(housekeeping, "BEAT", 0)
    store = MemoryStore(clock)
    house = keeper(store, clock)
    await house.begin()
    (own,) = await store.list_ids(NODE)
    with structlog.testing.capture_logs() as lines:
        await store.put(NODE, "of another version", Record(b'{"keys":1}', 0))
        await until(lambda: any("detail" in line for line in lines))
        await store.delete(NODE, own)
        await until(lambda: (NODE, own) in store._records)
    await house.end()
    assert {line["detail"] for line in lines if "detail" in line} == {"ValidationError"}

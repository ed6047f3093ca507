"""Nodes seal with the newest key that all of them hold, so that a new ring can be rolled out one by one."""

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.nodes import BEAT, NODE, Nodes, agreement
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import SessionRecord
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway

OLD, NEW, NEWEST = generate_key(), generate_key(), generate_key()
ID = {key: parse_key_ring(key)[0].id.hex() for key in (OLD, NEW, NEWEST)}


class Node:
    """A node with a ring, newest key first."""

    def __init__(self, store: MemoryStore, clock: FakeClock, *ring: str) -> None:
        self.sealer = AesGcmSealer(parse_key_ring(";".join(ring)))
        self.records = SealedRecords(store, self.sealer)
        self.nodes = Nodes(store, self.sealer, clock, Metrics())
        self.store = store

    @property
    def sealing(self) -> str:
        sealed = self.sealer.seal(b"x", purpose="p", client="", record_id="")
        return next(key for key, name in ID.items() if name == self.sealer.key_of(sealed))


async def test_a_new_key_is_used_when_all_hold_it_and_not_before(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    first, second = Node(store, clock, OLD), Node(store, clock, OLD)
    for node in (first, second):
        await node.nodes.beat()
    await first.nodes.leave()
    first = Node(store, clock, NEW, OLD)  # restarted with the new ring
    await first.nodes.beat()
    assert first.sealing == OLD
    await second.nodes.leave()
    second = Node(store, clock, NEW, OLD)
    for node in (second, first):
        await node.nodes.beat()

    assert (first.sealing, second.sealing) == (NEW, NEW)


async def test_a_node_that_was_killed_holds_nobody_up_for_long(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    killed, node = Node(store, clock, OLD), Node(store, clock, NEW, OLD)
    await killed.nodes.beat()
    for _ in range(4):
        await node.nodes.beat()
        clock.pass_time(BEAT)
    await node.nodes.beat()
    assert node.sealing == NEW


async def test_a_node_that_shares_no_key_is_not_ready_and_says_why(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    node, stranger = Node(store, clock, NEW, OLD), Node(store, clock, NEWEST)
    await node.nodes.beat()
    assert await node.nodes.reason_against() == ""
    await stranger.nodes.beat()
    assert "keys: none" in await stranger.nodes.reason_against()
    await stranger.nodes.leave()
    await node.nodes.beat()
    assert await node.nodes.reason_against() == ""


async def test_a_record_that_only_others_can_open_is_no_empty_session(clock: FakeClock) -> None:
    """Nobody is signed out over a ring that is not rolled out yet; a key that nobody holds any more is a lost one."""
    store = MemoryStore(clock)
    newer, older = Node(store, clock, NEW, OLD), Node(store, clock, OLD)
    await newer.nodes.beat()
    record = SessionRecord({}, 0, 0)
    await newer.records.save("session", "a", record, expires_at=clock.now() + 1_000)
    await older.nodes.beat()
    with pytest.raises(StoreUnavailable) as caught:
        await older.records.load("session", "a", SessionRecord)
    assert ID[NEW] in caught.value.detail

    await newer.nodes.leave()
    await older.nodes.beat()
    assert await older.records.load("session", "a", SessionRecord) is None


async def test_an_agreement_counts_who_holds_what(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    for ring in ((OLD,), (NEW, OLD), (NEWEST, NEW, OLD)):
        await Node(store, clock, *ring).nodes.beat()
    agreed = await agreement(store, [ID[NEW], ID[OLD]])

    assert (agreed.sealing, agreed.nodes, agreed.elsewhere) == (ID[OLD], 3, frozenset({ID[NEWEST]}))
    assert agreed.held_by == {ID[OLD]: 3, ID[NEW]: 2, ID[NEWEST]: 1}
    assert (await agreement(MemoryStore(clock), [ID[NEW]])).sealing == ID[NEW]  # nobody serves


async def test_a_store_that_is_away_leaves_the_key_as_it_was(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    node = Node(store, clock, NEW, OLD)
    await Node(store, clock, OLD).nodes.beat()
    await node.nodes.beat()
    node.nodes._store = StoreAway(store)
    with pytest.raises(StoreUnavailable):
        await node.nodes.beat()
    assert node.sealing == OLD


async def test_nothing_secret_is_announced(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await Node(store, clock, NEW).nodes.beat()
    ((entry,), _) = await store.walk("", 10, kind=NODE)
    assert NEW.encode() not in entry.record.value

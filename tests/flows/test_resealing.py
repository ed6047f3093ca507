"""Old records are sealed anew while they serve; nobody's write is undone, and a cut-off run goes on."""

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.resealing import RESEAL, Resealed, Resealing
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import SessionRecord
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock

OLD, NEW, LOST = generate_key(), generate_key(), generate_key()
NEW_ID = parse_key_ring(NEW)[0].id.hex()


async def fill(store: MemoryStore, key: str, count: int, clock: FakeClock) -> None:
    records = SealedRecords(store, AesGcmSealer(parse_key_ring(key)))
    for number in range(count):
        record = SessionRecord({"n": number}, 0, 0)
        await records.save("session", f"{key[:4]}-{number}", record, client="app", expires_at=clock.now() + 1_000)


def resealing(store: MemoryStore, clock: FakeClock) -> Resealing:
    return Resealing(store, AesGcmSealer(parse_key_ring(f"{NEW};{OLD}")), clock)


async def test_every_record_ends_up_under_the_new_key_with_its_content_and_version(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await fill(store, OLD, 25, clock)
    await fill(store, NEW, 5, clock)
    shown: list[int] = []
    came_to = await resealing(store, clock).run(NEW_ID, lambda so_far: shown.append(so_far.done), page=10)

    assert (came_to.wanted, came_to.done, came_to.moved, came_to.broken) == (25, 25, 0, {})
    assert shown == sorted(shown)
    assert shown[-1] == 25
    assert {one.sealed_by for one in await store.count()} == {NEW_ID}
    newest = SealedRecords(store, AesGcmSealer(parse_key_ring(NEW)))
    for number in range(25):
        found = await newest.load_versioned("session", f"{OLD[:4]}-{number}", SessionRecord)
        assert found is not None
        assert (found[0].data, found[1]) == ({"n": number}, 1)


async def test_a_run_that_was_cut_off_goes_on_where_it_stopped(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await fill(store, OLD, 30, clock)
    walks: list[str] = []
    original = store.walk

    async def walk(cursor: str, limit: int, *, kind: str | None = None) -> object:
        walks.append(cursor)
        if len(walks) == 3:
            raise StoreUnavailable("away")
        return await original(cursor, limit, kind=kind)

    store.walk = walk  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        await resealing(store, clock).run(NEW_ID, lambda _: None, page=10)
    came_to = await resealing(store, clock).run(NEW_ID, lambda _: None, page=10)

    assert walks[3] == walks[2] != ""
    assert came_to.done == 10
    assert {one.sealed_by for one in await store.count() if one.sealed_by} == {NEW_ID}
    assert await store.get(RESEAL, NEW_ID) is None


async def test_what_was_written_meanwhile_is_left_alone(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await fill(store, OLD, 1, clock)
    original = store.reseal

    async def late(kind: str, record_id: str, *args: object) -> bool:
        await fill(store, OLD, 1, clock)
        return await original(kind, record_id, *args)  # type: ignore[arg-type]

    store.reseal = late  # type: ignore[assignment]
    came_to = await resealing(store, clock).run(NEW_ID, lambda _: None)
    assert (came_to.done, came_to.moved) == (0, 1)


async def test_what_no_key_opens_is_counted_and_kept(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await fill(store, LOST, 3, clock)
    came_to: Resealed = await resealing(store, clock).run(NEW_ID, lambda _: None)

    assert came_to.broken == {parse_key_ring(LOST)[0].id.hex(): 3}
    assert len(await store.list_ids("session")) == 3

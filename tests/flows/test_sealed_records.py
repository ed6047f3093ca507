"""Typed records: sealed at rest, bound to their place, changed without losing anybody's write."""

import asyncio

import msgspec
import pytest

from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import kit


class Note(msgspec.Struct, frozen=True):
    text: str


async def test_what_rests_is_sealed(clock: FakeClock) -> None:
    one = kit(clock)
    await one.records.save("note", "1", Note("acc_canary"), expires_at=clock.now() + 1)

    raw = await one.store.get("note", "1")
    assert raw is not None
    assert b"acc_canary" not in raw.value
    assert await one.records.load("note", "1", Note) == Note("acc_canary")


async def test_a_record_moved_to_another_place_does_not_open(clock: FakeClock) -> None:
    one = kit(clock)
    await one.records.save("note", "1", Note("x"), client="app", expires_at=clock.now() + 1)
    raw = await one.store.get("note", "1")
    assert raw is not None
    await one.store.put("note", "2", raw)
    await one.store.put("other", "1", raw)
    await one.store.put("note", "1", Record(raw.value, 0, "thief"))

    assert await one.records.load("note", "2", Note) is None
    assert await one.records.load("other", "1", Note) is None
    assert await one.records.load("note", "1", Note) is None


async def test_concurrent_changes_all_count(clock: FakeClock) -> None:
    one = kit(clock)

    async def add(letter: str) -> None:
        await one.records.change(
            "note",
            "1",
            Note,
            lambda present: Note((present.text if present else "") + letter),
            expires_at=clock.now() + 9,
        )

    await asyncio.gather(*(add(letter) for letter in "abcde"))
    found = await one.records.load("note", "1", Note)
    assert found is not None
    assert sorted(found.text) == list("abcde")


async def test_a_change_never_shortens_a_records_life(clock: FakeClock) -> None:
    one = kit(clock)
    await one.records.change("note", "1", Note, lambda _: Note("a"), expires_at=clock.now() + 100)
    await one.records.change("note", "1", Note, lambda _: Note("b"), expires_at=clock.now() + 1)
    clock.pass_time(50)

    assert await one.records.load("note", "1", Note) == Note("b")


async def test_a_record_that_never_stands_still_is_given_up(clock: FakeClock) -> None:
    one = kit(clock)
    await one.records.save("note", "1", Note("a"), expires_at=clock.now() + 100)

    class Restless:
        async def get(self, kind: str, record_id: str) -> Record | None:
            found = await one.store.get(kind, record_id)
            await one.store.put(kind, record_id, Record(b"", 0, expires_at=clock.now() + 100))
            return found

        def __getattr__(self, name: str) -> object:
            return getattr(one.store, name)

    one.records.store = Restless()  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        await one.records.change("note", "1", Note, lambda _: Note("b"), expires_at=0)


async def test_a_record_without_an_end_keeps_none(clock: FakeClock) -> None:
    one = kit(clock)
    await one.records.save("note", "1", Note("x"), expires_at=None)
    await one.records.change("note", "1", Note, lambda _: Note("y"), client="app", expires_at=clock.now() + 1)
    await one.records.change("note", "2", Note, lambda _: Note("z"), expires_at=clock.now() + 1)
    await one.records.change("note", "2", Note, lambda _: Note("z"), expires_at=None)
    found = [await one.store.get("note", name) for name in ("1", "2")]

    assert [record and record.expires_at for record in found] == [None, None]
    assert found[0] is not None
    assert found[0].client == "app"

"""What every record store promises of leases; part of the contract of stores."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.flows.ports import LeaseLost, Record, RecordStore, VersionMoved

PassTime = Callable[[float], Awaitable[None]]


class LeaseContract:
    """Leases, on any engine."""

    async def test_of_many_at_once_one_gets_the_lease(self, store: RecordStore) -> None:
        given = await asyncio.gather(*(store.acquire("refresh", f"owner-{number}", 30) for number in range(20)))
        (lease,) = (one for one in given if one is not None)

        assert (lease.name, lease.owner) == ("refresh", f"owner-{given.index(lease)}")
        assert await store.acquire("another", "x", 30) is not None

    async def test_a_lease_that_was_given_back_can_be_had_with_a_higher_number(self, store: RecordStore) -> None:
        numbers = []
        for _ in range(3):
            lease = await store.acquire("refresh", "owner", 30)
            assert lease is not None
            numbers.append(lease.number)
            await store.release(lease)
            await store.release(lease)  # a second time does nothing
            assert await store.renew(lease, 30) is False

        assert numbers == sorted(set(numbers))

    async def test_a_lease_that_is_not_renewed_runs_out(self, store: RecordStore, pass_time: PassTime) -> None:
        first = await store.acquire("refresh", "first", 0.5)
        assert first is not None
        await pass_time(0.6)
        second = await store.acquire("refresh", "second", 30)

        assert second is not None
        assert second.number > first.number
        assert await store.renew(first, 30) is False
        await store.release(first)  # not its own any more
        assert await store.acquire("refresh", "third", 30) is None
        assert await store.renew(second, 30) is True

    async def test_a_lease_that_is_renewed_stays(self, store: RecordStore, pass_time: PassTime) -> None:
        lease = await store.acquire("refresh", "first", 0.5)
        assert lease is not None
        assert await store.renew(lease, 30) is True
        await pass_time(0.6)
        assert await store.acquire("refresh", "second", 30) is None

    async def test_a_write_under_a_lost_lease_is_refused(self, store: RecordStore, pass_time: PassTime) -> None:
        """A process that slept through its lease must not begin what somebody else is doing by then."""
        first = await store.acquire("a", "first", 0.5)
        assert first is not None
        assert await store.put("journal", "a", Record(b"first", 0), lease=first) == 1
        await pass_time(0.6)
        with pytest.raises(LeaseLost):
            await store.put("journal", "a", Record(b"late", 0), lease=first)
        second = await store.acquire("a", "second", 30)
        assert second is not None
        with pytest.raises(LeaseLost):
            await store.put("journal", "a", Record(b"late", 0), lease=first)

        assert await store.put("journal", "a", Record(b"second", 0), lease=second, expected=1) == 2
        with pytest.raises(VersionMoved):
            await store.put("journal", "a", Record(b"x", 0), lease=second, expected=1)
        found = await store.get("journal", "a")
        assert found is not None
        assert found.value == b"second"

    @pytest.mark.parametrize("name", ["a:b", "a b\n%s", "'; DROP TABLE leases; --", "ü", "x" * 500])
    async def test_odd_names_are_names_of_leases(self, store: RecordStore, name: str) -> None:
        lease = await store.acquire(name, "owner", 30)
        assert lease is not None
        assert lease.name == name
        assert await store.put("journal", name, Record(b"x", 0), lease=lease) == 1

"""What every record store promises; each engine's test runs all of it."""

import asyncio
from dataclasses import replace

import pytest

from gateway.flows.ports import Record, RecordStore, VersionMoved
from tests.adapters.lease_contract import LeaseContract, PassTime
from tests.adapters.listing_contract import ListingContract
from tests.clock import FakeClock


class StoreContract(ListingContract, LeaseContract):
    """Facts about a `store` fixture.

    Records expire by the `clock` fixture. Leases do by whatever clock all nodes share: an engine with a server of its
    own overrides `pass_time` and really waits.
    """

    @pytest.fixture
    def pass_time(self, clock: FakeClock) -> PassTime:
        async def passes(seconds: float) -> None:
            clock.pass_time(seconds)

        return passes

    async def test_what_is_put_is_got(self, store: RecordStore, clock: FakeClock) -> None:
        written = Record(b"\0sealed\xff", 0, "app", "account", clock.now() + 10, "a1b2")
        assert await store.put("binding", "a", written) == 1

        assert await store.get("binding", "a") == replace(written, version=1)
        assert await store.get("binding", "b") is None
        assert await store.get("other", "a") is None

    async def test_each_write_is_a_version_more(self, store: RecordStore) -> None:
        versions = [await store.put("binding", "a", Record(b"x", 0)) for _ in range(3)]
        assert versions == [1, 2, 3]

    async def test_a_write_over_another_version_is_refused_and_changes_nothing(self, store: RecordStore) -> None:
        await store.put("binding", "a", Record(b"first", 0))
        for expected in (0, 2):
            with pytest.raises(VersionMoved):
                await store.put("binding", "a", Record(b"second", 0), expected=expected)
        with pytest.raises(VersionMoved):
            await store.put("binding", "new", Record(b"x", 0), expected=1)

        found = await store.get("binding", "a")
        assert found is not None
        assert (found.value, found.version) == (b"first", 1)
        assert await store.get("binding", "new") is None
        assert await store.put("binding", "a", Record(b"second", 0), expected=1) == 2

    async def test_of_many_writers_over_one_version_one_wins(self, store: RecordStore) -> None:
        async def write(number: int) -> bool:
            try:
                await store.put("binding", "a", Record(b"%d" % number, 0), expected=0)
            except VersionMoved:
                return False
            return True

        won = await asyncio.gather(*(write(number) for number in range(20)))
        assert won.count(True) == 1
        found = await store.get("binding", "a")
        assert found is not None
        assert found.value == b"%d" % won.index(True)

    async def test_an_expired_record_is_gone(self, store: RecordStore, clock: FakeClock) -> None:
        await store.put("binding", "a", Record(b"x", 0, "app", "acc", clock.now() + 10))
        clock.pass_time(9.9)
        assert await store.get("binding", "a") is not None
        clock.pass_time(0.1)

        assert await store.get("binding", "a") is None
        assert await store.list_ids("binding", client="app") == []
        assert await store.delete("binding", "a") is False
        assert await store.put("binding", "a", Record(b"y", 0), expected=0) == 1

    async def test_deleting_says_whether_it_was_there(self, store: RecordStore) -> None:
        await store.put("binding", "a", Record(b"x", 0))

        assert await store.delete("binding", "a") is True
        assert await store.delete("binding", "a") is False
        assert await store.get("binding", "a") is None

    async def test_the_expired_are_swept_and_counted(self, store: RecordStore, clock: FakeClock) -> None:
        for number in range(5):
            await store.put("binding", str(number), Record(b"", 0, expires_at=clock.now() + number))
        await store.put("binding", "forever", Record(b"", 0))
        clock.pass_time(2.5)

        assert await store.delete_expired() == 3
        assert await store.delete_expired() == 0
        assert sorted(await store.list_ids("binding")) == ["3", "4", "forever"]

    async def test_a_record_without_an_end_stays(self, store: RecordStore, clock: FakeClock) -> None:
        """Clients are kept in such records; a number in the place of «never» would end them one day."""
        await store.put("client", "a", Record(b"x", 0, "a"))
        await store.put("client", "b", Record(b"x", 0, "b", expires_at=clock.now() + 1))
        written = await store.get("client", "a")
        assert written is not None
        await store.put("client", "a", Record(b"y", 0, "a"), expected=1)
        present = await store.get("client", "a")
        assert present is not None
        assert await store.reseal("client", "a", present, b"z", "k") is True
        clock.pass_time(400 * 86_400.0)
        await store.delete_expired()

        entries, _ = await store.walk("", 10, kind="client")
        assert [(one.id, one.record.expires_at, one.record.value) for one in entries] == [("a", None, b"z")]

    @pytest.mark.parametrize("name", ["a:b", "a%20s", "a b", "a\nb", "'; DROP TABLE records; --", "ü", "x" * 500])
    async def test_odd_names_are_names(self, store: RecordStore, name: str) -> None:
        """CVE-2021-32785: a key was taken for a format string."""
        await store.put(name, name, Record(b"x", 0, name, name))

        assert await store.get(name, name) is not None
        assert await store.list_ids(name, client=name, account=name) == [name]

    async def test_a_version_is_deleted_only_while_it_is_the_present_one(self, store: RecordStore) -> None:
        """Else a change that empties a record would take along what somebody wrote meanwhile."""
        await store.put("binding", "a", Record(b"first", 0))
        await store.put("binding", "a", Record(b"second", 0))

        assert await store.delete("binding", "a", expected=1) is False
        assert await store.get("binding", "a") is not None
        assert await store.delete("binding", "a", expected=2) is True
        assert await store.delete("binding", "b", expected=1) is False

    async def test_a_record_moves_to_another_client_and_account(self, store: RecordStore) -> None:
        await store.put("binding", "a", Record(b"x", 0, "one", "acc"))
        await store.put("binding", "a", Record(b"x", 0, "two", "other"))

        assert await store.list_ids("binding", client="one") == []
        assert await store.list_ids("binding", account="acc") == []
        assert await store.list_ids("binding", client="two", account="other") == ["a"]

    async def test_resealing_keeps_the_version_and_everything_else(self, store: RecordStore, clock: FakeClock) -> None:
        """Whoever read the record before may still write over it: a refresh under way loses nothing."""
        await store.put("binding", "a", Record(b"old", 0, "app", "acc", clock.now() + 10, "k1"))
        old = await store.get("binding", "a")
        assert old is not None
        assert await store.reseal("binding", "a", old, b"new", "k2") is True

        assert await store.get("binding", "a") == replace(old, value=b"new", sealed_by="k2")
        assert await store.put("binding", "a", Record(b"y", 0, sealed_by="k2"), expected=old.version) == 2

    async def test_resealing_undoes_nobodys_write(self, store: RecordStore, clock: FakeClock) -> None:
        await store.put("binding", "a", Record(b"old", 0))
        old = await store.get("binding", "a")
        assert old is not None
        await store.put("binding", "a", Record(b"fresh", 0))
        assert await store.reseal("binding", "a", old, b"new", "k2") is False
        await store.delete("binding", "a")
        await store.put("binding", "a", Record(b"again", 0))  # the same version as `old`, other content
        assert await store.reseal("binding", "a", old, b"new", "k2") is False

        found = await store.get("binding", "a")
        assert found is not None
        assert (found.value, found.sealed_by) == (b"again", "")
        await store.put("binding", "b", Record(b"x", 0, expires_at=clock.now() + 1))
        expiring = await store.get("binding", "b")
        clock.pass_time(1)
        assert expiring is not None
        assert await store.reseal("binding", "b", expiring, b"new", "k2") is False

    async def test_a_sweep_is_counted(self, store: RecordStore, clock: FakeClock) -> None:
        await store.put("a", "1", Record(b"x", 0, expires_at=clock.now() + 1, sealed_by="k"))
        clock.pass_time(1)
        await store.delete_expired()

        assert [one for one in await store.count() if one.number] == []

    async def test_it_says_that_it_is_there(self, store: RecordStore) -> None:
        await store.ping()

    async def test_asking_whether_it_is_there_undoes_nobodys_write(self, store: RecordStore) -> None:
        """Readiness is asked for all the time, by several at once, beside every sign-in."""

        async def ask() -> None:
            for _ in range(30):
                await store.ping()

        async def write(number: int) -> bool:
            await store.put("binding", str(number), Record(b"x", 0))
            return await store.delete("binding", str(number)) if number % 2 else True

        done = await asyncio.gather(ask(), ask(), *(write(number) for number in range(200)))
        assert all(done[2:])
        assert len(await store.list_ids("binding")) == 100

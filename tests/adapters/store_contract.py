"""What every record store promises; each engine's test runs all of it."""

import asyncio

import pytest

from gateway.flows.ports import Record, RecordStore, VersionMoved
from tests.clock import FakeClock


class StoreContract:
    """Facts about a `store` fixture, whose time is the `clock` fixture's."""

    async def test_what_is_put_is_got(self, store: RecordStore, clock: FakeClock) -> None:
        written = Record(b"\0sealed\xff", 0, "app", "account", clock.now() + 10)
        assert await store.put("binding", "a", written) == 1

        assert await store.get("binding", "a") == Record(b"\0sealed\xff", 1, "app", "account", clock.now() + 10)
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

    async def test_listing_is_by_client_and_account(self, store: RecordStore) -> None:
        for record_id, client, account in (("1", "a", "x"), ("2", "a", "y"), ("3", "b", "x"), ("4", "", "")):
            await store.put("binding", record_id, Record(b"", 0, client, account))
        await store.put("other", "5", Record(b"", 0, "a", "x"))

        assert sorted(await store.list_ids("binding")) == ["1", "2", "3", "4"]
        assert sorted(await store.list_ids("binding", client="a")) == ["1", "2"]
        assert sorted(await store.list_ids("binding", account="x")) == ["1", "3"]
        assert await store.list_ids("binding", client="a", account="x") == ["1"]

    async def test_the_expired_are_swept_and_counted(self, store: RecordStore, clock: FakeClock) -> None:
        for number in range(5):
            await store.put("binding", str(number), Record(b"", 0, expires_at=clock.now() + number))
        await store.put("binding", "forever", Record(b"", 0))
        clock.pass_time(2.5)

        assert await store.delete_expired() == 3
        assert await store.delete_expired() == 0
        assert sorted(await store.list_ids("binding")) == ["3", "4", "forever"]

    @pytest.mark.parametrize("name", ["a:b", "a%20s", "a b", "a\nb", "'; DROP TABLE records; --", "ü", "x" * 500])
    async def test_odd_names_are_names(self, store: RecordStore, name: str) -> None:
        """CVE-2021-32785: a key was taken for a format string."""
        await store.put(name, name, Record(b"x", 0, name, name))

        assert await store.get(name, name) is not None
        assert await store.list_ids(name, client=name, account=name) == [name]

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

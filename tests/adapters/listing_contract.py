"""What every record store does where many records are asked for at once: lists, pages, walks, counts."""

from gateway.flows.ports import Record, RecordStore
from tests.clock import FakeClock


class ListingContract:
    async def test_listing_is_by_client_and_account(self, store: RecordStore) -> None:
        for record_id, client, account in (("1", "a", "x"), ("2", "a", "y"), ("3", "b", "x"), ("4", "", "")):
            await store.put("binding", record_id, Record(b"", 0, client, account))
        await store.put("other", "5", Record(b"", 0, "a", "x"))

        assert sorted(await store.list_ids("binding")) == ["1", "2", "3", "4"]
        assert sorted(await store.list_ids("binding", client="a")) == ["1", "2"]
        assert sorted(await store.list_ids("binding", account="x")) == ["1", "3"]
        assert await store.list_ids("binding", client="a", account="x") == ["1"]

    async def test_a_clients_records_are_listed_page_by_page(self, store: RecordStore, clock: FakeClock) -> None:
        """In one order whatever the engine, without the expired, and full until the last page."""
        numbers = [f"{number:02}" for number in range(60)]
        for number in reversed(numbers):
            ends_at = clock.now() + 1 if number[1] == "3" else None
            await store.put("binding", number, Record(b"", 0, "a", "x", expires_at=ends_at))
            await store.put("binding", f"{number}-of-b", Record(b"", 0, "b"))
            await store.put("other", f"{number}-other", Record(b"", 0, "a"))
        await store.put("binding", "99", Record(b"", 0))
        clock.pass_time(2)

        pages = [await store.page_of_client("binding", "a", after="", limit=20)]
        while pages[-1]:
            pages.append(await store.page_of_client("binding", "a", after=pages[-1][-1], limit=20))
        assert [len(one) for one in pages] == [20, 20, 14, 0]
        assert [one for page in pages for one in page] == [one for one in numbers if one[1] != "3"]
        assert await store.page_of_client("binding", "nobody", after="", limit=20) == []

    async def test_a_walk_meets_each_living_record_once(self, store: RecordStore, clock: FakeClock) -> None:
        for number in range(25):
            await store.put("binding", f"b:{number}", Record(b"%d" % number, 0, sealed_by="k"))
        for number in range(5):
            await store.put("other", str(number), Record(b"", 0, expires_at=clock.now() + number))
        clock.pass_time(2.5)
        for kind, wanted in ((None, 27), ("binding", 25), ("other", 2), ("nothing", 0)):
            met, cursor, steps = [], "", 0
            while steps == 0 or cursor:
                entries, cursor = await store.walk(cursor, 4, kind=kind)
                met += [(one.kind, one.id) for one in entries]
                steps += 1
                assert steps < 100
            assert len(met) == len(set(met)) == wanted
        everything, end = await store.walk("", 1_000, kind="binding")
        assert (len(everything), end) == (25, "")
        one = next(entry for entry in everything if entry.id == "b:7")
        assert one.record == await store.get("binding", "b:7")

    async def test_records_are_counted_by_kind_and_key(self, store: RecordStore) -> None:
        for record_id, kind, key in (("1", "a", "k1"), ("2", "a", "k1"), ("3", "a", "k2"), ("4", "b", "")):
            await store.put(kind, record_id, Record(b"x", 0, sealed_by=key))
        await store.put("a", "1", Record(b"x", 0, sealed_by="k2"))
        await store.delete("a", "2")
        moved = await store.get("a", "3")
        assert moved is not None
        await store.reseal("a", "3", moved, b"y", "k3")

        counted = {(one.kind, one.sealed_by): one.number for one in await store.count() if one.number}
        assert counted == {("a", "k2"): 1, ("a", "k3"): 1, ("b", ""): 1}

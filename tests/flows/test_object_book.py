"""Whose the objects are that the API key makes."""

import pytest

from gateway.flows.object_book import OBJECT, OBJECT_KEPT, ObjectBook
from gateway.flows.ports import VersionMoved
from gateway.rules.errors import StoreUnavailable
from gateway.rules.owned_objects import ObjectName
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, kit

NAME = ObjectName("smart_invite", "invite-1")


def book(one: Kit) -> ObjectBook:
    return ObjectBook(one.records, one.clock)


async def owners(one: ObjectBook, name: ObjectName = NAME, application: str = "main") -> tuple[str, ...] | None:
    found = await one.find(application, name)
    return found.clients if found else None


async def test_an_object_is_known_by_application_kind_and_id(clock: FakeClock) -> None:
    one = book(kit(clock))
    await one.take("main", NAME, ("a",), expected=0)
    assert await owners(one) == ("a",)
    assert await owners(one, application="other") is None
    assert await owners(one, ObjectName("smart_invite", "invite-2")) is None
    assert await owners(one, ObjectName("attachment", "invite-1")) is None


async def test_who_comes_second_does_not_take_it(clock: FakeClock) -> None:
    one = book(kit(clock))
    await one.take("main", NAME, ("a",), expected=0)
    with pytest.raises(VersionMoved):
        await one.take("main", NAME, ("b",), expected=0)
    await one.learn("main", NAME, ("b",))
    assert await owners(one) == ("a",)


async def test_use_keeps_it_for_as_long_again_and_is_no_write_each_time(clock: FakeClock) -> None:
    one = book(kit(clock))
    version = await one.take("main", NAME, ("a",), expected=0)
    for _ in range(3):
        kept = await one.find("main", NAME)
        assert kept is not None
        await one.renew("main", NAME, kept)
        assert kept.version == version
    clock.pass_time(OBJECT_KEPT - 1)
    kept = await one.find("main", NAME)
    assert kept is not None
    await one.renew("main", NAME, kept)
    clock.pass_time(OBJECT_KEPT - 1)
    assert await owners(one) == ("a",)
    clock.pass_time(2)
    assert await owners(one) is None


async def test_a_renewal_that_the_store_does_not_take_is_no_matter(clock: FakeClock) -> None:
    kitted = kit(clock)
    one = book(kitted)
    await one.take("main", NAME, ("a",), expected=0)
    clock.pass_time(OBJECT_KEPT - 1)
    kept = await one.find("main", NAME)
    assert kept is not None
    kitted.records.store = StoreAway(kitted.store)
    await one.renew("main", NAME, kept)


async def test_only_the_version_that_was_claimed_is_given_back(clock: FakeClock) -> None:
    """A second call with the same id may have been taken by Cronofy meanwhile."""
    one = book(kit(clock))
    first = await one.take("main", NAME, ("a",), expected=0)
    second = await one.take("main", NAME, ("a",), expected=first)
    await one.release("main", NAME, first)
    assert await owners(one) == ("a",)
    await one.release("main", NAME, second)
    assert await owners(one) is None


async def test_what_was_made_while_the_store_was_away_is_written_when_it_is_back(clock: FakeClock) -> None:
    """An answer of 503 would make the app create a second one."""
    kitted = kit(clock)
    one, away = book(kitted), StoreAway(kitted.store)
    kitted.records.store = away
    await one.learn("main", NAME, ("a",))
    assert await owners(one) == ("a",)
    with pytest.raises(StoreUnavailable):
        await owners(one, ObjectName("attachment", "x"))
    await one.write_late()
    assert await owners(book(kit(clock))) is None

    away.is_away = False
    await one.close()
    assert await owners(book(kitted)) == ("a",)


async def test_a_late_record_gives_way_to_one_that_is_there(clock: FakeClock) -> None:
    kitted = kit(clock)
    one, away = book(kitted), StoreAway(kitted.store)
    kitted.records.store = away
    await one.learn("main", NAME, ("a",))
    away.is_away = False
    await book(kitted).take("main", NAME, ("b",), expected=0)
    await one.write_late()
    assert await owners(one) == ("b",)
    await one.close()


async def test_the_store_is_told_no_id(clock: FakeClock) -> None:
    kitted = kit(clock)
    await book(kitted).take("main", NAME, ("a",), expected=0)
    entries, _ = await kitted.store.walk("", 10, kind=OBJECT)
    ((record_id, record),) = [(entry.id, entry.record) for entry in entries]
    assert NAME.id not in record_id
    assert NAME.id.encode() not in record.value
    assert record.client == "a"

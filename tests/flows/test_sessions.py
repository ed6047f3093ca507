"""Sessions: a random handle outside, a sealed record inside, two ends, and no way back from a sign-out."""

import asyncio

import pytest

from gateway.flows.bindings import account_key
from gateway.flows.ports import Record
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import SESSION, OpenSession, Sessions
from gateway.rules.errors import StoreUnavailable
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, kit

A, B = client("a"), client("b")
DATA = {"connection": "c-1", "account": "acc_1", "profile": None}
IDLE, ABSOLUTE = 600.0, 3_600.0


def sessions(one: Kit) -> Sessions:
    """Return the sessions of one process over the kit's store; a second call is another process."""
    return Sessions(SealedRecords(one.store, one.records.sealer), one.clock, Lifetimes(IDLE, ABSOLUTE))


def writes(one: Kit) -> int:
    """Return how often the only session was written."""
    ((_, record),) = [(key, record) for key, record in one.store._records.items() if key[0] == SESSION]
    return record.version


async def found(book: Sessions, handle: str, *, slide: bool = True) -> OpenSession:
    session = await book.find(A, handle, slide=slide)
    assert session is not None
    return session


async def test_a_dump_of_the_store_signs_nobody_in(clock: FakeClock) -> None:
    """Only a hash of the handle rests, and the record is sealed."""
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)

    at_rest = repr(one.store._records)
    assert not any(word in at_rest for word in (handle, "acc_1", "c-1"))
    for _, record_id in one.store._records:
        assert await sessions(one).find(A, record_id) is None


async def test_every_session_has_a_new_and_long_handle(clock: FakeClock) -> None:
    book = sessions(kit(clock))
    handles = {await book.create(A, DATA) for _ in range(100)}

    assert len(handles) == 100
    assert min(map(len, handles)) >= 43  # 256 bits


async def test_a_session_is_found_by_its_handle_in_every_process(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)
    session = await found(sessions(one), handle)

    assert session == OpenSession(DATA, clock.now(), ABSOLUTE, IDLE)


async def test_another_clients_handle_is_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)

    assert await sessions(one).find(B, handle) is None
    await sessions(one).end(B, handle)
    assert await sessions(one).find(A, handle) is not None


@pytest.mark.parametrize("handle", ["", "x", "x" * 43, "x" * 10_000, "\udcff", "é" * 43, "%s%n", "../session", "\0"])
async def test_a_garbage_handle_is_nothing(clock: FakeClock, handle: str) -> None:
    one = kit(clock)
    good = await sessions(one).create(A, DATA)

    assert await sessions(one).find(A, handle) is None
    for near in (good[:-1], good + "x", good.swapcase(), f" {good}", good + handle):
        assert near == good or await sessions(one).find(A, near) is None


async def test_a_session_that_nobody_uses_ends(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)
    clock.pass_time(IDLE - 1)
    assert await sessions(one).find(A, handle, slide=False) is not None
    clock.pass_time(1)
    assert await sessions(one).find(A, handle) is None


async def test_a_session_in_use_lives_to_its_absolute_end_and_not_longer(clock: FakeClock) -> None:
    one = kit(clock)
    book = sessions(one)
    handle = await book.create(A, DATA)
    for _ in range(int(ABSOLUTE / 300) - 1):
        clock.pass_time(300)
        session = await found(book, handle)
        assert session.idle_expires_in == min(IDLE, session.expires_in)
    clock.pass_time(299)
    assert (await found(book, handle)).expires_in == 1
    clock.pass_time(1)
    assert await book.find(A, handle) is None


async def test_a_look_without_sliding_is_no_use(clock: FakeClock) -> None:
    """A page that polls must not keep its session alive for ever."""
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)
    clock.pass_time(300)
    assert (await found(sessions(one), handle, slide=False)).idle_expires_in == IDLE - 300
    assert writes(one) == 1
    assert (await found(sessions(one), handle)).idle_expires_in == IDLE
    assert writes(one) == 2


async def test_a_session_in_use_is_written_seldom(clock: FakeClock) -> None:
    one = kit(clock)
    book = sessions(one)
    handle = await book.create(A, DATA)
    for _ in range(180):  # once a second
        clock.pass_time(1)
        await book.find(A, handle)
    assert writes(one) == 1 + 3


async def test_a_sign_out_is_seen_here_at_once_and_elsewhere_within_two_seconds(clock: FakeClock) -> None:
    one = kit(clock)
    here, there = sessions(one), sessions(one)
    handle = await here.create(A, DATA)
    assert await there.find(A, handle) is not None
    await here.end(A, handle)

    assert await here.find(A, handle) is None
    clock.pass_time(2)
    assert await there.find(A, handle) is None


async def test_a_use_elsewhere_does_not_bring_a_session_back_to_life(clock: FakeClock) -> None:
    """The other process still has it in its cache when it writes down that it was used."""
    one = kit(clock)
    here, there = sessions(one), sessions(one)
    handle = await here.create(A, DATA)
    clock.pass_time(59)
    assert await there.find(A, handle) is not None
    await here.end(A, handle)
    clock.pass_time(1)
    assert await there.find(A, handle) is None

    clock.pass_time(60)
    assert await there.find(A, handle) is None
    assert await sessions(one).find(A, handle) is None
    assert one.store._records == {}


async def test_a_use_during_a_sign_out_does_not_bring_it_back_either(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)
    clock.pass_time(60)
    book, original, reading, go_on = sessions(one), one.store.get, asyncio.Event(), asyncio.Event()

    async def slow(kind: str, record_id: str) -> Record | None:
        record = await original(kind, record_id)
        reading.set()
        await go_on.wait()
        return record

    one.store.get = slow  # type: ignore[method-assign]
    use = asyncio.ensure_future(book.find(A, handle))
    await reading.wait()
    await book.end(A, handle)
    go_on.set()

    assert await use is None
    one.store.get = original  # type: ignore[method-assign]
    assert await sessions(one).find(A, handle) is None


async def test_two_uses_at_once_both_count(clock: FakeClock) -> None:
    """Both processes write down the same minute; the second finds that it is written."""
    one = kit(clock)
    here, there = sessions(one), sessions(one)
    handle = await here.create(A, DATA)
    await there.find(A, handle)
    clock.pass_time(60)
    assert await here.find(A, handle) is not None
    assert (await found(there, handle)).idle_expires_in == IDLE


async def test_other_data_goes_into_a_living_session_only(clock: FakeClock) -> None:
    one = kit(clock)
    here, there = sessions(one), sessions(one)
    handle = await here.create(A, DATA)
    await there.find(A, handle)
    await here.replace(A, handle, {**DATA, "extra": 1})
    await there.replace(A, handle, {**DATA, "extra": 2})
    assert (await found(sessions(one), handle)).data["extra"] == 2

    await here.end(A, handle)
    await here.replace(A, handle, {**DATA, "extra": 3})
    await there.replace(A, handle, {**DATA, "extra": 4})
    assert await sessions(one).find(A, handle) is None
    assert await there.find(A, handle) is None


async def test_a_store_that_is_away_is_not_a_session_that_ended(clock: FakeClock) -> None:
    one = kit(clock)
    handle = await sessions(one).create(A, DATA)
    book = Sessions(SealedRecords(StoreAway(one.store), one.records.sealer), clock, Lifetimes(IDLE, ABSOLUTE))

    with pytest.raises(StoreUnavailable):
        await book.find(A, handle)
    with pytest.raises(StoreUnavailable):
        await book.create(A, DATA)
    with pytest.raises(StoreUnavailable):
        await book.end(A, handle)


async def test_a_sign_out_that_failed_is_not_forgotten_as_done(clock: FakeClock) -> None:
    """The cookie is kept then, and the person may try again."""
    one = kit(clock)
    away = StoreAway(one.store, "delete")
    book = Sessions(SealedRecords(away, one.records.sealer), clock, Lifetimes(IDLE, ABSOLUTE))
    handle = await book.create(A, DATA)
    with pytest.raises(StoreUnavailable):
        await book.end(A, handle)
    assert await book.find(A, handle) is not None

    away.is_away = False
    await book.end(A, handle)
    assert await book.find(A, handle) is None


async def test_a_session_that_was_ended_elsewhere_is_gone_at_once_where_the_store_told_so(clock: FakeClock) -> None:
    one = kit(clock)
    here, there = sessions(one), sessions(one)
    handle = await here.create(A, DATA)
    assert await there.find(A, handle) is not None
    assert await here.end_named(here.name_of(A, handle))
    there.forget(there.name_of(A, handle))
    there.forget("a session that was never seen here")

    assert await there.find(A, handle) is None
    assert not await there.end_named(there.name_of(A, handle))


async def test_reading_a_session_by_name_is_no_use_of_it(clock: FakeClock) -> None:
    one = kit(clock)
    book = sessions(one)
    handle = await book.create(A, DATA)
    clock.pass_time(300)
    record = await book.read(book.name_of(A, handle))

    assert record is not None
    assert (record.data, record.seen_at) == (DATA, clock.now() - 300)
    assert writes(one) == 1
    clock.pass_time(300)
    assert await book.read(book.name_of(A, handle)) is None


async def test_the_names_of_an_accounts_sessions_are_found_by_client(clock: FakeClock) -> None:
    one = kit(clock)
    book = sessions(one)
    mine, theirs = [book.name_of(each, await book.create(each, DATA)) for each in (A, B)]
    await book.create(A, {**DATA, "account": "acc_2"})
    key = account_key("main", "acc_1")

    assert await book.names("a", key) == [mine]
    assert set(await book.names(None, key)) == {mine, theirs}

"""Connections from cookies: the newest copy counts, and what was ended here does not come back."""

import msgspec
import pytest

from gateway.flows.carried_connections import CarriedConnections, is_newer
from gateway.flows.ports import Record, VersionMoved
from gateway.flows.stored_connection import Connection, Stored
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, connected, kit, token_reply

A = client("a")


def carried(one: Kit) -> CarriedConnections:
    """Return the connections of a process that was just started."""
    return CarriedConnections(kit(one.clock).records, one.clock, kept=86_400)


async def signed_in(clock: FakeClock) -> tuple[Kit, Stored]:
    """Return a connection as it came into a cookie."""
    one = kit(clock)
    return one, await connected(one, A)


async def known(book: CarriedConnections, stored: Stored) -> Connection:
    found = await book.load(stored.id)
    assert found is not None
    return found.connection


async def test_a_process_that_knows_none_takes_the_one_that_came(clock: FakeClock) -> None:
    one, stored = await signed_in(clock)
    book = carried(one)
    await book.adopt(stored.id, stored.connection)

    assert await known(book, stored) == stored.connection
    found = await book.load(stored.id)
    assert found is not None
    assert found.version == 1


@pytest.mark.parametrize(("seconds", "taken"), [(1.0, True), (0.0, False), (-1.0, False)])
async def test_only_a_newer_one_takes_the_place_of_what_is_known(
    clock: FakeClock, *, seconds: float, taken: bool
) -> None:
    """After a restart browsers come in any order."""
    one, stored = await signed_in(clock)
    book = carried(one)
    await book.adopt(stored.id, stored.connection)
    at = stored.connection.obtained_at + seconds
    other = msgspec.structs.replace(stored.connection, obtained_at=at, access_token="access-2")
    await book.adopt(stored.id, other)

    assert (await known(book, stored)).access_token == ("access-2" if taken else "access-1")


async def test_of_two_that_come_at_the_same_time_the_newer_stays(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, stored = await signed_in(clock)
    book, late = carried(one), stored.connection.obtained_at + 1
    newer = msgspec.structs.replace(stored.connection, obtained_at=late, access_token="access-2")
    put = book._records.store.put

    async def beaten(kind: str, record_id: str, record: Record, **more: int) -> int:
        """Let an older copy be first."""
        monkeypatch.setattr(book._records.store, "put", put)
        await book.adopt(stored.id, stored.connection)
        raise VersionMoved

    monkeypatch.setattr(book._records.store, "put", beaten)
    await book.adopt(stored.id, newer)

    assert (await known(book, stored)).access_token == "access-2"


async def test_what_was_ended_does_not_come_back_from_a_copy(clock: FakeClock) -> None:
    """The person's other browser still holds one; a new sign-in is another matter."""
    one, stored = await signed_in(clock)
    book = carried(one)
    await book.adopt(stored.id, stored.connection)
    clock.pass_time(5)
    await book.forget(stored.id)
    await book.adopt(stored.id, stored.connection)
    assert await book.load(stored.id) is None

    clock.pass_time(5)
    again = await book.connect(A, read_token_reply(token_reply("access-2").body))
    await book.adopt(stored.id, stored.connection)
    assert await known(book, stored) == again.connection


async def test_what_was_ended_is_remembered_within_bounds(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.carried_connections._MOST_FORGOTTEN", 2)
    one, stored = await signed_in(clock)
    book = carried(one)
    for name in (stored.id, "b", "c"):
        await book.forget(name)
    assert list(book._forgotten) == ["b", "c"]
    await book.adopt(stored.id, stored.connection)

    assert await known(book, stored) == stored.connection


@pytest.mark.parametrize(
    ("changes", "newer"),
    [
        ({}, False),
        ({"obtained_at": 11.0}, True),
        ({"obtained_at": 9.0}, False),
        ({"obtained_at": 9.0, "state": "reconnect_required"}, False),
        ({"state": "reconnect_required", "lost_by": "refused"}, True),
    ],
)
def test_newer_is_what_was_obtained_later_or_has_come_to_another_state(
    changes: dict[str, float | str], *, newer: bool
) -> None:
    copy = Connection("a", "main", "acc_1", "access", "refresh", 3600.0, 10.0, "scope")
    assert is_newer(msgspec.structs.replace(copy, **changes), copy) is newer

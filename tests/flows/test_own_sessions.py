"""A person sees and ends their own sessions: same client, same account, same profile; nobody else's."""

from typing import Any

import pytest

from gateway.flows.own_sessions import MOST, OwnSessions, is_same_profile, profile_of, session_facts, session_id
from gateway.flows.ports import Record
from gateway.flows.sessions import SESSION, SessionRecord, Sessions
from gateway.rules.errors import StoreUnavailable
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, kit

A, B = client("a"), client("b")
IDLE, ABSOLUTE = 600.0, 3_600.0


def data(account: str = "acc_1", profile: str | None = "pro_1", **more: Any) -> dict[str, Any]:
    of_profile = None if profile is None else {"profile_id": profile}
    return {"connection": "c", "account": account, "profile": of_profile, **more}


def own(one: Kit) -> OwnSessions:
    return OwnSessions(Sessions(one.records, one.clock, Lifetimes(IDLE, ABSOLUTE)), one.clock)


async def begun(book: OwnSessions, whose: Any = A, **changes: Any) -> str:
    """Sign a browser in and return the name of its session's record."""
    return book.sessions.name_of(whose, await book.sessions.create(whose, data(**changes)))


async def test_all_browsers_of_one_person_are_listed_the_last_used_first(clock: FakeClock) -> None:
    book = own(kit(clock))
    first = await begun(book, user_agent="old")
    clock.pass_time(60)
    second = await begun(book, user_agent="new")
    found = await book.of(A, first, data())

    assert [(one.id, one.user_agent) for one in found] == [(session_id(second), "new"), (session_id(first), "old")]
    assert (found[1].created_at, found[1].seen_at) == (clock.now() - 60, clock.now() - 60)
    assert (found[1].expires_in, found[1].idle_expires_in) == (ABSOLUTE - 60, IDLE - 60)
    assert (found[0].account, found[0].profile_id) == ("acc_1", "pro_1")


@pytest.mark.parametrize(
    ("whose", "changes"),
    [
        (B, {}),
        (A, {"account": "acc_2"}),
        (A, {"profile": "pro_2"}),
        (A, {"profile": None}),
    ],
    ids=["another client", "another account", "another profile", "no profile"],
)
async def test_nobody_elses_session_is_listed_or_found(clock: FakeClock, whose: Any, changes: dict[str, Any]) -> None:
    """Another profile of the same account is another calendar, whoever connected it."""
    book = own(kit(clock))
    mine, other = await begun(book), await begun(book, whose, **changes)

    assert [one.id for one in await book.of(A, mine, data())] == [session_id(mine)]
    assert await book.find(A, data(), session_id(other)) is None
    assert await book.find(A, data(), session_id(mine)) == mine


async def test_a_service_account_has_no_profile_and_sees_its_own(clock: FakeClock) -> None:
    book = own(kit(clock))
    mine = await begun(book, account="ser_1", profile=None)
    other = await begun(book, account="ser_1", profile=None)

    found = await book.of(A, mine, data("ser_1", None))
    assert {one.id for one in found} == {session_id(mine), session_id(other)}


async def test_what_has_ended_is_neither_listed_nor_found(clock: FakeClock) -> None:
    book = own(kit(clock))
    idle = await begun(book)
    clock.pass_time(IDLE)
    ended, mine = await begun(book), await begun(book)
    await book.sessions.end_named(ended)

    assert [one.id for one in await book.of(A, mine, data())] == [session_id(mine)]
    for gone in (idle, ended):
        assert await book.find(A, data(), session_id(gone)) is None


@pytest.mark.parametrize("wanted", ["", "x", "0" * 32, "0" * 64, "../session", "\udcff", "%s"])
async def test_an_id_that_is_none_finds_nothing(clock: FakeClock, wanted: str) -> None:
    book = own(kit(clock))
    await begun(book)
    assert await book.find(A, data(), wanted) is None


async def test_an_id_opens_nothing_and_names_no_record(clock: FakeClock) -> None:
    """It is shown to a page, so it may end up in a log."""
    one = kit(clock)
    book = own(one)
    handle = await book.sessions.create(A, data())
    name = book.sessions.name_of(A, handle)

    assert len(session_id(name)) == 32
    assert session_id(name) not in name + handle
    assert await book.sessions.find(A, session_id(name)) is None
    assert await one.store.get(SESSION, session_id(name)) is None
    for known in (name, handle):
        assert await book.find(A, data(), known) is None


async def test_somebody_with_very_many_sessions_costs_no_more_than_two_hundred(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their own is always among those that are shown, and any of the others can still be ended."""
    one = kit(clock)
    book = own(one)
    names = [await begun(book) for _ in range(MOST + 50)]
    reads, get = 0, one.store.get

    async def counting(kind: str, record_id: str) -> Record | None:
        nonlocal reads
        reads += 1
        return await get(kind, record_id)

    monkeypatch.setattr(one.store, "get", counting)
    for mine in (names[0], names[-1]):
        found = await book.of(A, mine, data())
        assert len({one.id for one in found}) == MOST
        assert session_id(mine) in {one.id for one in found}
    assert reads == 2 * MOST

    for wanted in names[-3:]:
        assert await book.find(A, data(), session_id(wanted)) == wanted
    assert reads == 2 * MOST + 3


async def test_a_session_that_another_key_sealed_is_left_out(clock: FakeClock) -> None:
    one, other = kit(clock), kit(clock)
    mine, lost = await begun(own(one)), await begun(own(other))
    foreign = await other.store.get(SESSION, lost)
    assert foreign is not None
    await one.store.put(SESSION, lost, foreign)

    assert [each.id for each in await own(one).of(A, mine, data())] == [session_id(mine)]


async def test_a_store_that_is_away_is_told(clock: FakeClock) -> None:
    one = kit(clock)
    mine = await begun(own(one))
    one.records.store = StoreAway(one.store)
    with pytest.raises(StoreUnavailable):
        await own(one).of(A, mine, data())
    with pytest.raises(StoreUnavailable):
        await own(one).find(A, data(), session_id(mine))


def test_a_session_from_before_its_browser_was_noted_is_shown_too() -> None:
    """Sessions live for weeks, over an upgrade as well."""
    facts = session_facts("name", SessionRecord({"account": "acc_1"}, 10.0, 20.0), Lifetimes(IDLE, ABSOLUTE), 30.0)
    assert (facts.user_agent, facts.profile_id, facts.seen_at) == ("", "", 20.0)


def test_a_profile_is_compared_by_its_id_and_account() -> None:
    assert profile_of(data()) == "pro_1"
    assert profile_of({}) == profile_of({"profile": None}) == ""
    assert is_same_profile(data(), data(connection="other"))
    assert not is_same_profile(data(), data("acc_2"))

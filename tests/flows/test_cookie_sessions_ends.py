"""Ends of sessions in cookie shape: whoever asked for it, copies are refused while this process lives."""

from typing import Any

import pytest

from tests.clock import FakeClock
from tests.flows.test_cookie_sessions import ABSOLUTE, IDLE, A, Process


@pytest.fixture
def process(clock: FakeClock) -> Process:
    return Process(clock)


async def test_an_ended_session_is_nothing_in_any_of_its_cookies(process: Process, clock: FakeClock) -> None:
    """Copies live on, so this process remembers the end until they have expired; another session is not touched."""
    value, other = await process.sign_in(), await process.sign_in()
    session = await process.found(value)
    clock.pass_time(60)
    fresh = await process.renewed(value)
    assert fresh is not None
    await process.sessions.end(A, session.id)

    assert [await process.sessions.open(A, one) for one in (value, fresh)] == [None, None]
    assert await process.sessions.renewed(A, session, slide=True, data={}) is None
    assert await process.sessions.open(A, other) is not None
    clock.pass_time(ABSOLUTE)
    await process.sessions.end(A, "another")
    assert list(process.sessions._ended) == [process.sessions.name_of(A, "another")]


async def test_ends_are_remembered_within_bounds(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.cookie_sessions._MOST_ENDED", 2)
    for one in ("1", "2", "3"):
        await process.sessions.end(A, one)
    assert list(process.sessions._ended) == [process.sessions.name_of(A, one) for one in ("2", "3")]


async def test_a_session_is_taken_over_once_by_its_name(process: Process, clock: FakeClock) -> None:
    """The way back from Cronofy may come without the cookie; the use of it before counts all the same."""
    value = await process.sign_in()
    clock.pass_time(IDLE - 1)
    session = await process.found(value)
    name = process.sessions.name_of(A, session.id)
    clock.pass_time(IDLE - 1)

    assert session.id not in name
    assert await process.sessions.take_over(name) == session.data
    assert await process.sessions.take_over(name) is None
    assert await process.sessions.open(A, value) is None


async def test_what_is_not_known_or_over_is_not_taken_over(process: Process, clock: FakeClock) -> None:
    assert await process.sessions.take_over("never seen") is None
    session = await process.found(await process.sign_in())
    clock.pass_time(IDLE)
    assert await process.sessions.take_over(process.sessions.name_of(A, session.id)) is None


async def test_people_see_and_end_the_sessions_that_called_since_the_start(process: Process, clock: FakeClock) -> None:
    """As in record shape, where the process can know of them."""
    value, other, silent = [await process.sign_in() for _ in range(3)]
    session, second = await process.found(value), await process.found(other)
    clock.pass_time(60)
    await process.found(value)
    name = process.sessions.name_of(A, session.id)
    seen = await process.own.of(A, name, session.data)
    assert [(one.seen_at, one.created_at) for one in seen] == [(clock.now(), clock.now() - 60), (clock.now() - 60,) * 2]

    wanted = await process.own.find(A, session.data, seen[1].id)
    assert wanted == process.sessions.name_of(A, second.id)
    assert await process.sessions.end_named(wanted) is True
    assert await process.sessions.open(A, other) is None
    assert len(await process.own.of(A, name, session.data)) == 1
    assert await process.sessions.open(A, silent) is not None


async def test_an_end_while_a_call_is_let_in_leaves_nothing(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the list would show a session that has ended."""
    value = await process.sign_in()
    session = await process.found(value)
    name = process.sessions.name_of(A, session.id)
    await process.sessions._records.store.delete("session", name)
    process.sessions.forget(name)
    save = process.sessions._save

    async def ended_meanwhile(*arguments: Any, **more: Any) -> Any:
        await process.sessions.end(A, session.id)
        return await save(*arguments, **more)

    monkeypatch.setattr(process.sessions, "_save", ended_meanwhile)

    assert await process.sessions.open(A, value) is None
    assert await process.sessions.read(name) is None

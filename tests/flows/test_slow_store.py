"""A store's answer that is on its way while the same record is ended here: nobody is told of it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.flows.sessions import Sessions
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, kit
from tests.flows.held_store import HeldStore

A = client("a")
PROFILE = Profile("pro_1", AccessMode.FREE_BUSY)

Look = Callable[[], Awaitable[Any]]
End = Callable[[], Awaitable[Any]]


async def a_session(one: Kit) -> tuple[Look, End]:
    book = Sessions(one.records, one.clock, Lifetimes(idle=600, absolute=3_600))
    handle = await book.create(A, {"account": "acc_1"})
    return (lambda: book.find(A, handle)), (lambda: book.end(A, handle))


async def a_handle(one: Kit) -> tuple[Look, End]:
    token = await one.handles.issue("access", A, "acc_1", "c-1", lives=60)
    return (lambda: one.handles.find(token)), (lambda: one.handles.end(token))


async def a_connection(one: Kit) -> tuple[Look, End]:
    stored = await connected(one, A)
    return (lambda: one.connections.recent(stored.id)), (lambda: one.connections.forget(stored.id))


async def a_binding(one: Kit) -> tuple[Look, End]:
    await one.bindings.remember_imported(A, "token-1", account="acc_1", scope="")
    return (lambda: one.bindings.find("token-1")), (lambda: one.bindings.erase_account("main", "acc_1"))


async def modes(one: Kit) -> tuple[Look, End]:
    await one.modes.learn(APPLICATION, "acc_1", PROFILE)
    one.modes._known.clear()
    return (lambda: one.modes.known(APPLICATION, "acc_1")), (lambda: one.modes.forget(APPLICATION, "acc_1"))


@pytest.mark.parametrize("thing", [a_session, a_handle, a_connection, a_binding, modes])
async def test_a_load_during_the_end_does_not_bring_it_back(
    clock: FakeClock, thing: Callable[[Kit], Awaitable[tuple[Look, End]]]
) -> None:
    """A delete is seen here at once; two seconds are for what happens in other processes."""
    one = kit(clock)
    look, end = await thing(one)
    clock.pass_time(3)
    one.records.store = held = HeldStore(one.store, "get")
    looking = asyncio.ensure_future(look())
    await held.is_done.wait()
    one.records.store = one.store
    await end()
    held.let_go()
    await looking

    assert await look() is None


async def test_a_use_that_is_being_written_down_during_a_sign_out_does_not_bring_it_back(clock: FakeClock) -> None:
    """The store took the use first and the sign-out second, but answered the other way round."""
    one = kit(clock)
    look, end = await a_session(one)
    clock.pass_time(60)
    one.records.store = held = HeldStore(one.store, "put")
    using = asyncio.ensure_future(look())
    await held.is_done.wait()
    await end()
    held.let_go()
    await using

    assert await look() is None

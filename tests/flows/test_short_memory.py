"""A memory of two seconds, and of a bounded size."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from gateway.flows import short_memory
from gateway.flows.short_memory import UNKNOWN, ShortMemory
from tests.clock import FakeClock

T = TypeVar("T")


async def at_once(value: T) -> T:
    return value


async def held(value: T, go_on: asyncio.Event) -> T:
    await go_on.wait()
    return value


async def begun(work: Awaitable[T]) -> "asyncio.Future[T]":
    """Let something begin, and go on beside it."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    return task


async def test_what_was_loaded_is_known_for_two_seconds(clock: FakeClock) -> None:
    """A sign-out elsewhere is seen within that time."""
    memory: ShortMemory[int] = ShortMemory(clock)
    assert await memory.load("a", at_once(1)) == 1
    clock.pass_time(1.9)
    assert memory.recall("a") == 1
    clock.pass_time(0.2)
    assert memory.recall("a") is UNKNOWN


async def test_the_two_seconds_begin_with_the_load(clock: FakeClock) -> None:
    """What the store read is no younger than that, however long its answer took."""
    memory: ShortMemory[int] = ShortMemory(clock)
    go_on = asyncio.Event()
    loading = await begun(memory.load("a", held(1, go_on)))
    clock.pass_time(1.9)
    go_on.set()
    assert await loading == 1
    assert memory.recall("a") == 1
    clock.pass_time(0.2)
    assert memory.recall("a") is UNKNOWN


async def test_that_something_is_not_there_is_known_too(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    assert await memory.load("a", at_once(None)) is None
    assert memory.recall("a") is None


async def test_what_was_dropped_is_not_known(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    await memory.write("a", at_once(1))
    memory.drop("a")
    memory.drop("never there")
    assert memory.recall("a") is UNKNOWN


async def test_what_was_loading_while_it_was_dropped_is_not_remembered(clock: FakeClock) -> None:
    """The load may have read before the record was deleted, and its answer comes after."""
    memory: ShortMemory[int] = ShortMemory(clock)
    go_on = asyncio.Event()
    first, second = [await begun(memory.load("a", held(1, go_on))) for _ in range(2)]
    beside = await begun(memory.load("b", held(2, go_on)))
    memory.drop("a")
    go_on.set()
    assert (await first, await second, await beside) == (1, 1, 2)
    assert (memory.recall("a"), memory.recall("b")) == (UNKNOWN, 2)


async def test_what_was_loading_while_it_was_written_is_not_remembered(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    go_on = asyncio.Event()
    loading = await begun(memory.load("a", held(1, go_on)))
    await memory.write("a", at_once(2))
    go_on.set()
    assert await loading == 1
    assert memory.recall("a") == 2


async def test_what_was_loaded_while_it_was_written_is_forgotten(clock: FakeClock) -> None:
    """A load beside the write may have read what stood there before, even where the write then fails."""
    memory: ShortMemory[int] = ShortMemory(clock)
    go_on = asyncio.Event()

    async def fail() -> int:
        await go_on.wait()
        raise ConnectionError

    writing = await begun(memory.write("a", fail()))
    await memory.load("a", at_once(1))
    go_on.set()
    with pytest.raises(ConnectionError):
        await writing
    assert memory.recall("a") is UNKNOWN


async def test_what_was_written_while_it_was_dropped_is_not_remembered(clock: FakeClock) -> None:
    """The record may have been deleted after the write, whose answer comes later."""
    memory: ShortMemory[int] = ShortMemory(clock)
    go_on = asyncio.Event()
    writing = await begun(memory.write("a", held(1, go_on)))
    memory.drop("a")
    go_on.set()
    assert await writing == 1
    assert memory.recall("a") is UNKNOWN


async def test_nothing_is_kept_of_work_that_is_over(clock: FakeClock) -> None:
    """Else a store's outage, or callers who leave, would let the memory grow."""
    memory: ShortMemory[int] = ShortMemory(clock)
    leaving = await begun(memory.load("a", held(1, asyncio.Event())))
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await memory.write("b", at_once(1))
    assert not memory._under_way._running


async def test_the_oldest_goes_when_it_is_full(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    for number in range(short_memory.SIZE + 1):
        await memory.load(str(number), at_once(number))
    assert (memory.recall("0"), memory.recall("1")) == (UNKNOWN, 1)

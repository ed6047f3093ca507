"""A thing is done once for all who want it at the same time, whoever leaves."""

import asyncio

import pytest

from gateway.flows.shared_tasks import SharedTasks


class Work:
    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()

    async def run(self) -> int:
        self.begun += 1
        await self.gate.wait()
        return self.begun


async def test_all_who_come_meanwhile_share_one_run_and_the_next_begins_anew() -> None:
    shared, work = SharedTasks[int]("work"), Work()
    waiting = [shared.join("a", work.run) for _ in range(10)]
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(*waiting) == [1] * 10

    assert await shared.join("a", work.run) == 2


async def test_names_are_apart() -> None:
    shared, work = SharedTasks[int]("work"), Work()
    work.gate.set()
    await asyncio.gather(shared.join("a", work.run), shared.join("b", work.run))
    assert work.begun == 2


async def test_whoever_leaves_takes_nothing_along_and_closing_waits() -> None:
    shared, work = SharedTasks[int]("work"), Work()
    leaving, staying = shared.join("a", work.run), shared.join("a", work.run)
    await asyncio.sleep(0)
    leaving.cancel()
    work.gate.set()
    await shared.close()

    assert await staying == 1
    assert leaving.cancelled()


async def test_a_failure_is_everybodys_and_no_warning_when_nobody_waits() -> None:
    async def fail() -> int:
        raise ValueError("no")

    shared = SharedTasks[int]("work")
    with pytest.raises(ValueError, match="no"):
        await shared.join("a", fail)
    shared.join("b", fail).cancel()
    await shared.close()

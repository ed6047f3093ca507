"""Finishing what must be finished although the client leaves."""

import asyncio

import pytest

from gateway.web.shielded import to_its_end


async def test_a_story_that_nobody_left_ends_as_it_ends() -> None:
    async def story() -> int:
        return 7

    async def sad_story() -> int:
        raise LookupError

    assert await to_its_end(story()) == 7
    with pytest.raises(LookupError):
        await to_its_end(sad_story())


@pytest.mark.parametrize("sad", [False, True])
async def test_a_story_goes_on_when_the_client_leaves_and_nobody_complains(*, sad: bool) -> None:
    """An outcome that nobody waits for is no «exception was never retrieved» in the log either."""
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def story() -> None:
        began.set()
        await go_on.wait()
        done.set()
        if sad:
            raise LookupError

    waiting = asyncio.ensure_future(to_its_end(story()))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not done.is_set()

    go_on.set()
    await done.wait()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    assert complaints == []

"""Finishing what must be finished although the client leaves."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(story: Awaitable[T]) -> T:
    """Run a story to its end even when the waiting request is cancelled.

    Raises:
        asyncio.CancelledError: the client left; the story goes on.
    """
    task = asyncio.ensure_future(story)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_forget_outcome)
        raise


def _forget_outcome(task: "asyncio.Future[T]") -> None:
    if not task.cancelled():
        task.exception()

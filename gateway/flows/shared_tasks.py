"""Doing a thing once for everybody who wants it at the same time.

The task runs behind `asyncio.shield`: a caller that leaves takes nobody's result along, and the thing is finished
although everybody left. A lock with a second look does it twice when the first caller is cancelled.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedTasks(Generic[T]):
    """Tasks that run, by name."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._running: dict[str, asyncio.Task[T]] = {}

    def join(self, name: str, begin: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Future[T]":
        """Join the task of this name that runs, or begin one; the future may be awaited and cancelled by anybody."""
        running = self._running.get(name)
        if running is None:
            running = asyncio.create_task(begin(), name=self._title)
            self._running[name] = running
            running.add_done_callback(lambda _: self._running.pop(name, None))
            running.add_done_callback(forget_outcome)
        return asyncio.shield(running)

    async def close(self) -> None:
        """Wait until all have ended."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)


def forget_outcome(future: "asyncio.Future[T]") -> None:
    """Take note of an outcome that nobody may be waiting for."""
    if not future.cancelled():
        future.exception()

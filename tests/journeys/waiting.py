"""Waiting for a fact that nobody announces."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(fact: Callable[[], bool], *, patience: float = 5.0) -> None:
    """Return as soon as something is true; fail when it does not become so."""
    async with asyncio.timeout(patience):
        while not fact():  # noqa: ASYNC110  what is asked lies in a file, a socket or another task
            await asyncio.sleep(0.005)


async def until_told(ask: Callable[[], Awaitable[bool]], *, patience: float = 20.0) -> None:
    """Return as soon as asking for something says yes."""
    async with asyncio.timeout(patience):
        while not await ask():  # noqa: ASYNC110  the same
            await asyncio.sleep(0.01)

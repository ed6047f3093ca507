"""Hears which records anybody deletes, for as long as the store is open."""

import asyncio
from typing import Final

from redis.asyncio.client import PubSub

from gateway.adapters.redis_layout import DELETED, names_of
from gateway.adapters.redis_link import RedisLink
from gateway.flows.ports import Heard
from gateway.rules.errors import StoreUnavailable

_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 1.0  # seconds between attempts to subscribe again
_QUIET: Final = 5.0


class RedisListener:
    """One subscription for everybody in this process who listens; what is told while it is broken is not heard.

    Args:
        link: the way to the server.
        quiet: seconds without a word after which the server is asked whether it is there, and given up after as many.
    """

    def __init__(self, link: RedisLink, *, quiet: float = _QUIET) -> None:
        self._link = link
        self._quiet = quiet
        self._told: list[Heard] = []
        self._listening: asyncio.Task[None] | None = None

    def tell(self, heard: Heard) -> None:
        """Call `heard` from now on; the first time begins to listen."""
        self._told.append(heard)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="hear deleted records")

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with self._link.subscribed(DELETED) as ears:
                    wait = _FIRST_WAIT
                    await self._hear(ears)
            except StoreUnavailable:
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _hear(self, ears: PubSub) -> None:
        """Tell what is heard until the server has not said a word for too long."""
        asked = False
        while True:
            async with asyncio.timeout(2 * self._quiet):  # it may connect again, to a server that says nothing
                message = await ears.get_message(timeout=self._quiet)
            if message is None and asked:
                return
            if message is None:
                await ears.ping()
            elif message["type"] == "message":
                self._tell_all(message["data"])
            asked = message is None

    def _tell_all(self, member: bytes) -> None:
        for heard in self._told:
            try:
                heard(*names_of(member))
            except Exception as error:  # noqa: BLE001  whoever listens may fail; the others still hear
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a listener to deleted records failed", "exception": error}
                )

"""Turns of an import: when the next call to Cronofy may be made, how failures are waited out, and when to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gateway.flows.ports import Clock
from gateway.flows.refresh_outcomes import UnusableReply
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.pace import Pace
from gateway.rules.token_reply import error_of_reply

# Seconds. The first is longer than the wait that `Refreshes` imposes after a failure, all of them longer than a minute,
# so that a limit of Cronofy's for the minute is waited out.
PAUSES: Final = (4.0, 8.0, 16.0, 35.0)
STORING_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429

T = TypeVar("T")


class Stopped(Exception):
    """Somebody wants the import to stop, and this line was not begun."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Waits.

    Attributes:
        pace: of the calls to Cronofy.
        clock: the time.
        sleep: waits for so many seconds.
        stop: set when nothing new is to be begun.
    """

    pace: Pace
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self) -> None:
        """Wait for a turn in the middle of a line: it is finished although the import is to stop."""
        await self.sleep(self.pace.reserve(self.clock.now()))

    async def begin(self) -> None:
        """Wait for the first turn of a line.

        Raises:
            Stopped: it is not to be begun.
        """
        await self._pause(self.pace.reserve(self.clock.now()))
        if self.stop.is_set():
            raise Stopped

    async def ask(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do what may fail because Cronofy or the store is away, again a few times; not when the import is to stop.

        Raises:
            CronofyUnavailable: the last failure.
            StoreUnavailable: the last failure.
        """
        for pause in PAUSES:
            try:
                return await act()
            except (CronofyUnavailable, StoreUnavailable) as error:
                if self.stop.is_set() or is_about_credentials(error):
                    raise
                if isinstance(error, UnusableReply) and error.reply.status == _TOO_MANY:
                    self.pace.hold(self.clock.now() + pause)
                await self._pause(pause)
        return await act()

    async def store(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do what may fail because the store is away, again for a minute, also when the import is to stop.

        Raises:
            StoreUnavailable: the last failure.
        """
        for pause in STORING_PAUSES:
            try:
                return await act()
            except StoreUnavailable:
                await self.sleep(pause)
        return await act()

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until the import is to stop."""
        if seconds <= 0:
            return
        waiting = [asyncio.ensure_future(self.sleep(seconds)), asyncio.ensure_future(self.stop.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


def is_about_credentials(error: Exception) -> bool:
    """Say whether Cronofy refused the application itself: no other line fares better, and time mends nothing."""
    return isinstance(error, UnusableReply) and (
        error.reply.status == _UNAUTHORIZED or error_of_reply(error.reply.body) == "invalid_client"
    )

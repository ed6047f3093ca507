"""Clients that call without a pause while something happens to nodes or store."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tests.journeys.nodes.fleet import Fleet, Node

_OK: Final = 200
_NOT_REACHED: Final = (aiohttp.ClientConnectionError, asyncio.TimeoutError)
_PAUSE: Final = 0.01  # seconds: as many calls as a busy page makes, not as many as the machine can bear
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to.

    Attributes:
        at: seconds of the monotonic clock.
        status: of the answer; 0 when no node could be reached.
        is_right: a 200 that named the session's own account.
        cookies: Set-Cookie lines.
        elsewhere: how often the call had to go to another node, as a load balancer sends it.
    """

    at: float
    status: int
    is_right: bool
    cookies: int
    elsewhere: int = 0


@dataclass
class Callers:
    """So many clients, each with sessions of its own.

    Attributes:
        fleet: the nodes.
        people: handle → sub.
        answers: all so far.
    """

    fleet: Fleet
    people: Mapping[str, str]
    answers: list[Answer] = field(default_factory=list)

    async def call(self, handle: str) -> Answer:
        """Call any node, and the others when that one is not reached."""
        nodes = random.sample(self.fleet.nodes, len(self.fleet.nodes))
        for tried, node in enumerate(nodes):
            try:
                status, body, cookies = await self.fleet.call(node, handle)
            except _NOT_REACHED:
                continue
            is_right = status == _OK and body["account"]["account_id"] == self.people[handle]
            return Answer(time.monotonic(), status, is_right, len(cookies), tried)
        return Answer(time.monotonic(), 0, is_right=False, cookies=0, elsewhere=len(nodes))

    async def _go_on(self, handles: list[str]) -> None:
        while True:
            self.answers.append(await self.call(random.choice(handles)))  # noqa: S311  no secret
            await asyncio.sleep(_PAUSE)

    @asynccontextmanager
    async def calling(self, clients: int) -> AsyncIterator[None]:
        """Call with so many clients for as long as the block runs."""
        handles = list(self.people)
        tasks = [asyncio.create_task(self._go_on(handles[number::clients])) for number in range(clients)]
        try:
            yield
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def lost(self) -> int:
        """Return how many sessions are not answered as their own on some node, once each has answered at all."""
        found = 0
        for node in self.fleet.nodes:
            await until_answered(self.fleet, node, next(iter(self.people)))
            for handle, sub in self.people.items():
                status, body, _ = await self.fleet.call(node, handle)
                found += status != _OK or body["account"]["account_id"] != sub
        return found

    def statuses(self, since: float, until: float) -> dict[str, int]:
        """Count the statuses of a span of time."""
        found = Counter(str(one.status) for one in self.answers if since <= one.at < until)
        return dict(sorted(found.items()))


async def until_answered(fleet: Fleet, node: Node, handle: str) -> float:
    """Call a node until it answers 200; return when that was, in seconds of the monotonic clock."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            status, _, _ = await fleet.call(node, handle)
            if status == _OK:
                return time.monotonic()
            await asyncio.sleep(_PAUSE)


def summary(answers: list[Answer]) -> dict[str, Any]:
    """Tell of all answers: errors are all but 200, and `elsewhere` counts calls that another node had to take."""
    return {
        "calls": len(answers),
        "errors": sum(one.status != _OK for one in answers),
        "cookies": sum(one.cookies for one in answers),
        "mixed_up": sum(one.status == _OK and not one.is_right for one in answers),
        "elsewhere": sum(one.elsewhere for one in answers),
    }

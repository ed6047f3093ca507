"""Applications and clients while the gateway runs: they follow the settings and the store, in place.

Each node looks every second whether the store's clients have changed, and reads them when they have; now and then it
reads them all the same, since whoever changed one may have ended before it could tell. While the store is away what was
known goes on to count.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from gateway.app.registry import Known, make_known
from gateway.config_check import Checked
from gateway.flows.registry import Registry
from gateway.flows.stored_clients import Stored, StoredClients
from gateway.observe import events
from gateway.rules.errors import StoreUnavailable

LOOK_EVERY: Final = 1.0  # seconds; a disabled client is refused everywhere within two
READ_EVERY: Final = 60  # looks

_log = structlog.get_logger()


class LiveClients:
    """Keeps a registry as settings and store have it.

    Args:
        checked: the settings.
        registry: what is kept; all stories share it.
        stored: the store's clients; None where the store is this process's own memory, so that nobody else writes them.
    """

    def __init__(self, checked: Checked, registry: Registry, stored: StoredClients | None) -> None:
        self.checked = checked
        self._registry = registry
        self._source = stored
        self._stored = Stored()
        self._generation = ""
        self._looks = 0
        self._ignored: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Read what the store holds, then go on looking.

        Raises:
            StoreUnavailable: it is away, so nobody knows who is disabled.
        """
        if self._source is None:
            return
        await self._read(self._source)
        self._task = asyncio.create_task(self._follow(self._source), name="follow the store's clients")

    async def _follow(self, source: StoredClients) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._look(source)
            except StoreUnavailable:
                self._looks = READ_EVERY  # the guard tells of the store; read all when it is back
            except Exception as error:  # noqa: BLE001  a node that stopped looking would let disabled clients in for ever
                _log.warning(events.STORE_FAILED, detail=type(error).__name__)

    async def look(self) -> None:
        """Look once, and read where something has changed or it is time to.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        if self._source is not None:
            await self._look(self._source)

    async def follow_now(self) -> None:
        """Take over what has changed by now, for whoever cannot wait for the next look.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        if self._source is not None and await self._source.generation() != self._generation:
            await self._read(self._source)

    async def _look(self, source: StoredClients) -> None:
        self._looks += 1
        if self._looks >= READ_EVERY or await source.generation() != self._generation:
            await self._read(source)

    async def _read(self, source: StoredClients) -> None:
        # Asked first: what is written between the two is read now, and once more at the next look.
        generation = await source.generation()
        stored = await source.every()
        self._generation, self._looks = generation, 0
        if stored != self._stored:
            self._stored = stored
            known = self._fill()
            _log.info(events.CLIENTS_REFRESHED, clients=len(known.clients), disabled=len(known.disabled))

    def take_settings(self, checked: Checked) -> None:
        """Put other settings' applications and clients in the place of the present ones, at once."""
        self.checked = checked
        self._fill()

    def _fill(self) -> Known:
        known = make_known(self.checked, self._stored)
        known.fill(self._registry)
        for name, problem in known.ignored.items():
            if self._ignored.get(name) != problem:
                _log.warning(events.CLIENT_IGNORED, client=name, problem=problem)
        self._ignored = known.ignored
        return known

    async def end(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

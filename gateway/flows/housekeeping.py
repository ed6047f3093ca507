"""What goes on beside the calls: heartbeats, the sweep of expired records, the count of what is there.

Sweep and count are done by one node at a time, whoever gets the lease; another one takes over when that node ends.
"""

import asyncio
import secrets
from typing import Final

import structlog

from gateway.flows.nodes import BEAT, Nodes
from gateway.flows.ports import RecordStore
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable

SWEEP: Final = "sweep"
SWEEP_EVERY: Final = 300.0  # seconds

_log = structlog.get_logger()


class Housekeeping:
    """Keeps house for as long as the gateway runs.

    Args:
        store: what is swept and counted.
        nodes: this node among the others.
        metrics: shows the counts.
    """

    def __init__(self, store: RecordStore, nodes: Nodes, metrics: Metrics) -> None:
        self._store = store
        self._nodes = nodes
        self._metrics = metrics
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Announce this node, then go on beside everything else.

        Raises:
            StoreUnavailable: the store is away, so this node does not know which key to seal with.
        """
        await self._nodes.beat()
        self._tasks = [
            asyncio.create_task(self._beat(), name="heartbeat"),
            asyncio.create_task(self._sweep(), name="sweep expired records"),
        ]

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._nodes.beat()
            except Exception as error:  # noqa: BLE001  a node whose heart stops would soon seal what the others cannot open
                _warn(error)

    async def _sweep(self) -> None:
        while True:
            try:
                await self.sweep_once()
            except Exception as error:  # noqa: BLE001  the next turn may do better
                _warn(error)
            await asyncio.sleep(SWEEP_EVERY)

    async def sweep_once(self) -> bool:
        """Sweep and count, unless another node does; say whether it was done.

        Raises:
            StoreUnavailable: the store is away.
        """
        # Held until the next turn and never given back: whoever swept last goes on, and only its counts are shown.
        lease = await self._store.acquire(SWEEP, secrets.token_hex(8), SWEEP_EVERY * 0.9)
        if lease is None:
            self._metrics.show_records({})
            return False
        removed = await self._store.delete_expired()
        tallies = await self._store.count()
        self._metrics.show_records({(one.kind, one.sealed_by): one.number for one in tallies if one.number})
        _log.info(events.RECORDS_SWEPT, removed=removed)
        return True

    async def end(self) -> None:
        """Stop, and tell the other nodes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._nodes.leave()
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)


def _warn(error: Exception) -> None:
    detail = error.detail if isinstance(error, StoreUnavailable) else type(error).__name__
    _log.warning(events.STORE_FAILED, detail=detail)

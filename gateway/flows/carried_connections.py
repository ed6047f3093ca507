"""Connections that travel in the browsers' cookies: this process knows those that came in since it was started.

The newest copy counts, so a cookie that was left behind by a refresh does no harm while the process lives. What was
ended here is not taken in again from a copy that was made before.
"""

from collections import OrderedDict
from typing import Final

from gateway.flows.connections import Connections
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_connection import Connection

_MOST_FORGOTTEN: Final = 10_000
_TRIES: Final = 10


class CarriedConnections(Connections):
    """Connections that are taken in from cookies; see `Connections`."""

    def __init__(self, records: SealedRecords, clock: Clock, *, kept: float) -> None:
        super().__init__(records, clock, kept=kept)
        self._forgotten: OrderedDict[str, float] = OrderedDict()

    async def adopt(self, record_id: str, carried: Connection) -> None:
        """Take in a connection that came in a cookie, where none is known or an older one.

        Raises:
            StoreUnavailable: it is not known whether it was taken in.
        """
        if record_id in self._forgotten and carried.obtained_at <= self._forgotten[record_id]:
            return
        for _ in range(_TRIES):
            known = await self.load(record_id)
            if known is not None and known.connection.obtained_at >= carried.obtained_at:
                return
            try:
                await self._save(record_id, carried, expected=known.version if known else 0)
            except VersionMoved:
                continue
            return

    async def forget(self, record_id: str) -> bool:
        """Remove a connection, and take no older copy of it in again; say whether this call did.

        Raises:
            StoreUnavailable: it may still stand.
        """
        removed = await super().forget(record_id)
        self._forgotten[record_id] = self._clock.now()
        self._forgotten.move_to_end(record_id)
        while len(self._forgotten) > _MOST_FORGOTTEN:
            self._forgotten.popitem(last=False)
        return removed


def is_newer(known: Connection, carried: Connection) -> bool:
    """Say whether what is known of a connection should take the place of a copy of it."""
    if known.obtained_at == carried.obtained_at:
        return known != carried
    return known.obtained_at > carried.obtained_at

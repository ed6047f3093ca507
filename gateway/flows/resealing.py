"""Sealing old records anew with the newest key that all nodes hold, while they serve.

A record keeps its version, so nobody who has just read it loses their write; and it is left alone when it was written
meanwhile, since whoever wrote it sealed it with the present key. A run that was cut off goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.flows.ports import Clock, Entry, Record, RecordStore, SealBroken, Sealer

RESEAL: Final = "reseal"
_PAGE: Final = 200
_KEPT: Final = 7 * 86_400.0


@dataclass(slots=True)
class Resealed:
    """What a run has come to.

    Attributes:
        wanted: records that another key sealed when it began.
        done: sealed anew.
        moved: written by others meanwhile.
        broken: left as they are, since no key of the ring opens them; by the name of their key.
    """

    wanted: int = 0
    done: int = 0
    moved: int = 0
    broken: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resealing:
    """Seals records anew.

    Attributes:
        store: where they are.
        sealer: opens with any key of the ring, seals with the one that was settled on.
        clock: the time.
    """

    store: RecordStore
    sealer: Sealer
    clock: Clock

    async def run(self, key_id: str, show: Callable[[Resealed], None], *, page: int = _PAGE) -> Resealed:
        """Go through the whole store.

        Args:
            key_id: the key that `sealer` seals with.
            show: called after every page.
            page: records at a time.

        Raises:
            StoreUnavailable: the store went away; the next run goes on from here.
        """
        came_to = Resealed(sum(one.number for one in await self.store.count() if one.sealed_by not in {"", key_id}))
        mark = await self.store.get(RESEAL, key_id)
        cursor = mark.value.decode() if mark else ""
        while True:
            entries, cursor = await self.store.walk(cursor, page)
            for entry in entries:
                if entry.record.sealed_by not in {"", key_id}:
                    await self._reseal(entry, key_id, came_to)
            show(came_to)
            if not cursor:
                break
            expires_at = self.clock.now() + _KEPT
            await self.store.put(RESEAL, key_id, Record(cursor.encode(), 0, expires_at=expires_at))
        await self.store.delete(RESEAL, key_id)
        return came_to

    async def _reseal(self, entry: Entry, key_id: str, came_to: Resealed) -> None:
        old, names = entry.record, {"purpose": entry.kind, "client": entry.record.client, "record_id": entry.id}
        try:
            sealed = self.sealer.seal(self.sealer.open(old.value, **names), **names)
        except SealBroken:
            came_to.broken[old.sealed_by] = came_to.broken.get(old.sealed_by, 0) + 1
            return
        if await self.store.reseal(entry.kind, entry.id, old, sealed, key_id):
            came_to.done += 1
        else:
            came_to.moved += 1

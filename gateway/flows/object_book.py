"""Whose the objects are that the API key makes: a sealed record for each, under a hash of its id.

An object that Cronofy made while the store was away is not lost: who made it knows of nothing wrong and would make a
second one if told so. Its record is kept in memory and written as soon as the store takes it; until then it is known to
this process alone.
"""

import asyncio
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
import structlog

from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.observe import events
from gateway.rules.errors import StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.owned_objects import ObjectName

OBJECT: Final = "object"
# As long as a refresh token's binding: an invite for next year's meeting must still be somebody's.
OBJECT_KEPT: Final = 400 * 86_400.0
_RENEWED_BELOW: Final = OBJECT_KEPT - 30 * 86_400.0  # use renews it, once a month and not at every call
_MOST_LATE: Final = 10_000
_PAUSES: Final = (0.5, 10.0)  # seconds, growing, between two tries

_log = structlog.get_logger()


class OwnedObject(msgspec.Struct, frozen=True):
    """Whose an object is.

    Attributes:
        clients: ids of its clients; several where it was made with a token that several hold.
        application: name of its application.
    """

    clients: tuple[str, ...]
    application: str


class Kept(NamedTuple):
    """An object's owners as the store has them, with the record's version and how long it is kept."""

    clients: tuple[str, ...]
    version: int
    expires_at: float


class ObjectBook:
    """Remembers whose an object is."""

    def __init__(self, records: SealedRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._late: dict[str, OwnedObject] = {}
        self._writing: asyncio.Task[None] | None = None

    async def find(self, application: str, name: ObjectName) -> Kept | None:
        """Return whose an object is; None for one that this gateway never saw.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        record_id = _id_of(application, name)
        if late := self._late.get(record_id):
            return Kept(late.clients, 0, self._clock.now() + OBJECT_KEPT)
        record = await self._records.store.get(OBJECT, record_id)
        found = None if record is None else self._records.open(OBJECT, record_id, record, OwnedObject)
        if record is None or found is None:
            return None
        return Kept(found.clients, record.version, record.expires_at or 0.0)

    async def take(self, application: str, name: ObjectName, clients: tuple[str, ...], *, expected: int) -> int:
        """Write whose an object is, over this version (0: nobody's yet), and return the record's version.

        Raises:
            VersionMoved: somebody wrote it meanwhile.
            StoreUnavailable: nothing was written.
        """
        value = OwnedObject(clients, application)
        return await self._write(_id_of(application, name), value, expected=expected)

    async def renew(self, application: str, name: ObjectName, kept: Kept) -> None:
        """Keep a used object for as long again, where that is worth a write; no call fails for want of it."""
        if kept.version and kept.expires_at - self._clock.now() < _RENEWED_BELOW:
            with suppress(VersionMoved, StoreUnavailable):
                await self.take(application, name, kept.clients, expected=kept.version)

    async def release(self, application: str, name: ObjectName, version: int) -> None:
        """Forget an object of which nothing came, unless it was written again meanwhile."""
        with suppress(StoreUnavailable):
            await self._records.store.delete(OBJECT, _id_of(application, name), expected=version)

    async def learn(self, application: str, name: ObjectName, clients: tuple[str, ...]) -> None:
        """Write down whose a new object is, later where the store is away; one that is somebody's stays so."""
        value, record_id = OwnedObject(clients, application), _id_of(application, name)
        try:
            await self._write(record_id, value, expected=0)
        except VersionMoved:
            return
        except StoreUnavailable as error:
            _log.warning(events.OBJECT_LATE, kind=name.kind, detail=error.detail, kept=len(self._late) < _MOST_LATE)
            if len(self._late) < _MOST_LATE:
                self._late[record_id] = value
                self._begin()

    async def _write(self, record_id: str, value: OwnedObject, *, expected: int) -> int:
        return await self._records.save(
            OBJECT,
            record_id,
            value,
            client=value.clients[0],
            expires_at=self._clock.now() + OBJECT_KEPT,
            expected=expected,
        )

    def _begin(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="write late objects")

    async def _write_all(self) -> None:
        pause = _PAUSES[0]
        while self._late:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSES[1])
            await self.write_late()

    async def write_late(self) -> None:
        """Write what is late, as far as the store takes it."""
        for record_id, value in list(self._late.items()):
            try:
                with suppress(VersionMoved):
                    await self._write(record_id, value, expected=0)
            except StoreUnavailable:
                return
            self._late.pop(record_id, None)

    async def close(self) -> None:
        """Try once more."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.write_late()


def _id_of(application: str, name: ObjectName) -> str:
    return fingerprint("object", application, name.kind, name.id)

"""Entries of the journal that the store did not take: kept in memory, and written as soon as it takes them.

Until then another node that meets the mark must believe the refresh token lost. So nobody's next request is waited for.
"""

import asyncio
from contextlib import suppress
from typing import Final

from gateway.flows.refresh_journal import Entry, RefreshJournal
from gateway.rules.errors import StoreUnavailable

_PAUSES: Final = (0.5, 10.0)  # seconds, growing, between two tries


class LateEntries:
    """What is still to be written.

    Args:
        journal: where to.
    """

    def __init__(self, journal: RefreshJournal) -> None:
        self._journal = journal
        self._late: dict[str, tuple[str, Entry]] = {}
        self._writing: asyncio.Task[None] | None = None

    def take(self, name: str, account: str, entry: Entry) -> None:
        """Take an entry that could not be written, and go on trying beside everything else."""
        self._late[name] = (account, entry)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="write late entries")

    async def write(self, name: str) -> Entry | None:
        """Write what is late under a name, and return it; None when nothing is.

        Raises:
            StoreUnavailable: it is still late.
        """
        late = self._late.get(name)
        if late is None:
            return None
        await self._journal.write(name, *late)
        if self._late.get(name) is late:
            del self._late[name]
        return late[1]

    async def _write_all(self) -> None:
        pause = _PAUSES[0]
        while self._late:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSES[1])
            await self._try_all()

    async def _try_all(self) -> None:
        for name in list(self._late):
            with suppress(StoreUnavailable):
                await self.write(name)

    async def close(self) -> None:
        """Try once more."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._try_all()

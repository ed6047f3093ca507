"""Holding a lease while something runs: renewed in time, given back at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from gateway.flows.ports import Lease, RecordStore
from gateway.observe import events
from gateway.rules.errors import StoreUnavailable

# Two renewals may fail before the lease runs out.
_RENEWALS_PER_LEASE: Final = 3

_log = structlog.get_logger()


@asynccontextmanager
async def held(store: RecordStore, lease: Lease, seconds: float) -> AsyncIterator[None]:
    """Hold a lease for as long as the block runs.

    Args:
        store: where it was taken.
        lease: the lease.
        seconds: how long each renewal holds.
    """
    renewing = asyncio.create_task(_renew(store, lease, seconds), name="renew lease")
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        # A store that is away: the lease runs out by itself.
        with suppress(StoreUnavailable):
            await store.release(lease)


async def _renew(store: RecordStore, lease: Lease, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / _RENEWALS_PER_LEASE)
        try:
            kept = await store.renew(lease, seconds)
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)
            continue
        if not kept:
            # What was begun cannot be called back; whoever writes last will find the record moved.
            _log.warning(events.LEASE_LOST)
            return

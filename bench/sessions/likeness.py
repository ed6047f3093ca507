"""Whether records that were put in bulk are what the gateway's own store writes."""

from collections.abc import Sequence
from typing import Any

from gateway.flows.ports import Entry, RecordStore, Tally

FACTS = ("value", "version", "client", "account", "expires_at", "sealed_by")


class Unlike(Exception):
    """They are not, so that nothing that is measured on them would count."""


async def check_likeness(store: RecordStore, entries: Sequence[Entry]) -> None:
    """Write records anew through the store, each over nothing, and compare all that the store tells of them.

    Raises:
        Unlike: it tells something else than before.
    """
    before = [await _seen(store, one) for one in entries], await _tallies(store)
    if any(found[0] != one.record for found, one in zip(before[0], entries, strict=True)):
        raise Unlike("a record reads otherwise than it was filled in")
    for one in entries:
        if not await store.delete(one.kind, one.id):
            raise Unlike(f"a {one.kind} cannot be deleted")
    for one in entries:
        await store.put(one.kind, one.id, one.record, expected=0)
    if before != ([await _seen(store, one) for one in entries], await _tallies(store)):
        raise Unlike("a record that the store wrote is told otherwise")


async def _seen(store: RecordStore, one: Entry) -> tuple[Any, ...]:
    account = one.record.account
    return (
        await store.get(one.kind, one.id),
        await store.list_ids(one.kind, account=account),
        one.id in await store.list_ids(one.kind, client=one.record.client) if one.record.client else None,
    )


async def _tallies(store: RecordStore) -> set[Tally]:
    return set(await store.count())

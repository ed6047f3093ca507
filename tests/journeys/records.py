"""What lies in the store, read past the gateway."""

import sqlite3
from contextlib import closing

from tests.journeys.world import World


def kinds_stored(world: World) -> list[str]:
    """Return the kind of every record, sorted; but for the gateway's own heartbeat, which is about nobody."""
    with closing(sqlite3.connect(world.store)) as db:
        return sorted(row[0] for row in db.execute("SELECT kind FROM records WHERE kind <> 'node'"))


def bytes_stored(world: World) -> bytes:
    """Return the store's files, whole."""
    return b"".join(path.read_bytes() for path in sorted(world.store.parent.glob(world.store.name + "*")))

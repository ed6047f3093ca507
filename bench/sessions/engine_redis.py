"""Redis with every write in its append-only file, on the disk before it is answered."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import redis

from gateway.adapters.redis_layout import Shard, member_of, packed, shard_of
from gateway.flows.ports import Entry
from tests.adapters.redis_server import RedisServer
from tests.journeys.waiting import until_told

_FRAMES_AT_ONCE: Final = 5
_PATIENCE: Final = 120.0
_WHILE_FILLING: Final = {"auto-aof-rewrite-percentage": "0", "appendfsync": "no"}
_OTHERWISE: Final = {"auto-aof-rewrite-percentage": "100", "appendfsync": "always"}
ARGUMENTS: Final = ("--appendonly", "yes", "--appendfsync", "always")


class RedisEngine:
    """One server; each store is a database of it."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._stores = -1

    async def new_store(self) -> str:
        """Take the next of its databases and return its URL."""
        self._stores += 1
        return f"{self._server.url}/{self._stores}"

    async def fill(self, url: str, frames: Iterator[list[Entry]]) -> None:
        """Write the keys that the engine's script writes, many members of an index with one command."""

        def write() -> None:
            with self._server.admin(db=int(url.rpartition("/")[2])) as db:
                _configure(db, _WHILE_FILLING)
                while some := list(islice(frames, _FRAMES_AT_ONCE)):
                    _write(db, [one for frame in some for one in frame])

        await asyncio.to_thread(write)

    async def settle(self, url: str) -> None:  # noqa: ARG002  of the whole server
        """Rewrite the append-only file, and write as carefully as ever from then on."""
        with self._server.admin() as admin:
            await _until_written(admin)
            admin.bgrewriteaof()
            await _until_written(admin)
            _configure(admin, _OTHERWISE)

    async def sizes(self, url: str) -> dict[str, int]:  # noqa: ARG002  of the whole server
        """Return the bytes of memory that it uses, and of its file as it was last rewritten."""
        with self._server.admin() as admin:
            file = int(_info(admin, "persistence")["aof_current_size"])
            return {"memory": int(_info(admin, "memory")["used_memory"]), "disk": file}

    async def version(self) -> str:
        """Return the version and what makes it keep its writes."""
        with self._server.admin() as admin:
            return f"Redis {_info(admin, 'server')['redis_version']}, appendonly yes, appendfsync always"

    def stop(self) -> None:
        """End it by SIGTERM."""
        self._server.stop()

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._server.kill()

    def start(self) -> None:
        """Start it again."""
        self._server.start()


def _configure(admin: redis.Redis, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        admin.config_set(name, value)


async def _until_written(admin: redis.Redis) -> None:
    """Return when the file is not being rewritten."""

    async def is_written() -> bool:
        info = _info(admin, "persistence")
        return not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]

    await until_told(is_written, patience=_PATIENCE)


def _info(admin: redis.Redis, section: str) -> dict[str, Any]:
    found: dict[str, Any] = admin.info(section)
    return found


def _write(db: redis.Redis, entries: Iterable[Entry]) -> None:
    pipe = db.pipeline(transaction=False)
    by_shard: dict[Shard, list[Entry]] = defaultdict(list)
    for one in entries:
        by_shard[shard_of(one.id)].append(one)
    for shard, some in by_shard.items():
        members = [(member_of(one.kind, one.id), one.record) for one in some]
        for member, record in members:
            pipe.set(shard.record(member), packed(record))
        pipe.zadd(shard.all, {member: 0 for member, _ in members})
        pipe.zadd(shard.expiry, {member: record.expires_at or 0.0 for member, record in members})
        for key, owners in ((shard.client, "client"), (shard.account, "account")):
            named = {getattr(record, owners).encode() + b"\0" + member: 0 for member, record in members}
            pipe.zadd(key, named)
        counts = Counter(f"{one.kind}\0{one.record.sealed_by}" for one in some)
        for name, number in counts.items():
            pipe.hincrby(shard.counts, name, number)
    pipe.execute()

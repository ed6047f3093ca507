"""Records in Redis or Valkey, for several hosts: one server, a master found by sentinels, or a cluster.

Reads are plain commands; every write is one script (`redis_scripts`) over keys of one shard (`redis_layout`). Records
expire by the gateway's clock, leases by the server's, which all nodes share.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from gateway.adapters import redis_scripts as scripts
from gateway.adapters.redis_layout import (
    ALL_SHARDS,
    DELETED,
    Shard,
    member_of,
    names_of,
    owner_of,
    packed,
    shard_of,
    unpacked,
    without_version,
)
from gateway.adapters.redis_link import RedisLink
from gateway.adapters.redis_listener import RedisListener
from gateway.adapters.redis_warnings import warnings_about
from gateway.flows.ports import Clock, Entry, Heard, Lease, LeaseLost, Record, Tally, VersionMoved
from gateway.rules.errors import StoreUnavailable
from gateway.rules.store_urls import redis_address

_TIMEOUT: Final = 2.0
_ANY_VERSION: Final = -1
_PAGE: Final = 1_000  # members at a time, so that nobody's command waits long
_SWEEP_BATCH: Final = 500
_PING_KEPT: Final = 86_400
_T = TypeVar("_T")


class RedisStore:
    """A record store in Redis; see `RecordStore` for what its methods promise."""

    def __init__(self, link: RedisLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._listener = RedisListener(link)

    @classmethod
    async def open(cls, url: str, clock: Clock, *, ca_file: str = "", timeout: float = _TIMEOUT) -> "RedisStore":  # noqa: ASYNC109  every later command's time, not this call's
        """Connect, and see that the server answers.

        Args:
            url: `redis://`, `rediss://` and their `+sentinel` and `+cluster` forms; see `store_urls`.
            clock: tells what has expired.
            ca_file: PEM certificates to trust for TLS besides the system's.
            timeout: seconds to wait for a connection and an answer, together.

        Raises:
            ValueError: the URL is none; the sentence holds nothing of it.
            StoreUnavailable: the server is away.
            StoreUnusable: the CA file, the password or the server's certificate is wrong.
        """
        link = await RedisLink.open(redis_address(url), ca_file=ca_file, timeout=timeout)
        try:
            await link.call("EXISTS", ALL_SHARDS[0].ping)  # in a cluster PING would need all nodes
        except BaseException:
            await link.close()
            raise
        return cls(link, clock)

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        raw = await self._link.call("GET", shard_of(record_id).record(member_of(kind, record_id)))
        record = _read(raw)
        return record if record is not None and self._lives(record) else None

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version."""
        shard, member = shard_of(record_id), member_of(kind, record_id)
        version = await self._link.run(
            scripts.PUT,
            [*shard.indexes, shard.record(member), shard.lease(lease.name if lease else record_id)],
            member,
            self._clock.now(),
            _ANY_VERSION if expected is None else expected,
            without_version(record),
            _held(lease) if lease else b"",
        )
        if version == scripts.LEASE_LOST:
            raise LeaseLost
        if version == scripts.VERSION_MOVED:
            raise VersionMoved
        return int(version)

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record and tell everybody; say whether that was done."""
        shard, member = shard_of(record_id), member_of(kind, record_id)
        version = _ANY_VERSION if expected is None else expected
        keys = [*shard.indexes, shard.record(member)]
        return bool(await self._link.run(scripts.DELETE, keys, member, self._clock.now(), version, DELETED))

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing in a record's place; say whether that was done."""
        if not self._lives(old):
            return False
        shard, member = shard_of(record_id), member_of(kind, record_id)
        new = replace(old, value=value, sealed_by=sealed_by)
        keys = [*shard.indexes, shard.record(member)]
        done = await self._link.run(scripts.RESEAL, keys, member, packed(old), packed(new), old.sealed_by, sealed_by)
        return bool(done)

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""

        async def ids_of(shard: Shard) -> list[str]:
            prefix = member_of(kind, "")
            if account is not None:
                # An account has few records, a client any number: that index is only asked about these few.
                members = await self._owned(shard.account, account, prefix)
                members = members if client is None else await self._also_of(shard.client, client, members)
            elif client is not None:
                members = await self._owned(shard.client, client, prefix)
            else:
                members = await self._members(shard.all, prefix)
            return [names_of(member)[1] for member in await self._living(shard, members)]

        return [record_id for ids in await _of_all_shards(ids_of) for record_id in ids]

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order."""
        owner = owner_of(client)

        async def ids_of(shard: Shard) -> list[str]:
            last, found = owner + member_of(kind, after) if after else b"", list[str]()
            while len(found) < limit:
                page = await self._page(shard.client, owner + member_of(kind, ""), last, limit)
                living = await self._living(shard, [one.removeprefix(owner) for one in page])
                found += [names_of(member)[1] for member in living]
                if len(page) < limit:
                    break
                last = page[-1]
            return found

        return sorted(record_id for ids in await _of_all_shards(ids_of) for record_id in ids)[:limit]

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on: shard after shard, in each by name."""
        number, _, last = cursor.partition(":")
        at, after, room = int(number or 0), last.encode(), limit
        prefix = b"" if kind is None else member_of(kind, "")
        entries: list[Entry] = []
        while at < len(ALL_SHARDS) and room > 0:
            shard = ALL_SHARDS[at]
            members = await self._page(shard.all, prefix, after, room)
            entries += await self._entries(shard, members)
            room -= len(members)
            at, after = (at + 1, b"") if room > 0 else (at, members[-1])
        return entries, f"{at}:{after.decode()}" if at < len(ALL_SHARDS) else ""

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""

        async def counts_of(shard: Shard) -> dict[bytes, bytes]:
            return dict(await self._link.call("HGETALL", shard.counts))

        total: Counter[bytes] = Counter()
        for counts in await _of_all_shards(counts_of):
            total.update({name: int(number) for name, number in counts.items()})
        return [Tally(*names_of(name), number) for name, number in total.items()]

    async def delete_expired(self) -> int:
        """Remove what has expired, in batches so that others get their turn; return how many."""
        return sum([await self._sweep(shard) for shard in ALL_SHARDS])

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease; None while somebody holds it."""
        shard = shard_of(name)
        number = await self._link.run(scripts.ACQUIRE, [shard.lease(name), shard.fence], owner, _ms(seconds))
        return Lease(name, owner, int(number)) if number else None

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        key = shard_of(lease.name).lease(lease.name)
        return bool(await self._link.run(scripts.RENEW, [key], _held(lease), _ms(seconds)))

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        await self._link.run(scripts.RELEASE, [shard_of(lease.name).lease(lease.name)], _held(lease))

    def listen(self, heard: Heard) -> None:
        """Call `heard(kind, record_id)` soon after anybody deletes a record, this process too."""
        self._listener.tell(heard)

    async def ping(self) -> None:
        """Return when the store can be read and written; in a cluster that is every shard, on whatever server."""

        async def ask(shard: Shard) -> None:
            await self._link.call("SET", shard.ping, 1, "EX", _PING_KEPT)
            await self._link.call("GET", shard.ping)

        await _of_all_shards(ask, ALL_SHARDS if self._link.is_cluster else ALL_SHARDS[:1])

    async def warnings(self) -> list[str]:
        """Return what in the server's configuration endangers records; nothing where it may not be asked.

        Raises:
            StoreUnavailable: the server is away.
        """
        return await warnings_about(self._link)

    async def close(self) -> None:
        """Let go of it."""
        await self._listener.close()
        await self._link.close()

    def _lives(self, record: Record) -> bool:
        return record.expires_at is None or record.expires_at > self._clock.now()

    async def _members(self, key: bytes, prefix: bytes) -> list[bytes]:
        """Return an index's members with a prefix."""
        found: list[bytes] = []
        while True:
            page = await self._page(key, prefix, found[-1] if found else b"", _PAGE)
            found += page
            if len(page) < _PAGE:
                return found

    async def _owned(self, key: bytes, name: str, prefix: bytes) -> list[bytes]:
        """Return what an index by client or account has of a name, without the name."""
        owner = owner_of(name)
        return [one[len(owner) :] for one in await self._members(key, owner + prefix)]

    async def _also_of(self, key: bytes, name: str, members: Sequence[bytes]) -> list[bytes]:
        """Return those members that an index by client or account has of a name."""
        owner, found = owner_of(name), list[bytes]()
        for start in range(0, len(members), _PAGE):
            some = members[start : start + _PAGE]
            scores = await self._link.call("ZMSCORE", key, *(owner + member for member in some))
            found += [member for member, score in zip(some, scores, strict=True) if score is not None]
        return found

    async def _page(self, key: bytes, prefix: bytes, after: bytes, limit: int) -> list[bytes]:
        """Return the next members of an index; a prefix ends in the NUL that no name holds."""
        low = b"(" + after if after else b"[" + prefix if prefix else b"-"
        high = b"(" + prefix[:-1] + b"\x01" if prefix else b"+"
        return list(await self._link.call("ZRANGEBYLEX", key, low, high, "LIMIT", 0, limit))

    async def _living(self, shard: Shard, members: Sequence[bytes]) -> list[bytes]:
        living: list[bytes] = []
        for start in range(0, len(members), _PAGE):
            some = members[start : start + _PAGE]
            expiries = await self._link.call("ZMSCORE", shard.expiry, *some)
            now = self._clock.now()
            living += [member for member, at in zip(some, expiries, strict=True) if at is None or float(at) > now]
        return living

    async def _entries(self, shard: Shard, members: Sequence[bytes]) -> list[Entry]:
        raws = await self._link.call("MGET", *map(shard.record, members)) if members else []
        records = [(member, _read(raw)) for member, raw in zip(members, raws, strict=True)]
        return [Entry(*names_of(member), one) for member, one in records if one is not None and self._lives(one)]

    async def _sweep(self, shard: Shard) -> int:
        removed = 0
        while True:
            now = self._clock.now()
            members = await self._link.call("ZRANGEBYSCORE", shard.expiry, "-inf", now, "LIMIT", 0, _SWEEP_BATCH)
            if members:
                keys = [*shard.indexes, *map(shard.record, members)]
                removed += int(await self._link.run(scripts.SWEEP, keys, now, *members))
            if len(members) < _SWEEP_BATCH:
                return removed


async def _of_all_shards(ask: Callable[[Shard], Awaitable[_T]], shards: Sequence[Shard] = ALL_SHARDS) -> list[_T]:
    """Ask the shards at the same time; all have ended when one's error is raised."""
    answers = await asyncio.gather(*map(ask, shards), return_exceptions=True)
    good = [answer for answer in answers if not isinstance(answer, BaseException)]
    if len(good) < len(answers):
        raise next(answer for answer in answers if isinstance(answer, BaseException))
    return good


def _read(raw: bytes | None) -> Record | None:
    try:
        return None if raw is None else unpacked(raw)
    except ValueError as error:
        raise StoreUnavailable(f"Redis: {error}") from None


def _held(lease: Lease) -> str:
    return f"{lease.number}:{lease.owner}"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))

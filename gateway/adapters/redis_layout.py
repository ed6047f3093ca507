r"""How records lie in Redis: the names of the keys, and the bytes of a record.

Everything is spread over 16 shards by the checksum of the record's id. All keys of a shard carry the same hash tag, so
that in a cluster they lie on one node and a script may touch them together. Leases are spread by their own names: one
that is named like a record lies in that record's shard.

    {cgw:N}:record:KIND\0ID   the record: a header (see `_HEADER`), client, account, key name, sealed value
    {cgw:N}:lease:NAME        NUMBER:OWNER, with the server's own time to live
    {cgw:N}:fence             the number of the last lease
    {cgw:N}:all               sorted set of KIND\0ID, all with score 0: walks go in this order
    {cgw:N}:expiry            sorted set of KIND\0ID by expiry, without those that never expire
    {cgw:N}:client            sorted set of CLIENT\0KIND\0ID
    {cgw:N}:account           sorted set of ACCOUNT\0KIND\0ID
    {cgw:N}:counts            hash: KIND\0KEY NAME → how many

Records get no time to live: the gateway's clock says what has expired, and the sweep takes the index entries along.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
"""

import math
import struct
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from gateway.flows.ports import Record

# Numbers whose hash tags lie evenly over a cluster's slots, about 1,024 apart: counting 0 to 15 would put ten of the
# sixteen on one of three nodes.
_TAGS: Final = (40, 79, 39, 3, 41, 78, 167, 2, 42, 120, 28, 1, 43, 69, 29, 0)
DELETED: Final = b"cgw:deleted"  # the channel on which the members of deleted records are told
_FORMAT: Final = 1
_HEADER: Final = struct.Struct("!BIdHHH")  # format, version, expiry (infinite for never), lengths of the three names
_VERSIONED: Final = struct.Struct("!BI")


@dataclass(frozen=True, slots=True)
class Shard:
    """The keys of one shard."""

    tag: bytes
    all: bytes
    expiry: bytes
    client: bytes
    account: bytes
    counts: bytes
    fence: bytes
    ping: bytes

    @property
    def indexes(self) -> tuple[bytes, bytes, bytes, bytes, bytes]:
        """The keys that every script over records takes first, in their order."""
        return self.all, self.expiry, self.client, self.account, self.counts

    def record(self, member: bytes) -> bytes:
        """Return the key of a record."""
        return b"%s:record:%s" % (self.tag, member)

    def lease(self, name: str) -> bytes:
        """Return the key of a lease."""
        return b"%s:lease:%s" % (self.tag, name.encode())


def _shard(number: int) -> Shard:
    tag = b"{cgw:%d}" % number
    names = (b":all", b":expiry", b":client", b":account", b":counts", b":fence", b":ping")
    return Shard(tag, *(tag + name for name in names))


ALL_SHARDS: Final = tuple(_shard(number) for number in _TAGS)


def shard_of(name: str) -> Shard:
    """Return the shard of a record's id or a lease's name."""
    return ALL_SHARDS[crc32(name.encode()) % len(ALL_SHARDS)]


def owner_of(name: str) -> bytes:
    """Return what a client's or account's members begin with in the index by clients or accounts."""
    return name.encode() + b"\0"


def member_of(kind: str, record_id: str) -> bytes:
    """Return how a record is named in the indexes."""
    return f"{kind}\0{record_id}".encode()


def names_of(member: bytes) -> tuple[str, str]:
    """Return the kind and id that a member names."""
    kind, _, record_id = member.decode().partition("\0")
    return kind, record_id


def without_version(record: Record) -> bytes:
    """Return a record's bytes after the version, which the script writes that knows it."""
    return packed(record)[_VERSIONED.size :]


def packed(record: Record) -> bytes:
    """Return a record's bytes; the same record always makes the same bytes."""
    names = [name.encode() for name in (record.client, record.account, record.sealed_by)]
    expires_at = math.inf if record.expires_at is None else record.expires_at
    header = _HEADER.pack(_FORMAT, record.version, expires_at, *map(len, names))
    return b"".join((header, *names, record.value))


def unpacked(raw: bytes) -> Record:
    """Read a record's bytes.

    Raises:
        ValueError: no gateway of this version wrote them.
    """
    try:
        form, version, expires_at, client_length, account_length, key_length = _HEADER.unpack_from(raw)
    except struct.error:
        raise ValueError("a record is too short") from None
    client = _HEADER.size + client_length
    account = client + account_length
    end = account + key_length
    if form != _FORMAT or len(raw) < end:
        raise ValueError("a record is in no known form")
    return Record(
        raw[end:],
        version,
        raw[_HEADER.size : client].decode(),
        raw[client:account].decode(),
        None if expires_at == math.inf else expires_at,
        raw[account:end].decode(),
    )

r"""The writes of the Redis engine: each is one script, which the server runs as a whole or not at all.

Scripts over records take the shard's index keys first (`Shard.indexes`), then record and lease. A script's first write
is the one that a full memory or a read-only replica refuses; Redis checks that before the first write only, so nothing
is left half done. A record's bytes are read with the `struct` library of the server (see `redis_layout`).

Source: https://redis.io/docs/latest/develop/programmability/eval-intro/ (atomicity, EVALSHA, the structs library)
"""

from dataclasses import dataclass
from hashlib import sha1
from typing import Final

LEASE_LOST: Final = -2
VERSION_MOVED: Final = -1


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the name under which a server remembers it."""

    source: str
    sha: str


def _script(source: str) -> Script:
    return Script(source, sha1(source.encode(), usedforsecurity=False).hexdigest())


_RECORDS: Final = r"""
local function read(raw)
  if not raw then return nil end
  local form, version, expires, client, account, key, at = struct.unpack('>BI4dI2I2I2', raw)
  if form ~= 1 then error('a record in a form that is not known') end
  return {version = version, expires = expires, client = string.sub(raw, at, at + client - 1),
    account = string.sub(raw, at + client, at + client + account - 1),
    key = string.sub(raw, at + client + account, at + client + account + key - 1)}
end
local function count(member, key, change)
  local kind = string.sub(member, 1, string.find(member, '\0', 1, true))
  if redis.call('HINCRBY', KEYS[5], kind .. key, change) <= 0 then redis.call('HDEL', KEYS[5], kind .. key) end
end
local function list(member, record)
  redis.call('ZADD', KEYS[1], 0, member)
  if record.expires < math.huge then redis.call('ZADD', KEYS[2], string.format('%.17g', record.expires), member) end
  if record.client ~= '' then redis.call('ZADD', KEYS[3], 0, record.client .. '\0' .. member) end
  if record.account ~= '' then redis.call('ZADD', KEYS[4], 0, record.account .. '\0' .. member) end
  count(member, record.key, 1)
end
local function unlist(member, record)
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', KEYS[2], member)
  if record.client ~= '' then redis.call('ZREM', KEYS[3], record.client .. '\0' .. member) end
  if record.account ~= '' then redis.call('ZREM', KEYS[4], record.account .. '\0' .. member) end
  count(member, record.key, -1)
end
"""

# KEYS: indexes, record, lease. ARGV: member, now, expected version (-1: any), the record after its version, lease.
PUT: Final = _script(
    _RECORDS
    + rf"""
local member, now, expected = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if ARGV[5] ~= '' and redis.call('GET', KEYS[7]) ~= ARGV[5] then return {LEASE_LOST} end
local old = read(redis.call('GET', KEYS[6]))
local version = 0
if old and old.expires > now then version = old.version end
if expected >= 0 and expected ~= version then return {VERSION_MOVED} end
local raw = struct.pack('>BI4', 1, version + 1) .. ARGV[4]
redis.call('SET', KEYS[6], raw)
if old then unlist(member, old) end
list(member, read(raw))
return version + 1
"""
)

# KEYS: indexes, record. ARGV: member, now, expected version (-1: any), channel. Who hears of it is no reason to fail.
DELETE: Final = _script(
    _RECORDS
    + r"""
local member, now, expected = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local old = read(redis.call('GET', KEYS[6]))
if not old or old.expires <= now then return 0 end
if expected >= 0 and expected ~= old.version then return 0 end
redis.call('DEL', KEYS[6])
unlist(member, old)
redis.pcall('PUBLISH', ARGV[4], member)
return 1
"""
)

# KEYS: indexes, record. ARGV: member, the whole record as it was, as it is to be, old key name, new key name.
RESEAL: Final = _script(
    _RECORDS
    + r"""
if redis.call('GET', KEYS[6]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[6], ARGV[3])
count(ARGV[1], ARGV[4], -1)
count(ARGV[1], ARGV[5], 1)
return 1
"""
)

# KEYS: indexes, records. ARGV: now, their members. A member whose record is gone was evicted by the server.
SWEEP: Final = _script(
    _RECORDS
    + r"""
local now, removed = tonumber(ARGV[1]), 0
for number = 6, #KEYS do
  local member = ARGV[number - 4]
  local old = read(redis.call('GET', KEYS[number]))
  if not old then
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZREM', KEYS[2], member)
  elseif old.expires <= now then
    redis.call('DEL', KEYS[number])
    unlist(member, old)
    removed = removed + 1
  end
end
return removed
"""
)

# KEYS: lease, fence. ARGV: owner, milliseconds.
ACQUIRE: Final = _script(r"""
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local number = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], string.format('%.0f', number) .. ':' .. ARGV[1], 'PX', ARGV[2])
return number
""")

# KEYS: lease. ARGV: number and owner, milliseconds.
RENEW: Final = _script(r"""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

# KEYS: lease. ARGV: number and owner.
RELEASE: Final = _script(r"""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")

"""The ports: what the stories need of the world. `adapters` implements them, `app` puts them together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.rules.client import Application


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return Unix time, in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """A record at rest.

    Attributes:
        value: sealed bytes.
        version: 1 for a new record, one more with each write.
        client: the client that it belongs to; empty for none.
        account: fingerprint of the account that it is about; empty for none.
        expires_at: Unix time, in seconds; None for never.
        sealed_by: name of the key that sealed it, for counting and re-sealing; empty where nothing is sealed.
    """

    value: bytes
    version: int
    client: str = ""
    account: str = ""
    expires_at: float | None = None
    sealed_by: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with its name, as a walk through the store meets it."""

    kind: str
    id: str
    record: Record


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records of a kind one key sealed; expired ones count until they are swept."""

    kind: str
    sealed_by: str
    number: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something alone for a while.

    Attributes:
        name: what it is about.
        owner: an unguessable name of whoever holds it.
        number: grows with every lease of this name that was ever given (a fencing number).
    """

    name: str
    owner: str
    number: int


class VersionMoved(Exception):
    """Somebody else wrote the record first; read it again."""


class LeaseLost(Exception):
    """The lease ran out, and somebody else may hold it by now."""


Heard = Callable[[str, str], None]


class RecordStore(Protocol):
    """Where sealed records live. Every method raises StoreUnavailable when the store cannot be used."""

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        ...

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version; the record's own version is not looked at.

        Args:
            kind: what it is, such as `binding`.
            record_id: its name within the kind.
            record: what to write.
            expected: write only if this is the present version, 0 for «not there»; None writes always.
            lease: write only while this lease is held; it must be named like the record.

        Raises:
            VersionMoved: the present version is another one.
            LeaseLost: the lease is not held any more.
        """
        ...

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record, if it has the expected version where one is named; say whether that was done."""
        ...

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing of the same content in a record's place; say whether that was done.

        The version stays, so that nobody who read the record loses their write. Nothing is done when the record is not
        exactly `old` any more.
        """
        ...

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records, of one client or account where named."""
        ...

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order; fewer than `limit` at the end.

        Args:
            kind: what they are.
            client: whose.
            after: the id before the first one; empty to begin with.
            limit: the most ids.
        """
        ...

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on.

        A record that stands there for the whole walk is met once; one that comes or goes meanwhile may be missed.

        Args:
            cursor: empty to begin with, then what the last call returned.
            limit: the most records at a time.
            kind: only these.

        Returns:
            The records, and the next cursor: empty at the end.
        """
        ...

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""
        ...

    async def delete_expired(self) -> int:
        """Remove what has expired; return how many."""
        ...

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease for so many seconds; None while somebody holds it."""
        ...

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it was lost."""
        ...

    def listen(self, heard: Heard) -> None:
        """Call `heard(kind, record_id)` soon after anybody deletes a record.

        Best effort, and only where the engine can tell (Redis, PostgreSQL): nothing may depend on it but speed.
        """
        ...

    async def ping(self) -> None:
        """Return when the store can be read and written."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class SealBroken(Exception):
    """A sealed thing is damaged, made for something else, or sealed with a key that is not in the ring."""


class Sealer(Protocol):
    """Seals what rests."""

    def seal(self, plain: bytes, *, purpose: str, client: str, record_id: str) -> bytes:
        """Seal bytes for one purpose, client and record."""
        ...

    def open(self, sealed: bytes, *, purpose: str, client: str, record_id: str) -> bytes:
        """Open what was sealed for the same purpose, client and record.

        Raises:
            SealBroken: always the same, whatever is wrong.
        """
        ...

    def key_of(self, sealed: bytes) -> str:
        """Return the name of the key that sealed something."""
        ...

    def is_for_others(self, sealed: bytes) -> bool:
        """Say whether another node could open what this one lacks the key of."""
        ...


@dataclass(frozen=True, slots=True)
class ApiReply:
    """A small answer of Cronofy's, read whole."""

    status: int
    body: bytes


class CronofyApi(Protocol):
    """The few calls that the gateway makes of its own. All raise CronofyUnavailable."""

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token."""
        ...

    async def revoke(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token/revoke."""
        ...

    async def revoke_profile(self, application: Application, bearer: str, profile_id: str) -> ApiReply:
        """POST /v1/profiles/{profile_id}/revoke."""
        ...

    async def authorize_conferencing(self, application: Application, bearer: str, fields: dict[str, str]) -> ApiReply:
        """POST /v1/conferencing_service_authorizations."""
        ...

    async def userinfo(self, application: Application, bearer: str) -> ApiReply:
        """GET /v1/userinfo."""
        ...

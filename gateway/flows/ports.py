"""The ports: what the stories need of the world. `adapters` implements them, `app` puts them together."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.rules.client import Application
from gateway.rules.headers import Pairs


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
    """

    value: bytes
    version: int
    client: str = ""
    account: str = ""
    expires_at: float | None = None


class VersionMoved(Exception):
    """Somebody else wrote the record first; read it again."""


class RecordStore(Protocol):
    """Where sealed records live. Every method raises StoreUnavailable when the store cannot be used."""

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        ...

    async def put(self, kind: str, record_id: str, record: Record, *, expected: int | None = None) -> int:
        """Write a record whole and return its new version; the record's own version is not looked at.

        Args:
            kind: what it is, such as `binding`.
            record_id: its name within the kind.
            record: what to write.
            expected: write only if this is the present version, 0 for «not there»; None writes always.

        Raises:
            VersionMoved: the present version is another one.
        """
        ...

    async def delete(self, kind: str, record_id: str) -> bool:
        """Remove a record; say whether it was there."""
        ...

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records, of one client or account where named."""
        ...

    async def delete_expired(self) -> int:
        """Remove what has expired; return how many."""
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


class UpstreamReply(Protocol):
    """An answer of Cronofy's whose head has arrived."""

    @property
    def status(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Pairs:
        """All header lines, in order."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, undecoded.

        Raises:
            CronofyUnavailable: it broke off or stalled.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            CronofyUnavailable: it broke off, stalled, or is larger than `limit` bytes.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; a body that was not read to its end is cut."""
        ...


class Upstream(Protocol):
    """Sends proxied calls."""

    async def send(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> UpstreamReply:
        """Send a request and return when the answer's head is there.

        Args:
            method: upper case.
            url: absolute; sent byte for byte.
            headers: all of them, but Host and the body's length.
            body: whole, or streamed, or none.

        Raises:
            CronofyUnavailable: `upstream_unreachable` or `upstream_timeout`.
        """
        ...

"""One-time tickets: proof, for a minute, of which account sits behind a browser; and permission to reconnect once.

A ticket is a random string; its record lies under a hash of it and is gone with the first use, whoever is first.
"""

import secrets
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.fingerprints import fingerprint

TICKET: Final = "ticket"
RECONNECT: Final = "reconnect"
TICKET_SECONDS: Final = 60.0
RECONNECT_SECONDS: Final = 600.0
_BYTES: Final = 32
_LONGEST: Final = 64

T = TypeVar("T", bound=msgspec.Struct)


class Identity(msgspec.Struct, frozen=True):
    """Who sits behind a browser: what the app's backend learns for a ticket."""

    sub: str
    profile_id: str
    access_mode: str
    scope: str


class Reconnection(msgspec.Struct, frozen=True):
    """A reconnection that was asked for: the session whose data is carried over, and what it prefers."""

    carries: str
    provider_name: str
    mode: str
    return_to: str


@dataclass(frozen=True, slots=True)
class Tickets:
    """Issues tickets and takes them back, once."""

    records: SealedRecords
    clock: Clock

    async def issue(self, kind: str, client: Client, value: msgspec.Struct, *, seconds: float) -> str:
        """Return a ticket for a value.

        Raises:
            StoreUnavailable: there is no ticket.
        """
        ticket = secrets.token_urlsafe(_BYTES)
        record_id = fingerprint(kind, client.id, ticket)
        await self.records.save(kind, record_id, value, client=client.id, expires_at=self.clock.now() + seconds)
        return ticket

    async def take(self, kind: str, client: Client, ticket: str, shape: type[T]) -> T:
        """Return a ticket's value, to the first who asks with the right client.

        Raises:
            RequestRefused: `ticket_invalid`, the same for unknown, used, expired and another client's.
            StoreUnavailable: it cannot be known now; the ticket still stands.
        """
        record_id = fingerprint(kind, client.id, ticket[:_LONGEST])
        value = await self.records.load(kind, record_id, shape)
        # The store deletes for one caller only, so of two that loaded it one gets it.
        if value is None or not await self.records.store.delete(kind, record_id):
            raise RequestRefused(Code.TICKET_INVALID, "This ticket is unknown, used, expired or another client's.")
        return value

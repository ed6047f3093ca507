"""A person's sessions, as the person sees them: those with the same client, account and profile, and no others.

Another profile of the same account is another calendar, and whoever connected it may be somebody else. A session is
named to the outside by an id of its own, which opens nothing: the handle is known to its browser alone, and the name of
the record stays inside.

Source: OWASP ASVS 5.0, 7.5.2 (people see and end their sessions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock
from gateway.flows.sessions import SessionRecord, Sessions
from gateway.rules.client import Client
from gateway.rules.fingerprints import fingerprint
from gateway.rules.session_times import Lifetimes

# Nobody has so many browsers; somebody who signs in by a script must not cost more than this.
MOST: Final = 200
_ID_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What may be shown of a session.

    Attributes:
        id: its id.
        account: `sub` of its account.
        profile_id: the profile that was connected in it; empty where none is known.
        user_agent: how its browser described itself at the sign-in.
        created_at: Unix time, in seconds, of the sign-in.
        seen_at: Unix time, in seconds, of its last use, as written down.
        expires_in: seconds to its absolute end.
        idle_expires_in: seconds to its end without use.
    """

    id: str
    account: str
    profile_id: str
    user_agent: str
    created_at: float
    seen_at: float
    expires_in: float
    idle_expires_in: float


@dataclass(frozen=True, slots=True)
class OwnSessions:
    """Finds the sessions that belong to whoever asks."""

    sessions: Sessions
    clock: Clock

    async def of(self, client: Client, name: str, data: Mapping[str, Any]) -> list[SessionFacts]:
        """Return the asking person's sessions, the last used first; of very many, the asking one and some others.

        Args:
            client: whose page asks.
            name: the record's name of the session that asks.
            data: what that session holds.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        others = [one for one in await self._names(client, data) if one != name]
        found = []
        for one in (name, *others[: MOST - 1]):
            record = await self.sessions.read(one)
            if record is not None and is_same_profile(record.data, data):
                found.append(session_facts(one, record, self.sessions.lifetimes, self.clock.now()))
        return sorted(found, key=lambda one: one.seen_at, reverse=True)

    async def find(self, client: Client, data: Mapping[str, Any], wanted: str) -> str | None:
        """Return the record's name of one of the asking person's sessions; None for any other id.

        Args:
            client: whose page asks.
            data: what the session that asks holds.
            wanted: the id.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        name = next((one for one in await self._names(client, data) if session_id(one) == wanted), None)
        record = await self.sessions.read(name) if name else None
        return name if record is not None and is_same_profile(record.data, data) else None

    async def _names(self, client: Client, data: Mapping[str, Any]) -> list[str]:
        return list(await self.sessions.names(client.id, account_key(client.application, str(data["account"]))))


def session_id(name: str) -> str:
    """Return the id by which a session is known outside: 32 hex digits, made of its record's name."""
    return fingerprint("session-id", name)[:_ID_LENGTH]


def session_facts(name: str, record: SessionRecord, lifetimes: Lifetimes, now: float) -> SessionFacts:
    """Return what may be shown of a session.

    Args:
        name: its record's name.
        record: its record.
        lifetimes: how long sessions live.
        now: Unix time, in seconds.
    """
    ends = lifetimes.ends_at(created_at=record.created_at, seen_at=record.seen_at)
    return SessionFacts(
        id=session_id(name),
        account=str(record.data.get("account", "")),
        profile_id=profile_of(record.data),
        user_agent=str(record.data.get("user_agent", "")),
        created_at=record.created_at,
        seen_at=record.seen_at,
        expires_in=record.created_at + lifetimes.absolute - now,
        idle_expires_in=ends - now,
    )


def profile_of(data: Mapping[str, Any]) -> str:
    """Return the id of the profile that was connected in a session; empty where none is known."""
    return str((data.get("profile") or {}).get("profile_id", ""))


def is_same_profile(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two sessions of one account are about the same profile of it."""
    return one.get("account") == other.get("account") and profile_of(one) == profile_of(other)

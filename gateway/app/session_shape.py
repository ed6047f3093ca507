"""The two shapes of sessions: a record in the store behind a handle, or the cookie itself."""

from dataclasses import dataclass

from gateway.config.settings import SessionsSection
from gateway.flows.carried_connections import CarriedConnections
from gateway.flows.connections import Connections
from gateway.flows.cookie_sessions import CookieSessions
from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import Sessions
from gateway.rules.cookies import CookieNames
from gateway.rules.session_times import Lifetimes
from gateway.web.cookie_storage import CookieStorage
from gateway.web.session_storage import RecordStorage, SessionStorage


@dataclass(frozen=True, slots=True)
class SessionShape:
    """What differs between the shapes.

    Attributes:
        connections: the connections that sessions point at.
        sessions: makes and ends sessions.
        storage: puts them into cookies.
        beside: a refresh may go on beside the call that noticed the need of it; not where its outcome has to be in the
            cookie of that very answer.
    """

    connections: Connections
    sessions: Sessions
    storage: SessionStorage
    beside: bool


def make_session_shape(
    section: SessionsSection, records: SealedRecords, clock: Clock, names: CookieNames
) -> SessionShape:
    """Make the shape that the settings name."""
    lifetimes = Lifetimes(section.idle_timeout, section.absolute_timeout)
    if section.shape == "cookie":
        carried = CarriedConnections(records, clock, kept=section.connection_kept)
        in_cookies = CookieSessions(records, carried, clock, lifetimes, names)
        return SessionShape(carried, in_cookies, CookieStorage(in_cookies, names), beside=False)
    connections = Connections(records, clock, kept=section.connection_kept)
    sessions = Sessions(records, clock, lifetimes)
    return SessionShape(connections, sessions, RecordStorage(sessions, names), beside=True)

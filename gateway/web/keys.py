"""What hangs on the application and on a request."""

from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from multidict import MultiMapping

from gateway.flows.backend_connections import BackendConnections
from gateway.flows.connections import Connections
from gateway.flows.delegated_callbacks import DelegatedCallbacks
from gateway.flows.disconnects import Disconnects
from gateway.flows.explain import Explainer
from gateway.flows.incoming import CallFacts
from gateway.flows.modes import ModeBook
from gateway.flows.one_time import Tickets
from gateway.flows.own_sessions import OwnSessions
from gateway.flows.proxy import Proxy
from gateway.flows.registry import Registry
from gateway.flows.revocations import RevokeDoor
from gateway.flows.sessions import Sessions
from gateway.flows.sign_in import SignIns
from gateway.flows.tokens import TokenDoor
from gateway.observe.metrics import Metrics
from gateway.rules.client import Client
from gateway.rules.cookies import single_cookie
from gateway.web.browser import Browsers, SignedIn
from gateway.web.session_storage import SessionStorage


@dataclass(frozen=True, slots=True)
class BrowserDoors:
    """What the browser door's handlers use."""

    browsers: Browsers
    sign_ins: SignIns
    sessions: Sessions
    own_sessions: OwnSessions
    storage: SessionStorage
    connections: Connections
    disconnects: Disconnects
    modes: ModeBook
    tickets: Tickets
    logout_url: str

    async def signed_in(
        self, client: Client, headers: MultiMapping[str], *, from_store: bool = False
    ) -> SignedIn | None:
        """Return the session that a request's cookie opens at a client, in record shape; None where there is none.

        Args:
            client: whose session it must be.
            headers: of the request.
            from_store: what this process remembers of it does not count.

        Raises:
            RequestRefused: `cookie_repeated`.
            StoreUnavailable: it cannot be known now.
        """
        handle = single_cookie(headers.getall("Cookie", []), self.browsers.names.session(client.id))
        if not handle:
            return None
        if from_store:
            self.sessions.forget(self.sessions.name_of(client, handle))
        found = await self.sessions.find(client, handle)
        return SignedIn(client, handle, found.data, found) if found else None


@dataclass(frozen=True, slots=True)
class PublicDoors:
    """Everything that the public listener's handlers use."""

    registry: Registry
    tokens: TokenDoor
    revocations: RevokeDoor
    proxy: Proxy
    metrics: Metrics
    max_body_bytes: int
    browser: BrowserDoors
    explainer: Explainer
    backends: BackendConnections
    callbacks: DelegatedCallbacks

    async def close(self) -> None:
        """Finish what must be finished: refreshes above all, whose answers have to reach the store."""
        await self.proxy.callers.vault.close()
        await self.tokens.refreshes.close()
        await self.proxy.modes.close()
        await self.proxy.privileges.ownership.book.close()


@dataclass(slots=True)
class RequestFacts:
    """What the canonical log line of a request says."""

    request_id: str
    started_at: float
    call: CallFacts = field(default_factory=CallFacts)
    code: str = ""


DOORS: Final = web.AppKey("doors", PublicDoors)
FACTS: Final = web.RequestKey("facts", RequestFacts)

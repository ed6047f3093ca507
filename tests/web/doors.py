"""A public application over fakes, for the handlers' tests."""

from gateway.flows.backend_connections import BackendConnections
from gateway.flows.disconnects import Disconnects
from gateway.flows.explain import Explainer
from gateway.flows.one_time import Tickets
from gateway.flows.own_sessions import OwnSessions
from gateway.flows.sessions import Sessions
from gateway.flows.sign_in import SignIns
from gateway.rules.client import BrowserDoor
from gateway.rules.cookies import CookieNames
from gateway.rules.session_times import Lifetimes
from gateway.web.browser import Browsers
from gateway.web.keys import BrowserDoors, PublicDoors
from gateway.web.session_storage import RecordStorage
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, callbacks, client, delegations, registry, revoke_door, token_door
from tests.flows.test_proxy import ELEMENT_PAGE, proxy

PAGES = BrowserDoor(
    frozenset({"https://a.test"}),
    "https://a.test/app",
    scope="free_busy_write",
    service_scope="service_account/accounts/manage",
    delegated_scope="free_busy_write",
)
LIFETIMES = Lifetimes(3600, 86_400)


def doors(one: Kit, upstream: FakeUpstream, *, max_body_bytes: int = 1_000_000) -> PublicDoors:
    """Return the doors of a gateway with the clients a (pages), b (UI Elements) and d (the service door)."""
    known = registry(
        client("a", browser=PAGES, origins=PAGES.origins),
        client("b", origins=frozenset({ELEMENT_PAGE})),
        client("d", service_door=True),
    )
    tokens = token_door(one, known)
    carrying = proxy(one, upstream)
    public_url, clock = "https://gw.test", one.clock
    sign_ins = SignIns(known, one.connections, tokens, one.records, one.records.sealer, clock, public_url)
    sessions = Sessions(one.records, clock, LIFETIMES)
    names = CookieNames(secure=True)
    browser = BrowserDoors(
        browsers=Browsers(known, names, public_url),
        sign_ins=sign_ins,
        sessions=sessions,
        own_sessions=OwnSessions(sessions, clock),
        storage=RecordStorage(sessions, names),
        connections=one.connections,
        disconnects=Disconnects(
            one.connections, one.bindings, one.modes, carrying.callers.vault, one.cronofy, delegations(one, known)
        ),
        modes=one.modes,
        tickets=Tickets(one.records, clock),
        logout_url=f"{public_url}/auth/logout",
    )
    explainer = Explainer(carrying.table, one.modes, carrying.bodies.rules)
    revocations = revoke_door(one, known)
    backends = BackendConnections(known, one.connections, one.modes, revocations.erasure)
    return PublicDoors(
        known,
        tokens,
        revocations,
        carrying,
        one.metrics,
        max_body_bytes,
        browser,
        explainer,
        backends,
        callbacks(one, known),
    )

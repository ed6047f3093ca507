"""The stories put together, bottom up, over the world outside."""

from collections.abc import Callable

from gateway.app.outside import Outside, courses_of
from gateway.app.registry import make_registry
from gateway.app.session_shape import make_session_shape
from gateway.config_check import Checked, is_on_loopback, may_post_to_private
from gateway.flows.answers import Answers, AnswerSettings
from gateway.flows.application_secrets import ApplicationSecrets, WithWorkingSecret
from gateway.flows.backend_connections import BackendConnections
from gateway.flows.bindings import Bindings
from gateway.flows.callback_book import CallbackBook
from gateway.flows.callers import Callers
from gateway.flows.connections import CONNECTION, Connections
from gateway.flows.custodian import Custodian
from gateway.flows.delegated_callbacks import CallbackRules, DelegatedCallbacks
from gateway.flows.delegations import Delegations
from gateway.flows.disconnects import Disconnects
from gateway.flows.element_bindings import ElementBindings
from gateway.flows.elements import Elements
from gateway.flows.erasure import Erasure
from gateway.flows.explain import Explainer
from gateway.flows.handles import HANDLE, Handles
from gateway.flows.mode_admission import ModeAdmission
from gateway.flows.mode_rules import ModeRules
from gateway.flows.modes import ModeBook
from gateway.flows.object_book import ObjectBook
from gateway.flows.one_time import Tickets
from gateway.flows.own_sessions import OwnSessions
from gateway.flows.ownership import Ownership
from gateway.flows.ports import Clock, Heard
from gateway.flows.privileges import Privileges
from gateway.flows.proxy import Proxy
from gateway.flows.refresh_journal import RefreshJournal
from gateway.flows.refreshes import LEASE, PATIENCE, Refreshes
from gateway.flows.revocations import RevokeDoor
from gateway.flows.ruled_body import RuledBodies
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sending import Sender
from gateway.flows.sessions import SESSION, Sessions
from gateway.flows.sign_in import SignIns
from gateway.flows.stored_clients import StoredClients
from gateway.flows.token_replies import TokenReplies
from gateway.flows.tokens import TokenDoor
from gateway.flows.vault import Vault
from gateway.observe.metrics import Metrics
from gateway.rules.cookies import CookieNames
from gateway.rules.mode_limits import Rule
from gateway.rules.operation_table import OperationTable, extra_operation
from gateway.rules.operations import OPERATIONS
from gateway.web.browser import Browsers
from gateway.web.keys import BrowserDoors, PublicDoors


def make_doors(
    checked: Checked, outside: Outside, clock: Clock, metrics: Metrics, *, nodes: Callable[[], int] = lambda: 1
) -> PublicDoors:
    """Put the stories together, bottom up; `nodes` tells how many processes share what Cronofy allows."""
    settings, secrets = checked.settings, ApplicationSecrets(metrics)
    cronofy = WithWorkingSecret(outside.cronofy, secrets)
    sealer, records = outside.sealer, SealedRecords(outside.store, outside.sealer)
    registry, bindings = make_registry(checked), Bindings(records, clock)
    modes = ModeBook(records, cronofy, clock, metrics, fresh_for=settings.proxy.mode_fresh_for, nodes=nodes)
    names = CookieNames(secure=settings.public_url.startswith("https:"))
    shape = make_session_shape(settings.sessions, records, clock, names)
    connections, sessions = shape.connections, shape.sessions
    journal = RefreshJournal(records, clock, kept=settings.sessions.connection_kept)
    # Two calls of other nodes, one after the other, each as slow as it may be.
    patience = max(PATIENCE, 2 * (settings.upstream.connect_timeout + settings.upstream.read_timeout) + LEASE)
    refreshes = Refreshes(journal, cronofy, clock, metrics, patience=patience)
    vault = Vault(connections, registry, refreshes, clock, metrics, beside=shape.beside)
    handles = Handles(records, clock, kept=settings.sessions.connection_kept)
    custodian = Custodian(handles, connections, bindings, modes, vault, refreshes, TokenReplies(metrics), clock)
    callers = Callers(registry, bindings, vault, handles, secrets)
    delegations = Delegations(records, connections, bindings, modes, registry, clock)
    posting = CallbackRules(settings.public_url, is_on_loopback(settings), may_post_to_private(settings))
    callbacks = DelegatedCallbacks(CallbackBook(records, clock), delegations, registry, outside.posts, metrics, posting)
    elements = Elements(registry, ElementBindings(records, clock))
    table = OperationTable((*OPERATIONS, *(extra_operation(line) for line in settings.proxy.extra_operations)))
    states = {Rule.INTEGRATED_CONFERENCING: settings.rules.integrated_conferencing}
    rules = ModeRules(table, modes, vault, cronofy, clock, metrics, states)
    ownership = Ownership(registry, bindings, connections, ObjectBook(records, clock))
    privileges = Privileges(registry, table, ownership)
    answering = AnswerSettings(settings.public_url, settings.proxy.mode_header, settings.proxy.max_page_bytes)
    proxy = Proxy(
        table=table,
        callers=callers,
        privileges=privileges,
        elements=elements,
        modes=modes,
        bodies=RuledBodies(callers, rules, callbacks, privileges, settings.proxy.max_ruled_body_bytes),
        answers=Answers(bindings, ownership, elements, metrics, answering, custodian),
        sender=Sender(outside.upstream, vault, secrets, courses_of(outside.upstream)),
        metrics=metrics,
        clock=clock,
    )
    admission = ModeAdmission(modes, bindings, connections, cronofy, metrics)
    tokens = TokenDoor(registry, bindings, modes, admission, cronofy, refreshes, clock, metrics, custodian, callbacks)
    sign_ins = SignIns(registry, connections, tokens, records, sealer, clock, settings.public_url)
    outside.store.listen(_dropping(sessions, handles, connections))
    disconnects = Disconnects(connections, bindings, modes, vault, cronofy, delegations)
    erasure = Erasure(outside.store, registry, sessions, bindings, disconnects, handles)
    browser = BrowserDoors(
        browsers=Browsers(registry, names, settings.public_url),
        sign_ins=sign_ins,
        sessions=sessions,
        own_sessions=OwnSessions(sessions, clock),
        storage=shape.storage,
        connections=connections,
        disconnects=disconnects,
        modes=modes,
        tickets=Tickets(records, clock),
        logout_url=f"{settings.public_url}/auth/logout",
    )
    explainer = Explainer(table, modes, rules)
    backends = BackendConnections(registry, connections, modes, erasure)
    limit = settings.proxy.max_body_bytes
    revocations = RevokeDoor(tokens, erasure)
    return PublicDoors(registry, tokens, revocations, proxy, metrics, limit, browser, explainer, backends, callbacks)


def stored_clients_of(doors: PublicDoors) -> StoredClients:
    """Return the clients of the store that the stories share."""
    tickets = doors.browser.tickets
    return StoredClients(tickets.records, tickets.clock)


def _dropping(sessions: Sessions, handles: Handles, connections: Connections) -> Heard:
    """Return what drops a session, handle or connection from the cache once the store tells that somebody ended it."""

    def heard(kind: str, record_id: str) -> None:
        if kind == SESSION:
            sessions.forget(record_id)
        elif kind == HANDLE:
            handles.forget(record_id)
        elif kind == CONNECTION:
            connections.drop(record_id)

    return heard

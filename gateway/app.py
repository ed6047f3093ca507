"""Where everything meets: the only place that knows every concrete class."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from aiohttp import web

from gateway.adapters.clock import SystemClock
from gateway.adapters.cronofy_client import CronofyClient
from gateway.adapters.key_ring import parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.adapters.store_sqlite import SqliteStore
from gateway.adapters.upstream import AiohttpUpstream, UpstreamSettings, client_session
from gateway.config import ClientSettings, Listener, Settings
from gateway.config_check import Checked
from gateway.flows.answers import Answers, AnswerSettings
from gateway.flows.bindings import Bindings
from gateway.flows.callers import Caller, Callers
from gateway.flows.connections import Connections, connection_id
from gateway.flows.disconnects import Disconnects
from gateway.flows.explain import Explainer, Question
from gateway.flows.mode_admission import ModeAdmission
from gateway.flows.mode_rules import ModeRules
from gateway.flows.modes import ModeBook
from gateway.flows.one_time import Tickets
from gateway.flows.ports import Clock, CronofyApi, RecordStore, Upstream
from gateway.flows.proxy import Proxy
from gateway.flows.refresh_journal import RefreshJournal
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.ruled_body import RuledBodies
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import Sessions
from gateway.flows.sign_in import SignIns
from gateway.flows.tokens import RevokeDoor, TokenDoor
from gateway.flows.vault import Vault
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode
from gateway.rules.client import Application, BrowserDoor, Client, ClientId
from gateway.rules.cookies import CookieNames
from gateway.rules.data_centres import HOSTS, Hosts
from gateway.rules.errors import StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.mode_limits import Rule
from gateway.rules.mode_policy import ModePolicy
from gateway.rules.operations import OPERATIONS, OperationTable, extra_operation
from gateway.rules.return_targets import origin_of
from gateway.rules.session_times import Lifetimes
from gateway.web.browser import Browsers
from gateway.web.keys import BrowserDoors, PublicDoors
from gateway.web.operations_listener import Readiness, make_operations_app
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner
from gateway.web.session_storage import RecordStorage

_SWEEP_EVERY: Final = 300.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers.

    Attributes:
        public_port: where the public listener is bound.
        operations_port: where the operations listener is bound.
        readiness: set `draining` before stopping it.
        metrics: its metrics.
    """

    public_port: int
    operations_port: int
    readiness: Readiness
    metrics: Metrics


def make_registry(checked: Checked) -> Registry:
    """Make applications and clients of checked settings."""
    settings = checked.settings
    applications = [
        Application(
            name=name,
            client_id=one.client_id,
            client_secret=checked.application_secrets[name],
            hosts=Hosts(one.emulator_url, one.emulator_url) if one.emulator_url else HOSTS[one.data_centre],
        )
        for name, one in settings.applications.items()
    ]
    clients = [
        Client(
            id=ClientId(name),
            secret_hashes=frozenset(fingerprint("client-secret", secret) for secret in checked.client_secrets[name]),
            application=one.application or applications[0].name,
            redirect_uris=tuple(one.redirect_uris),
            any_loopback_redirect=one.any_loopback_redirect,
            scope_policy=one.scope_policy,
            on_ungranted=one.on_ungranted,
            allowed_scopes=frozenset(one.allowed_scopes),
            organization_connect=one.organization_connect,
            business_connect=one.business_connect,
            may_impersonate=one.may_impersonate,
            modes=_mode_policy(one),
            browser=_browser_door(one),
        )
        for name, one in settings.clients.items()
    ]
    return Registry(applications, clients)


def _mode_policy(one: ClientSettings) -> ModePolicy:
    return ModePolicy(
        accepted=frozenset(AccessMode(mode) for mode in one.accepted_modes),
        preferred=AccessMode(one.preferred_mode) if one.preferred_mode else None,
        preferred_provider=one.preferred_provider or "",
        on_other_mode=one.on_other_mode,
        revoke_refused=one.revoke_refused,
    )


def _browser_door(one: ClientSettings) -> BrowserDoor | None:
    if one.home is None:
        return None
    return BrowserDoor(
        origins=frozenset({origin_of(one.home), *one.origins}),
        home=one.home,
        scope=one.login_scope,
        service_scope=one.login_service_scope,
        delegated_scope=one.login_delegated_scope,
        avoid_linking=one.avoid_linking,
        strict=one.same_site == "strict",
    )


async def open_store(settings: Settings, clock: Clock) -> RecordStore:
    """Open the record store that the settings name.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    if settings.store.url == "memory:":
        return MemoryStore(clock)
    return await SqliteStore.open(settings.store.url.removeprefix("sqlite:///"), clock)


@asynccontextmanager
async def run_gateway(checked: Checked, *, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Run a gateway in this event loop: it answers inside the block, drains and ends after it.

    Raises:
        StoreUnavailable: the store cannot be opened.
        KeyRingInvalid: the keys cannot be used.
        OSError: an address cannot be bound, or the ca_file cannot be read.
    """
    settings, clock, metrics = checked.settings, clock or SystemClock(), Metrics()
    for warning in checked.warnings:
        _log.warning(events.GATEWAY_WARNED, about=warning.place, problem=warning.problem)
    async with AsyncExitStack() as stack:
        parse_key_ring(checked.key_ring)  # complain before anything is opened
        store = await open_store(settings, clock)
        stack.push_async_callback(store.close)
        session = client_session(_upstream_settings(settings))
        stack.push_async_callback(session.close)
        own_session = client_session(_upstream_settings(settings), proxied=False)
        stack.push_async_callback(own_session.close)
        doors = _make_doors(
            checked, Outside(store, CronofyClient(own_session), AiohttpUpstream(session, metrics)), clock, metrics
        )
        stack.push_async_callback(doors.proxy.modes.close)
        stack.push_async_callback(doors.proxy.vault.close)
        stack.push_async_callback(doors.tokens.refreshes.close)
        sweeper = asyncio.create_task(_sweep(store), name="sweep expired records")
        stack.push_async_callback(_cancel, sweeper)
        readiness = Readiness(store.ping)
        operations = await _listen(stack, make_operations_app(readiness, metrics), settings.operations, 1.0, None)
        public = await _listen(stack, make_public_app(doors), settings.listen, settings.drain_timeout, metrics)
        _log.info(events.GATEWAY_STARTED, public_url=settings.public_url, port=public, operations_port=operations)
        yield Running(public, operations, readiness, metrics)
    _log.info(events.GATEWAY_STOPPED)


@dataclass(frozen=True, slots=True)
class Outside:
    """The world outside of the process, through its ports."""

    store: RecordStore
    cronofy: CronofyApi
    upstream: Upstream


def _make_doors(checked: Checked, outside: Outside, clock: Clock, metrics: Metrics) -> PublicDoors:
    """Put the stories together, bottom up."""
    settings, cronofy = checked.settings, outside.cronofy
    sealer = AesGcmSealer(parse_key_ring(checked.key_ring))
    records = SealedRecords(outside.store, sealer)
    registry, bindings = make_registry(checked), Bindings(records, clock)
    modes = ModeBook(records, cronofy, clock, metrics, fresh_for=settings.proxy.mode_fresh_for)
    connections = Connections(records, clock, kept=settings.sessions.connection_kept)
    journal = RefreshJournal(records, clock, kept=settings.sessions.connection_kept)
    refreshes = Refreshes(journal, cronofy, clock, metrics)
    vault = Vault(connections, registry, refreshes, clock, metrics)
    callers = Callers(registry, bindings, vault)
    table = OperationTable((*OPERATIONS, *(extra_operation(line) for line in settings.proxy.extra_operations)))
    states = {Rule.INTEGRATED_CONFERENCING: settings.rules.integrated_conferencing}
    rules = ModeRules(table, modes, vault, cronofy, clock, metrics, states)
    answering = AnswerSettings(settings.public_url, settings.proxy.mode_header, settings.proxy.max_page_bytes)
    proxy = Proxy(
        table=table,
        callers=callers,
        vault=vault,
        modes=modes,
        bodies=RuledBodies(callers, rules, bindings, settings.proxy.max_ruled_body_bytes),
        answers=Answers(bindings, metrics, answering),
        upstream=outside.upstream,
        metrics=metrics,
    )
    admission = ModeAdmission(modes, bindings, connections, cronofy, metrics)
    tokens = TokenDoor(registry, bindings, modes, admission, cronofy, refreshes, clock, metrics)
    sign_ins = SignIns(registry, connections, tokens, records, sealer, clock, settings.public_url)
    sessions = Sessions(records, clock, Lifetimes(settings.sessions.idle_timeout, settings.sessions.absolute_timeout))
    names = CookieNames(secure=settings.public_url.startswith("https:"))
    browser = BrowserDoors(
        browsers=Browsers(registry, names, settings.public_url),
        sign_ins=sign_ins,
        sessions=sessions,
        storage=RecordStorage(sessions, names),
        connections=connections,
        disconnects=Disconnects(connections, bindings, modes, vault, cronofy),
        modes=modes,
        tickets=Tickets(records, clock),
        logout_url=f"{settings.public_url}/auth/logout",
    )
    explainer = Explainer(table, modes, rules)
    limit = settings.proxy.max_body_bytes
    return PublicDoors(registry, tokens, RevokeDoor(tokens), proxy, metrics, limit, browser, explainer)


async def explain_for_operator(checked: Checked, client_id: str, account: str, question: Question) -> dict[str, Any]:
    """Explain a call of a client for an account, over what the store knows; nothing goes upstream.

    Raises:
        RequestRefused: the client is unknown, or the path is no operation.
        StoreUnavailable: the store cannot be opened.
    """
    clock = SystemClock()
    store = await open_store(checked.settings, clock)
    async with client_session(_upstream_settings(checked.settings)) as session:
        try:
            outside = Outside(store, CronofyClient(session), AiohttpUpstream(session, Metrics()))
            doors = _make_doors(checked, outside, clock, Metrics())
            client = doors.registry.client(client_id)
            stored = await doors.browser.connections.load(connection_id(client, account))
            scope = stored.connection.scope if stored else await doors.tokens.bindings.scope_of(client, account)
            caller = Caller(doors.registry.application_of(client), (client,), "", account, is_person=True)
            answer = await doors.explainer.explain(replace(question, scope=scope or ""), caller)
            return {"connected": scope is not None, **answer}
        finally:
            await store.close()


def _upstream_settings(settings: Settings) -> UpstreamSettings:
    section = settings.upstream
    return UpstreamSettings(
        connect_timeout=section.connect_timeout,
        read_timeout=section.read_timeout,
        connections=section.connections,
        egress_proxy=section.egress_proxy,
        ca_file=str(section.ca_file or ""),
    )


async def _listen(
    stack: AsyncExitStack, app: web.Application, listener: Listener, drain: float, metrics: Metrics | None
) -> int:
    """Bind an application to its address and return the port."""
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=drain)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, listener.host, listener.port, reuse_address=True).start()
    return int(runner.addresses[0][1])


async def _sweep(store: RecordStore) -> None:
    """Remove expired records for as long as the gateway runs."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        try:
            removed = await store.delete_expired()
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)
        else:
            _log.info(events.RECORDS_SWEPT, removed=removed)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

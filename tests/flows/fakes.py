"""Fakes of the ports, as far as the stories' tests need them."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.bindings import Bindings
from gateway.flows.callback_book import CallbackBook
from gateway.flows.connections import Connections
from gateway.flows.custodian import Custodian
from gateway.flows.delegated_callbacks import CallbackRules, DelegatedCallbacks
from gateway.flows.delegations import Delegations
from gateway.flows.disconnects import Disconnects
from gateway.flows.element_bindings import ElementBindings
from gateway.flows.elements import Elements
from gateway.flows.erasure import Erasure
from gateway.flows.handles import Handles
from gateway.flows.mode_admission import ModeAdmission
from gateway.flows.mode_rules import ModeRules
from gateway.flows.modes import ModeBook
from gateway.flows.object_book import ObjectBook
from gateway.flows.ownership import Ownership
from gateway.flows.ports import ApiReply
from gateway.flows.privileges import Privileges
from gateway.flows.refresh_journal import RefreshJournal
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.revocations import RevokeDoor
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import Sessions
from gateway.flows.stored_connection import Stored
from gateway.flows.token_replies import TokenReplies
from gateway.flows.tokens import TokenDoor
from gateway.flows.vault import Vault
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application, Client, ClientId
from gateway.rules.data_centres import Hosts
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.mode_limits import Rule, RuleState
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS
from gateway.rules.scopes import ScopePolicy
from gateway.rules.session_times import Lifetimes
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_posts import FakePosts

APPLICATION = Application("main", "cronofy-id", "cronofy-secret", Hosts("https://api.test", "https://app.test"))


def client(name: str = "app", **changes: Any) -> Client:
    """Return a client whose secret is `<name>-secret`."""
    values: dict[str, Any] = {
        "id": ClientId(name),
        "secret_hashes": frozenset({fingerprint("client-secret", f"{name}-secret")}),
        "application": "main",
        "redirect_uris": (f"https://{name}.test/cb",),
        "scope_policy": ScopePolicy.REJECT,
        **changes,
    }
    return Client(**values)


def token_reply(access: str = "access-1", refresh: str = "refresh-1", **changes: Any) -> ApiReply:
    """Return a token endpoint's success."""
    body = {
        "token_type": "bearer",
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": 3600,
        "scope": "free_busy_write",
        "sub": "acc_1",
        "linking_profile": {"provider_name": "google_free_busy", "profile_id": "pro_1"},
        **changes,
    }
    return ApiReply(200, json.dumps({key: value for key, value in body.items() if value is not None}).encode())


def userinfo_reply(account: str = "acc_1", **providers: str) -> ApiReply:
    """Return a userinfo answer: each profile has one calendar, `cal_<profile>`."""
    profiles = [
        {"profile_id": profile, "provider_name": provider, "profile_calendars": [{"calendar_id": f"cal_{profile}"}]}
        for profile, provider in providers.items()
    ]
    return ApiReply(200, json.dumps({"sub": account, "cronofy.data": {"profiles": profiles}}).encode())


@dataclass
class FakeCronofy:
    """Answers from lists, and remembers what it was asked. A gate holds its kind of answer back until it is opened."""

    tokens: deque[ApiReply | CronofyUnavailable] = field(default_factory=deque)
    userinfos: deque[ApiReply | CronofyUnavailable] = field(default_factory=deque)
    revocations: deque[ApiReply] = field(default_factory=deque)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    token_gate: asyncio.Event | None = None
    token_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        self.asked.append((f"token {application.name}", fields))
        self.token_asked.set()
        if self.token_gate is not None:
            await self.token_gate.wait()
        return _next(self.tokens)

    async def revoke(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        self.asked.append((f"revoke {application.name}", fields))
        return self.revocations.popleft() if self.revocations else ApiReply(200, b"")

    async def revoke_profile(self, application: Application, bearer: str, profile_id: str) -> ApiReply:
        self.asked.append((f"profile {application.name}", (bearer, profile_id)))
        return self.revocations.popleft() if self.revocations else ApiReply(202, b"")

    async def authorize_conferencing(self, application: Application, bearer: str, fields: dict[str, str]) -> ApiReply:
        self.asked.append((f"conferencing {application.name}", (bearer, fields)))
        return ApiReply(200, b'{"authorization_request":{"url":"https://app.test/conferencing/1"}}')

    async def userinfo(self, application: Application, bearer: str) -> ApiReply:
        self.asked.append((f"userinfo {application.name}", bearer))
        if self.gate is not None:
            await self.gate.wait()
        return _next(self.userinfos)

    def count(self, what: str) -> int:
        """Return how often it was asked for something."""
        return sum(name.startswith(what) for name, _ in self.asked)


def _next(replies: deque[ApiReply | CronofyUnavailable]) -> ApiReply:
    reply = replies.popleft()
    if isinstance(reply, CronofyUnavailable):
        raise reply
    return reply


@dataclass
class Kit:
    """Everything that a story needs, in memory."""

    clock: FakeClock
    cronofy: FakeCronofy
    metrics: Metrics
    store: MemoryStore
    records: SealedRecords
    bindings: Bindings
    modes: ModeBook
    connections: Connections
    handles: Handles
    posts: FakePosts


def kit(clock: FakeClock) -> Kit:
    """Make a kit."""
    store, cronofy, metrics = MemoryStore(clock), FakeCronofy(), Metrics()
    records = SealedRecords(store, AesGcmSealer(parse_key_ring(generate_key())))
    modes = ModeBook(records, cronofy, clock, metrics)
    return Kit(
        clock,
        cronofy,
        metrics,
        store,
        records,
        Bindings(records, clock),
        modes,
        Connections(records, clock, kept=86_400),
        Handles(records, clock, kept=86_400),
        FakePosts(),
    )


async def connected(one: Kit, whose: Client, **changes: Any) -> Stored:
    """Store the connection of a sign-in: access-1 and refresh-1, for an hour."""
    return await one.connections.connect(whose, read_token_reply(token_reply(**changes).body))


class StoreAway:
    """A store of which one method, or every one, cannot be reached until it is back."""

    def __init__(self, store: MemoryStore, *methods: str) -> None:
        self._store = store
        self._methods = methods or ("get", "put", "delete", "list_ids")
        self.is_away = True

    def __getattr__(self, name: str) -> Any:
        return self._fail if self.is_away and name in self._methods else getattr(self._store, name)

    async def _fail(self, *_arguments: Any, **_more: Any) -> None:
        raise StoreUnavailable("away")


def registry(*clients: Client) -> Registry:
    """Return a registry of one application."""
    return Registry([APPLICATION], clients or [client()])


def elements(one: Kit, *clients: Client) -> Elements:
    """Return the callers by element token over a kit."""
    return Elements(registry(*clients), ElementBindings(one.records, one.clock))


def vault(one: Kit, *clients: Client) -> Vault:
    """Return a vault over a kit's connections."""
    return Vault(one.connections, registry(*clients), refreshes(one), one.clock, one.metrics)


def refreshes(one: Kit) -> Refreshes:
    """Return the refreshes over a kit, as one node has them."""
    return Refreshes(RefreshJournal(one.records, one.clock, kept=86_400), one.cronofy, one.clock, one.metrics)


def mode_rules(one: Kit, *clients: Client, state: RuleState = RuleState.ENFORCE) -> ModeRules:
    """Return the mode rules over a kit."""
    table, states = OperationTable(OPERATIONS), {Rule.INTEGRATED_CONFERENCING: state}
    return ModeRules(table, one.modes, vault(one, *clients), one.cronofy, one.clock, one.metrics, states)


def ownership(one: Kit, *clients: Client) -> Ownership:
    """Return what judges whose accounts and objects are, over a kit."""
    return Ownership(registry(*clients), one.bindings, one.connections, ObjectBook(one.records, one.clock))


def privileges(one: Kit, *clients: Client) -> Privileges:
    """Return what judges what clients may do, over a kit."""
    return Privileges(registry(*clients), OperationTable(OPERATIONS), ownership(one, *clients))


def admission(one: Kit) -> ModeAdmission:
    """Return the admission by mode over a kit."""
    return ModeAdmission(one.modes, one.bindings, one.connections, one.cronofy, one.metrics)


def delegations(one: Kit, known: Registry) -> Delegations:
    """Return who was let in by whom, over a kit."""
    return Delegations(one.records, one.connections, one.bindings, one.modes, known, one.clock)


def callbacks(one: Kit, known: Registry) -> DelegatedCallbacks:
    """Return the stories of delegated accounts over a kit."""
    book, rules = CallbackBook(one.records, one.clock), CallbackRules("https://gw.test")
    return DelegatedCallbacks(book, delegations(one, known), known, one.posts, one.metrics, rules)


def custodian(one: Kit, known: Registry | None = None) -> Custodian:
    """Return what keeps tokens for clients, over a kit."""
    answers = refreshes(one)
    keeper = Vault(one.connections, known or registry(), answers, one.clock, one.metrics)
    replies = TokenReplies(one.metrics)
    return Custodian(one.handles, one.connections, one.bindings, one.modes, keeper, answers, replies, one.clock)


def token_door(one: Kit, known: Registry) -> TokenDoor:
    """Return the token endpoint's story over a kit."""
    keeper = custodian(one, known)
    return TokenDoor(
        known,
        one.bindings,
        one.modes,
        admission(one),
        one.cronofy,
        keeper.refreshes,
        one.clock,
        one.metrics,
        keeper,
        callbacks(one, known),
    )


def erasure(one: Kit, known: Registry) -> Erasure:
    """Return what erases accounts, over a kit."""
    disconnects = Disconnects(
        one.connections, one.bindings, one.modes, custodian(one, known).vault, one.cronofy, delegations(one, known)
    )
    sessions = Sessions(one.records, one.clock, Lifetimes(3_600, 36_000))
    return Erasure(one.records.store, known, sessions, one.bindings, disconnects, one.handles)


def revoke_door(one: Kit, known: Registry) -> RevokeDoor:
    """Return the revocation endpoint's story over a kit."""
    return RevokeDoor(token_door(one, known), erasure(one, known))

"""What the gateway knows of an application and of a client: plain values, made from the configuration."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from gateway.rules.data_centres import Hosts
from gateway.rules.mode_policy import ModePolicy
from gateway.rules.scopes import ScopePolicy

ClientId = NewType("ClientId", str)
AccountId = NewType("AccountId", str)


class Custody(StrEnum):
    """Who holds the tokens that a client gets at the token endpoint."""

    CLIENT = "client"  # Cronofy's tokens are handed through
    GATEWAY = "gateway"  # the client gets opaque handles, the tokens stay in a sealed connection


class OnUngranted(StrEnum):
    """What happens to an exchange whose granted scope lacks free_busy_write."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Application:
    """An OAuth application registered at Cronofy.

    Attributes:
        name: the operator's name for it, as in the configuration.
        client_id: Cronofy's client id.
        client_secret: Cronofy's client secret, which is its API key as well; never shown.
        hosts: the two origins of its data centre.
        other_client_secret: a second secret that is active at Cronofy while they are exchanged; empty for none.
    """

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    hosts: Hosts
    other_client_secret: str = field(default="", repr=False)

    @property
    def client_secrets(self) -> tuple[str, ...]:
        """Every active secret, the first one first."""
        return tuple(filter(None, (self.client_secret, self.other_client_secret)))


@dataclass(frozen=True, slots=True)
class BrowserDoor:
    """How a client's pages use the browser door.

    Attributes:
        origins: origins of its pages.
        home: its own page, where people land without a return target.
        scope: what Individual Connect asks for.
        service_scope: what Enterprise Connect asks for.
        delegated_scope: what Enterprise Connect may delegate.
        avoid_linking: keep a person's calendars apart from those known by Cronofy's cookie in the same browser.
        strict: the session cookie is SameSite=Strict instead of Lax.
    """

    origins: frozenset[str]
    home: str
    scope: str
    service_scope: str
    delegated_scope: str
    avoid_linking: bool = True
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """An app registered at this gateway.

    Attributes:
        id: its client id here.
        secret_hashes: `fingerprint` of each active secret.
        application: name of the application that it uses.
        redirect_uris: registered ones; matched exactly.
        any_loopback_redirect: any loopback redirect URI is its own (for development).
        scope_policy: what happens to a request without free_busy_write.
        on_ungranted: what happens to a grant without it.
        allowed_scopes: the only scopes that it may ask for; empty means any.
        organization_connect: it may ask for `organizational_unit_scheduler` alone.
        business_connect: it may send `delegated_scope` on `/oauth/authorize`.
        may_impersonate: its `Cronofy-Impersonate` header is passed on.
        modes: which access modes it takes.
        browser: how its pages use the browser door; None for a client without pages.
        custody: who holds its tokens.
        service_door: its backend may call for its stored connections, with its secret and `Gateway-Account`.
        operations: names of the only operations that it may call; empty means every one.
        origins: origins of its pages, with or without a browser door.
        secrets: its active secrets themselves, with which callbacks are signed for it; never shown.
    """

    id: ClientId
    secret_hashes: frozenset[str] = field(repr=False)
    application: str
    redirect_uris: tuple[str, ...] = ()
    any_loopback_redirect: bool = False
    scope_policy: ScopePolicy = ScopePolicy.REJECT
    on_ungranted: OnUngranted = OnUngranted.REFUSE
    allowed_scopes: frozenset[str] = frozenset()
    organization_connect: bool = False
    business_connect: bool = False
    may_impersonate: bool = False
    modes: ModePolicy = field(default_factory=ModePolicy)
    browser: BrowserDoor | None = None
    custody: Custody = Custody.CLIENT
    service_door: bool = False
    operations: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False)

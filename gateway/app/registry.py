"""Applications and clients, made of the settings and of what the store holds."""

from collections.abc import Collection
from dataclasses import dataclass

from gateway.app.stored_settings import check_stored
from gateway.config import ClientSettings
from gateway.config_check import Checked, SettingsInvalid
from gateway.flows.registry import Registry
from gateway.flows.stored_clients import UNREADABLE, Stored, StoredClient
from gateway.rules.access_mode import AccessMode
from gateway.rules.client import Application, BrowserDoor, Client, ClientId
from gateway.rules.data_centres import HOSTS, Hosts
from gateway.rules.fingerprints import fingerprint
from gateway.rules.mode_policy import ModePolicy
from gateway.rules.return_targets import origin_of


@dataclass(frozen=True, slots=True)
class Known:
    """Applications and clients, made of the settings and of what the store holds.

    Attributes:
        applications: every application.
        clients: the clients that work.
        disabled: those that do not.
        ignored: what the store says in vain, by client id, each with the reason.
        shared: names of the applications that a stored client may be using which cannot be made.
    """

    applications: list[Application]
    clients: list[Client]
    disabled: list[Client]
    ignored: dict[str, str]
    shared: frozenset[str] = frozenset()

    def fill(self, registry: Registry, *, with_disabled: bool = False) -> None:
        """Put all of it in the place of what a registry knew; with those that are disabled for an operator's work."""
        if with_disabled:
            registry.replace(self.applications, [*self.clients, *self.disabled], shared=self.shared)
        else:
            registry.replace(self.applications, self.clients, disabled=self.disabled, shared=self.shared)


def make_registry(checked: Checked) -> Registry:
    """Make applications and clients of checked settings."""
    known = make_known(checked, {})
    return Registry(known.applications, known.clients)


def make_known(checked: Checked, stored: Stored) -> Known:
    """Make applications and clients of checked settings and of what the store holds; an id of the settings wins."""
    applications = [_application(name, checked) for name in checked.settings.applications]
    settings, ignored = _all_settings(checked, stored)
    known = Known(applications, [], [], ignored, _shared(checked, stored, settings))
    for name, one in settings.items():
        told = stored.get(name, StoredClient())
        secrets = (*checked.client_secrets.get(name, ()), *(each.secret for each in told.secrets))
        client = _client(name, one, secrets, one.application or applications[0].name)
        (known.disabled if told.disabled else known.clients).append(client)
    return known


def _all_settings(checked: Checked, stored: Stored) -> tuple[dict[str, ClientSettings], dict[str, str]]:
    """Return every client's settings, and what of the store is ignored."""
    settings, ignored = dict(checked.settings.clients), {}
    for name, one in sorted(stored.items()):
        if one is UNREADABLE:
            ignored[name] = "no key of the ring opens its record, so it counts as disabled"
        elif name in checked.settings.clients and one.settings is not None:
            ignored[name] = "the configuration has a client of this id, whose settings count"
        elif name not in checked.settings.clients and one.settings is None:
            ignored[name] = "its settings were in the configuration and are not there any more"
        elif name not in checked.settings.clients and one.settings is not None:
            try:
                settings[name], _ = check_stored(name, one.settings, checked.settings)
            except SettingsInvalid as invalid:
                ignored[name] = "; ".join(f"{each.place} {each.problem}" for each in invalid.complaints if each.fatal)
    return settings, ignored


def _shared(checked: Checked, stored: Stored, usable: Collection[str]) -> frozenset[str]:
    """Return the applications whose other clients are not alone: a stored one is there, although it cannot be made."""
    shared: set[str] = set()
    for name, one in stored.items():
        if name not in usable and (one is UNREADABLE or one.settings is not None):
            named = str((one.settings or {}).get("application"))
            shared |= {named} if named in checked.settings.applications else set(checked.settings.applications)
    return frozenset(shared)


def _application(name: str, checked: Checked) -> Application:
    one = checked.settings.applications[name]
    return Application(
        name=name,
        client_id=one.client_id,
        client_secret=checked.application_secrets[name],
        other_client_secret=checked.other_application_secrets[name],
        hosts=Hosts(one.emulator_url, one.emulator_url) if one.emulator_url else HOSTS[one.data_centre],
    )


def _client(name: str, one: ClientSettings, secrets: tuple[str, ...], application: str) -> Client:
    return Client(
        id=ClientId(name),
        secret_hashes=frozenset(fingerprint("client-secret", secret) for secret in secrets),
        application=application,
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
        custody=one.custody,
        service_door=one.service_door,
        operations=frozenset(one.operations),
        origins=_origins(one),
        secrets=secrets,
    )


def _origins(one: ClientSettings) -> frozenset[str]:
    return frozenset({*one.origins, *((origin_of(one.home),) if one.home else ())})


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
        origins=_origins(one),
        home=one.home,
        scope=one.login_scope,
        service_scope=one.login_service_scope,
        delegated_scope=one.login_delegated_scope,
        avoid_linking=one.avoid_linking,
        strict=one.same_site == "strict",
    )

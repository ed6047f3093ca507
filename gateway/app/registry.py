"""Applications and clients, made of the settings."""

from gateway.config import ClientSettings
from gateway.config_check import Checked
from gateway.flows.registry import Registry
from gateway.rules.access_mode import AccessMode
from gateway.rules.client import Application, BrowserDoor, Client, ClientId
from gateway.rules.data_centres import HOSTS, Hosts
from gateway.rules.fingerprints import fingerprint
from gateway.rules.mode_policy import ModePolicy
from gateway.rules.return_targets import origin_of


def make_registry(checked: Checked) -> Registry:
    """Make applications and clients of checked settings."""
    settings = checked.settings
    applications = [
        Application(
            name=name,
            client_id=one.client_id,
            client_secret=checked.application_secrets[name],
            other_client_secret=checked.other_application_secrets[name],
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
            custody=one.custody,
            service_door=one.service_door,
            operations=frozenset(one.operations),
            origins=_origins(one),
            secrets=checked.client_secrets[name],
        )
        for name, one in settings.clients.items()
    ]
    return Registry(applications, clients)


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

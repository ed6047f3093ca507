"""The settings of applications and of the clients that use them."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from gateway.config.values import ModeName, Section, as_origin
from gateway.rules.client import Custody, OnUngranted
from gateway.rules.data_centres import DataCentre
from gateway.rules.mode_policy import OnOtherMode, RevokeRefused
from gateway.rules.scopes import ScopePolicy


class ApplicationSettings(Section):
    """An OAuth application registered at Cronofy."""

    client_id: str = Field(min_length=1, description="Cronofy's client id of the application.")
    client_secret: SecretStr | None = Field(None, description="Cronofy's client secret; also its API key.")
    client_secret_file: Path | None = Field(
        None, description="File with the client secret; instead of `client_secret`."
    )
    other_client_secret: SecretStr | None = Field(
        None, description="A second secret that is active at Cronofy, while one is exchanged for another."
    )
    other_client_secret_file: Path | None = Field(
        None, description="File with the second secret; instead of `other_client_secret`."
    )
    data_centre: DataCentre = Field(DataCentre.US, description="us, de, uk, au, sg or ca: where the application lives.")
    emulator_url: str | None = Field(
        None, description="Origin of an emulator, instead of a data centre. For development and tests only."
    )

    @field_validator("emulator_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        return None if value is None else as_origin(value)


class ClientSettings(Section):
    """An app registered at this gateway; its id is the name of its table, `[clients.ID]`."""

    application: str | None = Field(None, description="Name of its application; may be left out when there is one.")
    secrets: list[SecretStr] = Field(default=[], description="Its secrets here, not Cronofy's. Two may be active.")
    secrets_file: Path | None = Field(None, description="File with its secrets, one per line; instead of `secrets`.")
    redirect_uris: list[str] = Field(default=[], description="Its redirect URIs, matched exactly.")
    redirect_wildcards: bool = Field(
        default=False,
        description="Allow https://*.example.com/path: one label. Not where strangers get sub-domains.",
    )
    any_loopback_redirect: bool = Field(
        default=False, description="Any loopback redirect URI is its own. For development only."
    )
    custody: Custody = Field(
        Custody.CLIENT,
        description="Who holds its tokens: client, as at Cronofy, or gateway, which hands out opaque handles instead.",
    )
    service_door: bool = Field(
        default=False,
        description="Its backend may call for its stored connections, with its secret and Gateway-Account.",
    )
    operations: list[str] = Field(
        default=[], description="The only operations it may call, by their names in docs/operations.md; empty: all."
    )
    scope_policy: ScopePolicy = Field(
        ScopePolicy.REJECT, description="A request without free_busy_write: reject it, or add the scope."
    )
    on_ungranted: OnUngranted = Field(
        OnUngranted.REFUSE,
        description="A grant without free_busy_write (a link built past the gateway): refuse or warn.",
    )
    allowed_scopes: list[str] = Field(
        default=[], description="The only scopes it may ask for, be granted and use; empty means any."
    )
    organization_connect: bool = Field(
        default=False,
        description="It may ask for organizational_unit_scheduler alone, which has no access mode.",
    )
    business_connect: bool = Field(default=False, description="It may send delegated_scope on /oauth/authorize.")
    accepted_modes: list[ModeName] = Field(
        default=[], description="Access modes that it takes: read_write, free_busy, no_access; empty means every one."
    )
    preferred_mode: ModeName | None = Field(
        None, description="The mode that people are led to. free_busy needs preferred_provider as well."
    )
    preferred_provider: Literal["google", "microsoft"] | None = Field(
        None, description="The provider that preferred_mode free_busy leads to."
    )
    on_other_mode: OnOtherMode = Field(
        OnOtherMode.REFUSE, description="A person who connected in a mode that is not accepted: refuse, warn or allow."
    )
    revoke_refused: RevokeRefused = Field(
        RevokeRefused.PROFILE,
        description="A refused person's new profile: disconnect it at Cronofy (profile), or none.",
    )
    may_impersonate: bool = Field(
        default=False, description="Its Cronofy-Impersonate header is passed on, from its backend and not from pages."
    )
    origins: list[str] = Field(
        default=[],
        description="Origins of its pages. With home: same-site with public_url, and they may call with cookies. "
        "Without: of any site, for UI Elements alone.",
    )
    home: str | None = Field(
        None, description="Its own page: where people land after signing in. Opens the browser door."
    )
    login_scope: str = Field(
        "read_events create_event delete_event free_busy_write",
        description="What /auth/login asks for on Individual Connect; the scope policy applies.",
    )
    login_service_scope: str = Field(
        "service_account/accounts/manage", description="What /auth/login asks for on Enterprise Connect."
    )
    login_delegated_scope: str = Field(
        "free_busy_write", description="What Enterprise Connect may delegate; the scope policy applies."
    )
    avoid_linking: bool = Field(
        default=True, description="Keep calendars connected in one browser apart; false lets Cronofy link them."
    )
    same_site: Literal["lax", "strict"] = Field(
        "lax", description="SameSite of the session cookie. Strict: a link from elsewhere arrives signed out."
    )

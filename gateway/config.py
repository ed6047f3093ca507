"""The settings: a TOML file, `GATEWAY__…` variables over it, secrets from files where wished.

Each field's description is its documentation: what it does, and when not to touch it. Nothing that is a secret has a
usable default. `load_settings` collects every complaint before it gives up.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, TypeAdapter, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.rules.client import OnUngranted
from gateway.rules.data_centres import DataCentre
from gateway.rules.mode_limits import RuleState
from gateway.rules.mode_policy import OnOtherMode, RevokeRefused
from gateway.rules.operations import extra_operation
from gateway.rules.scopes import ScopePolicy

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
ModeName = Literal["read_write", "free_busy", "no_access"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]

_URL: Final = TypeAdapter(HttpUrl)


class _Section(BaseModel):
    """A part of the settings; an unknown name is a complaint, since a misspelt rule would silently not apply."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listener(_Section):
    """An address that the gateway answers on."""

    host: str = Field("127.0.0.1", description="Address to bind. 0.0.0.0 for all, as in a container.")
    port: Port = Field(8080, description="Port to bind; 0 takes a free one.")


class OperationsListener(Listener):
    """The address of health checks and metrics."""

    port: Port = Field(
        9080,
        description="Port of /healthz, /readyz and /metrics. Keep its host on loopback or a private network.",
    )


class Store(_Section):
    """Where sealed records live."""

    url: str = Field(
        "sqlite:///cronofy-gateway.db",
        pattern=r"^(sqlite:///.+|memory:)$",
        description="sqlite:///relative.db, sqlite:////absolute/path.db, or memory: (lost at a restart).",
    )


class Keys(_Section):
    """The encryption keys, newest first."""

    ring: SecretStr | None = Field(
        None,
        description="Keys as `cronofy-gateway keys generate` prints them, separated by ';', newest first.",
    )
    ring_file: Path | None = Field(None, description="File with the keys, one per line; instead of `ring`.")


class ApplicationSettings(_Section):
    """An OAuth application registered at Cronofy."""

    client_id: str = Field(min_length=1, description="Cronofy's client id of the application.")
    client_secret: SecretStr | None = Field(None, description="Cronofy's client secret; also its API key.")
    client_secret_file: Path | None = Field(
        None, description="File with the client secret; instead of `client_secret`."
    )
    data_centre: DataCentre = Field(DataCentre.US, description="us, de, uk, au, sg or ca: where the application lives.")
    emulator_url: str | None = Field(
        None, description="Origin of an emulator, instead of a data centre. For development and tests only."
    )

    @field_validator("emulator_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        return None if value is None else _as_origin(value)


class ClientSettings(_Section):
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
    scope_policy: ScopePolicy = Field(
        ScopePolicy.REJECT, description="A request without free_busy_write: reject it, or add the scope."
    )
    on_ungranted: OnUngranted = Field(
        OnUngranted.REFUSE,
        description="A grant without free_busy_write (a link built past the gateway): refuse or warn.",
    )
    allowed_scopes: list[str] = Field(default=[], description="The only scopes it may ask for; empty means any.")
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
    may_impersonate: bool = Field(default=False, description="Its Cronofy-Impersonate header is passed on.")
    origins: list[str] = Field(
        default=[], description="Origins of its pages, same-site with public_url. They may call with cookies."
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


class RulesSection(_Section):
    """How the rules that refuse calls by access mode are applied."""

    integrated_conferencing: RuleState = Field(
        RuleState.ENFORCE,
        description='profile_id "integrated" on restricted calendars: enforce, observe (let pass and count) or off.',
    )


class SessionsSection(_Section):
    """How long sessions and connections live."""

    idle_timeout: float = Field(
        8 * 3600.0, ge=60, le=90 * 86_400, description="Seconds without use after which a session ends."
    )
    absolute_timeout: float = Field(
        14 * 86_400.0, ge=60, le=400 * 86_400, description="Seconds after the sign-in after which a session ends."
    )
    connection_kept: float = Field(
        60 * 86_400.0,
        ge=3600,
        le=400 * 86_400,
        description="Seconds that a connection is kept after its last sign-in or refresh.",
    )


class ProxySection(_Section):
    """The proxied path, /v1."""

    mode_header: HeaderName = Field("Cronofy-Access-Mode", description="Name of the access-mode header.")
    extra_operations: list[str] = Field(
        default=[], description='Operations newer than the route table, as "GET /v1/new_things/{id}".'
    )
    max_body_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="The largest request body that is streamed.")
    max_ruled_body_bytes: int = Field(
        1024 * 1024,
        ge=1024,
        description="The largest request body that a rule reads (events, delegated access).",
    )
    max_page_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="The largest page of a paged answer; a larger one is a 502."
    )
    mode_fresh_for: float = Field(
        3600.0,
        ge=60,
        le=86_400,
        description="Seconds after which an account's modes are looked up again, beside a call.",
    )

    @field_validator("extra_operations")
    @classmethod
    def _rows(cls, value: list[str]) -> list[str]:
        for line in value:
            extra_operation(line)
        return value


class UpstreamSection(_Section):
    """How Cronofy is reached."""

    connect_timeout: Seconds = Field(5.0, description="Seconds to connect to Cronofy, TLS included.")
    read_timeout: Seconds = Field(30.0, description="Seconds without a byte after which Cronofy counts as too slow.")
    connections: int = Field(200, ge=1, le=10_000, description="The most connections to Cronofy at one time.")
    egress_proxy: str = Field("", pattern=r"^(https?://\S+)?$", description="HTTP proxy for calls to Cronofy.")
    ca_file: Path | None = Field(
        None, description="PEM file of further certificate authorities, such as a proxy's own."
    )


class Log(_Section):
    """What is written to standard output."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least severe events written.")
    format: Literal["json", "console"] = Field("json", description="json for machines, console for people.")


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY__",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    public_url: str = Field(description="The origin that people and apps see. Scheme and host come from here only.")
    drain_timeout: Seconds = Field(20.0, description="Seconds that calls under way get to finish after a SIGTERM.")
    listen: Listener = Listener()
    operations: OperationsListener = OperationsListener()
    store: Store = Store()
    keys: Keys = Keys()
    applications: dict[Name, ApplicationSettings] = Field(description="Cronofy applications, by a name of your own.")
    clients: dict[Name, ClientSettings] = Field(description="Apps registered at this gateway, by client id.")
    sessions: SessionsSection = SessionsSection()
    rules: RulesSection = RulesSection()
    proxy: ProxySection = ProxySection()
    upstream: UpstreamSection = UpstreamSection()
    log: Log = Log()

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        return _as_origin(value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let variables win over the file, and nothing else speak."""
        return (env_settings, init_settings, TomlConfigSettingsSource(settings_cls))


def settings_from(data: dict[str, Any]) -> Settings:
    """Make settings from values, with the variables over them; for the demo and tests.

    Raises:
        pydantic.ValidationError: with every complaint.
    """
    return Settings(**data)


def _as_origin(value: str) -> str:
    """Return a URL as a bare origin; a path, query, user or fragment is a complaint."""
    url = _URL.validate_python(value)
    if url.path not in {None, "", "/"} or url.query or url.fragment or url.username:
        raise ValueError("write the origin only, such as https://gateway.example.com")
    host = url.host or ""
    port = "" if url.port in {None, 443 if url.scheme == "https" else 80} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"

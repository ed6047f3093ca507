"""The settings: a TOML file, `GATEWAY__…` variables over it, secrets from files where wished.

Each field's description is its documentation: what it does, and when not to touch it. Nothing that is a secret has a
usable default. `load_settings` collects every complaint before it gives up.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.config.clients import ApplicationSettings, ClientSettings
from gateway.config.values import HeaderName, Name, Port, Seconds, Section, as_origin
from gateway.rules.mode_limits import RuleState
from gateway.rules.operation_table import extra_operation
from gateway.rules.store_urls import complaint_about_store_url


class Listener(Section):
    """An address that the gateway answers on."""

    host: str = Field("127.0.0.1", description="Address to bind. 0.0.0.0 for all, as in a container.")
    port: Port = Field(8080, description="Port to bind; 0 takes a free one.")


class OperationsListener(Listener):
    """The address of health checks and metrics."""

    port: Port = Field(
        9080,
        description="Port of /healthz, /readyz and /metrics. Keep its host on loopback or a private network.",
    )


class EngineListener(Section):
    """The address where a web server in front asks whether a call may go; its answers hold access tokens."""

    host: str = Field(
        "127.0.0.1",
        description="Address of /check. Keep it on loopback or a private network: answers hold access tokens.",
    )
    port: Port | None = Field(
        None,
        description="Port of /check, for nginx, Envoy, Caddy or Traefik in front; none: there is no such listener.",
    )
    key: SecretStr | None = Field(
        None, description="What such a server shows in Gateway-Engine-Key: 32 characters or more, its own secret."
    )
    key_file: Path | None = Field(None, description="File with the key, instead of `key`.")


class Store(Section):
    """Where sealed records live."""

    url: SecretStr | None = Field(
        None,
        description="sqlite:///relative.db (default: sqlite:///cronofy-gateway.db), sqlite:////absolute/path.db,"
        " redis://…, rediss://…, postgresql://…, or memory: (lost at a restart).",
    )
    url_file: Path | None = Field(None, description="File with the URL, where it holds a password; instead of `url`.")
    ca_file: Path | None = Field(
        None, description="PEM file of further certificate authorities, for a Redis server's certificate."
    )
    timeout: Seconds = Field(2.0, description="Seconds after which a call to Redis or PostgreSQL counts as failed.")

    @field_validator("url")
    @classmethod
    def _known_engine(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (complaint := complaint_about_store_url(value.get_secret_value())):
            raise ValueError(complaint)
        return value


class Keys(Section):
    """The encryption keys, newest first."""

    ring: SecretStr | None = Field(
        None,
        description="Keys as `cronofy-gateway keys generate` prints them, separated by ';', newest first.",
    )
    ring_file: Path | None = Field(None, description="File with the keys, one per line; instead of `ring`.")


class RulesSection(Section):
    """How the rules that refuse calls by access mode are applied."""

    integrated_conferencing: RuleState = Field(
        RuleState.ENFORCE,
        description='profile_id "integrated" on restricted calendars: enforce, observe (let pass and count) or off.',
    )


class SessionsSection(Section):
    """Where sessions live, and how long; connections too."""

    shape: Literal["record", "cookie"] = Field(
        "record",
        description="record: in the store. cookie: sealed in the browser's cookie, tokens inside; for one process.",
    )
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


class ProxySection(Section):
    """The proxied path, /v1."""

    lane: bool = Field(
        default=True,
        description="Answer plain /v1 calls beside aiohttp's handler, at less cost; false: all by aiohttp.",
    )
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


class UpstreamSection(Section):
    """How Cronofy is reached."""

    connect_timeout: Seconds = Field(5.0, description="Seconds to connect to Cronofy, TLS included.")
    read_timeout: Seconds = Field(30.0, description="Seconds without a byte after which Cronofy counts as too slow.")
    connections: int = Field(200, ge=1, le=10_000, description="The most connections to Cronofy at one time.")
    lean: bool = Field(
        default=True,
        description="Use the gateway's own connections for proxied calls; false, or an egress_proxy: aiohttp's client.",
    )
    egress_proxy: str = Field("", pattern=r"^(https?://\S+)?$", description="HTTP proxy for calls to Cronofy.")
    ca_file: Path | None = Field(
        None, description="PEM file of further certificate authorities, such as a proxy's own."
    )


class CallbacksSection(Section):
    """What Cronofy tells about delegated accounts, and the gateway tells on to apps."""

    private_addresses: bool = Field(
        default=False,
        description="Post to apps on private, link-local and loopback addresses too. Every app's backend can then make"
        " the gateway post there. On without asking where public_url is on loopback.",
    )
    timeout: float = Field(
        4.0, gt=0, le=4.5, description="Seconds that an app has to take a callback; Cronofy waits for 5 in all."
    )


class Log(Section):
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
    workers: int = Field(1, ge=1, le=64, description="Processes that answer. Several need a store that they share.")
    listen: Listener = Listener()
    operations: OperationsListener = OperationsListener()
    engine: EngineListener = EngineListener()
    store: Store = Store()
    keys: Keys = Keys()
    applications: dict[Name, ApplicationSettings] = Field(description="Cronofy applications, by a name of your own.")
    clients: dict[Name, ClientSettings] = Field(
        default={}, description="Apps registered at this gateway, by client id; others may lie in the store."
    )
    sessions: SessionsSection = SessionsSection()
    rules: RulesSection = RulesSection()
    proxy: ProxySection = ProxySection()
    upstream: UpstreamSection = UpstreamSection()
    callbacks: CallbacksSection = CallbacksSection()
    log: Log = Log()

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        return as_origin(value)

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

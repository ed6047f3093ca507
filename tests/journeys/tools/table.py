"""Which clients were tried and with which calls: the journeys take their calls from here, and so does docs/clients.md.

A call that stands here is made by a test; one that fails there cannot be said here to pass.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.journeys.custody import CUSTODIES
from tests.journeys.sdks.calls import NODE_CALLS, PYTHON_CALLS

_ROOT: Final = Path(__file__).parents[3]

COLUMNS: Final = {
    "connect": "authorize",
    "exchange": "exchange_code",
    "refresh": "refresh_token",
    "call": "calendars",
    "paging": "read_events",
    "batch": "batch",
    "availability": "availability",
    "real-time scheduling": "create_real_time_scheduling",
    "bookable events": "create_bookable_event",
    "wrong secret": "wrong_secret",
    "revoke": "revoke_token",
}
"""Heads of the table, and the call that each stands for."""

_BEGINNING: Final = ("authorize", "exchange_code", "refresh_token", "calendars", "read_events", "batch", "availability")
_END: Final = ("wrong_secret", "revoke_token")

LIBRARY_CALLS: Final = (*_BEGINNING, *_END)

_REPLICA: Final = (*_BEGINNING, "create_real_time_scheduling", "upsert_and_delete")
REPLICA_CALLS: Final[dict[str, tuple[str, ...]]] = {
    "Ruby": (*_REPLICA, "empty_posts", *_END),
    "PHP": (*_REPLICA, "empty_arrays", "trailing_slash", *_END),
    "C#": (*_REPLICA, *_END),
    "omniauth-cronofy": ("authorize", "wrong_secret", "exchange_code", "calendars"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A client that was tried.

    Attributes:
        name: what it is called.
        version: the one that was tried, or whose source the replica copies.
        calls: what the journey makes.
        shows: how it shows the client's secret at the token endpoint.
        pointed: what is changed to point it at the gateway.
        missing: what is said of a call that it has not.
        is_replica: nothing of it runs; its requests are written anew.
    """

    name: str
    version: str
    calls: tuple[str, ...]
    shows: str
    pointed: str
    missing: str = "not in the SDK"
    is_replica: bool = False

    def result(self, call: str) -> str:
        """Return the table's word for a call."""
        return "passes" if call in self.calls else self.missing


def _from_pypi(name: str) -> str:
    locked = (_ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==(\S+)", locked, re.MULTILINE)
    assert found, f"{name} is not locked"
    return found.group(1)


def _from_npm(name: str) -> str:
    locked = _ROOT / "tests" / "journeys" / "sdks" / "node" / "package-lock.json"
    version: str = json.loads(locked.read_text(encoding="utf-8"))["packages"][f"node_modules/{name}"]["version"]
    return version


def _library(name: str, version: str, shows: str, pointed: str) -> Tool:
    return Tool(name=name, version=version, calls=LIBRARY_CALLS, shows=shows, pointed=pointed, missing="not its task")


def _replica(name: str, version: str, shows: str, pointed: str) -> Tool:
    calls = REPLICA_CALLS[name]
    return Tool(name=name, version=version, calls=calls, shows=shows, pointed=pointed, is_replica=True)


def tools() -> tuple[Tool, ...]:
    """Return every client that was tried, with the versions that are locked."""
    return (
        Tool(
            name="pycronofy (Python)",
            version=_from_pypi("pycronofy"),
            calls=PYTHON_CALLS,
            shows="JSON body",
            pointed="`client.request_handler.base_url = client.app_base_url = GATEWAY`",
        ),
        Tool(
            name="cronofy (Node)",
            version=_from_npm("cronofy"),
            calls=NODE_CALLS,
            shows="JSON body",
            pointed="`client.urls.api = GATEWAY`; the app writes the link itself",
        ),
        _library(
            "Authlib",
            _from_pypi("authlib"),
            "HTTP Basic",
            '`OAuth2Session(…).create_authorization_url(GATEWAY + "/oauth/authorize")`, '
            '`.fetch_token(GATEWAY + "/oauth/token", …)`',
        ),
        _library(
            "requests-oauthlib",
            _from_pypi("requests-oauthlib"),
            "HTTP Basic; form at a refresh",
            '`OAuth2Session(…).authorization_url(GATEWAY + "/oauth/authorize")`, '
            '`.fetch_token(GATEWAY + "/oauth/token", …)`; `OAUTHLIB_RELAX_TOKEN_SCOPE=1`',
        ),
        _library(
            "httpx-oauth",
            _from_pypi("httpx-oauth"),
            "form",
            '`BaseOAuth2(…, authorize_endpoint=GATEWAY + "/oauth/authorize", '
            'access_token_endpoint=GATEWAY + "/oauth/token", …)`',
        ),
        _library(
            "openid-client",
            _from_npm("openid-client"),
            "form",
            "`new Configuration({ issuer: GATEWAY, authorization_endpoint: …, token_endpoint: …, "
            "revocation_endpoint: … }, …)`",
        ),
        _library(
            "simple-oauth2",
            _from_npm("simple-oauth2"),
            "HTTP Basic",
            '`auth: { tokenHost: GATEWAY, revokePath: "/oauth/token/revoke" }`',
        ),
        _replica("Ruby", "0.41.2", "form", "`CRONOFY_API_URL=GATEWAY CRONOFY_APP_URL=GATEWAY`, and no `data_center`"),
        _replica("omniauth-cronofy", "0.14.0", "HTTP Basic", "the same two variables"),
        _replica(
            "PHP",
            "1.7.4",
            "JSON body",
            "`$cronofy->apiRootUrl = $cronofy->appRootUrl = GATEWAY;` and `$cronofy->hostDomain`",
        ),
        _replica("C#", "1.12.8", "JSON body", "its hosts are constants: by name and certificate, or by a proxy"),
    )


def custodies() -> str:
    """Return the custodies in which every journey was made."""
    return ", ".join(f"`{custody}`" for custody in CUSTODIES)

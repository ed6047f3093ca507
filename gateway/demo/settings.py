"""The demo's settings: one application at the emulator and the clients that outside tools may use."""

from pathlib import Path
from typing import Any, Final

from gateway.adapters.key_ring import generate_key
from gateway.demo.app_server import WEB_CLIENT

SDK_CLIENT: Final = "demo-sdk"
STRICT_CLIENT: Final = "demo-strict"
FREE_BUSY_CLIENT: Final = "demo-free-busy-only"
BROKER_CLIENT: Final = "demo-broker"

EXAMPLE_PAGE: Final = "http://127.0.0.1:8060"
"""Where examples/ticket-page is served; it signs in as the demo app's client."""


def demo_settings(
    *,
    folder: Path,
    public_url: str,
    gateway_port: int,
    operations_port: int,
    emulator_url: str,
    app_url: str,
    client_id: str,
    secret: str,
) -> dict[str, Any]:
    """Return the demo's settings as values; its key is made afresh and lives as long as the demo."""
    return {
        "public_url": public_url,
        "drain_timeout": 2,
        "listen": {"host": "127.0.0.1", "port": gateway_port},
        "operations": {"host": "127.0.0.1", "port": operations_port},
        "store": {"url": f"sqlite:///{folder / 'demo.db'}"},
        "keys": {"ring": generate_key()},
        "applications": {"demo": {"client_id": client_id, "client_secret": secret, "emulator_url": emulator_url}},
        "clients": {
            SDK_CLIENT: _client(SDK_CLIENT, "add"),
            STRICT_CLIENT: _client(STRICT_CLIENT, "reject"),
            FREE_BUSY_CLIENT: {
                **_client(FREE_BUSY_CLIENT, "add"),
                "accepted_modes": ["free_busy"],
                "on_other_mode": "refuse",
            },
            BROKER_CLIENT: {**_client(BROKER_CLIENT, "add"), "custody": "gateway", "service_door": True},
            WEB_CLIENT: {**_client(WEB_CLIENT, "add"), "origins": [app_url, EXAMPLE_PAGE], "home": f"{app_url}/"},
        },
    }


def _client(client_id: str, scope_policy: str) -> dict[str, Any]:
    return {
        "secrets": [secret_of(client_id)],
        "any_loopback_redirect": True,
        "redirect_uris": [],
        "scope_policy": scope_policy,
    }


def secret_of(client_id: str) -> str:
    """Return a demo client's secret: well known, so good for loopback addresses only."""
    return f"{client_id}-secret"

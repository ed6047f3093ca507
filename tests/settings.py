"""Settings that can be used, for tests to spoil."""

from typing import Any

from gateway.adapters.key_ring import generate_key


def good_settings(**changes: Any) -> dict[str, Any]:
    """Return settings of a public gateway without a complaint; top-level changes replace whole sections."""
    return {
        "public_url": "https://gateway.example.com",
        "listen": {"host": "0.0.0.0"},
        "keys": {"ring": generate_key()},
        "applications": {"main": {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop"}},
        "clients": {
            "app": {"secrets": ["app-secret-0123456789abcdef"], "redirect_uris": ["https://app.example.com/cb"]},
        },
        **changes,
    }

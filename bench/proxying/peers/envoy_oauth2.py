"""Envoy with its OAuth2 filter: session in cookies, the token attached."""

import base64
from typing import Any, Final

from bench.proxying.peer import WHOLE, Peer, Place
from bench.proxying.peers.envoy import envoy, typed
from bench.proxying.tokens import CLIENT_ID, CLIENT_SECRET, SCOPE
from bench.proxying.upstream import CALENDARS

_HMAC: Final = base64.b64encode(b"0123456789abcdef" * 2).decode()


def prepare(place: Place) -> Peer:
    """Write its configuration."""
    secrets = [
        {"name": "token", "generic_secret": {"secret": {"inline_string": CLIENT_SECRET}}},
        {"name": "hmac", "generic_secret": {"secret": {"inline_bytes": _HMAC}}},
    ]
    return envoy(
        place,
        title="Envoy, OAuth2 filter",
        job=WHOLE,
        sign_in=CALENDARS,
        filters=(_oauth2(place),),
        more={"secrets": secrets},
        statuses=frozenset({302}),
    )


def _oauth2(place: Place) -> dict[str, Any]:
    issuer = f"http://127.0.0.1:{place.issuer}"
    config = {
        "token_endpoint": {"cluster": "issuer", "uri": f"{issuer}/oauth/token", "timeout": "3s"},
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "redirect_uri": f"http://127.0.0.1:{place.port}/callback",
        "redirect_path_matcher": {"path": {"exact": "/callback"}},
        "signout_path": {"path": {"exact": "/signout"}},
        "forward_bearer_token": True,
        "auth_scopes": SCOPE.split(),
        "credentials": {
            "client_id": CLIENT_ID,
            "token_secret": {"name": "token"},
            "hmac_secret": {"name": "hmac"},
        },
    }
    return {"name": "envoy.filters.http.oauth2", "typed_config": typed("http.oauth2.v3.OAuth2", config=config)}

"""oauth2-proxy at a pinned version, built with Go where that is there."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

from bench.proxying.failures import Missing
from bench.proxying.peer import WHOLE, Peer, Place
from bench.proxying.processes import find
from bench.proxying.tokens import CLIENT_ID, CLIENT_SECRET, MODE, MODE_HEADER, SCOPE

VERSION: Final = "7.15.6"
_MODULE: Final = f"github.com/oauth2-proxy/oauth2-proxy/v7@v{VERSION}"
_CACHE: Final = Path(__file__).parents[2] / ".cache" / f"oauth2-proxy-{VERSION}"
_LONGEST_BUILD: Final = 900.0  # seconds


def prepare(place: Place) -> Peer:
    """Build it where that was not done, and write its configuration."""
    program = build()
    origin = f"http://127.0.0.1:{place.port}"
    alpha, plain = place.folder / "oauth2-proxy.json", place.folder / "oauth2-proxy.toml"
    alpha.write_text(json.dumps(_alpha(place), indent=1), encoding="utf-8")  # YAML reads JSON
    plain.write_text(
        f'cookie_secret = "0123456789abcdef0123456789abcdef"\nemail_domains = "*"\ncookie_secure = "false"\n'
        f'redirect_url = "{origin}/oauth2/callback"\nskip_provider_button = "true"\nrequest_logging = "false"\n'
        f'auth_logging = "false"\nstandard_logging = "false"\n',
        encoding="utf-8",
    )
    return Peer(
        title="oauth2-proxy",
        job=WHOLE,
        version=VERSION,
        words=(str(program), "--config", str(plain), "--alpha-config", str(alpha)),
        ready=(place.port, "/ping"),
    )


def build() -> Path:
    """Return the program; building takes some minutes, once.

    Raises:
        Missing: there is no Go, or it could not build.
    """
    program = _CACHE / "oauth2-proxy"
    if not program.is_file():
        go = find("go", "it builds oauth2-proxy")
        env = {**os.environ, "GOBIN": str(_CACHE), "GOFLAGS": "-buildvcs=false"}
        done = subprocess.run(  # noqa: S603  our own command
            [go, "install", _MODULE], env=env, capture_output=True, text=True, timeout=_LONGEST_BUILD, check=False
        )
        if done.returncode:
            raise Missing(f"Go could not build it ({done.stderr.strip().splitlines()[-1]})")
    return program


def _alpha(place: Place) -> dict[str, Any]:
    token = {"claimSource": {"claim": "access_token", "prefix": "Bearer "}}
    mode = {"secretSource": {"value": base64.b64encode(MODE.encode()).decode()}}
    return {
        "server": {"bindAddress": f"127.0.0.1:{place.port}"},
        "upstreamConfig": {
            "upstreams": [{"id": "cronofy", "path": "/", "uri": f"http://127.0.0.1:{place.upstream}"}],
        },
        "injectRequestHeaders": [{"name": "Authorization", "values": [token]}],
        "injectResponseHeaders": [{"name": MODE_HEADER, "values": [mode]}],
        "providers": [
            {
                "id": "bench",
                "provider": "oidc",
                "clientID": CLIENT_ID,
                "clientSecret": CLIENT_SECRET,
                "scope": f"openid email {SCOPE}",
                "oidcConfig": {
                    "issuerURL": f"http://127.0.0.1:{place.issuer}",
                    "audienceClaims": ["aud"],
                    "emailClaim": "email",
                },
            }
        ],
    }

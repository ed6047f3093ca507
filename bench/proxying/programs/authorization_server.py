"""Who lets everybody in: an OpenID provider and a Cronofy in one, and the far end of bodies that come in pieces.

`python -m bench.proxying.authorization_server PORT`. A code holds what its token needs, so nothing is remembered and a
load of sign-ins may make codes of its own.
"""

import asyncio
import base64
import json
import secrets
import sys
import time
from typing import Any, Final

import uvloop
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from yarl import URL

from bench.proxying.tokens import ACCOUNT, LIFETIME, SCOPE, new_access_token

_KEY: Final = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig", "alg": "RS256"})
_ISSUER: Final = web.AppKey("issuer", str)
_PROFILE: Final = {"provider_name": "google", "profile_id": "pro_bench", "profile_name": "bench@example.com"}
_PAUSE: Final = 0.02  # seconds between two pieces
_ANY_SIZE: Final = 2**40


async def _discovery(request: web.Request) -> web.Response:
    issuer = request.app[_ISSUER]
    return web.json_response(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "jwks_uri": f"{issuer}/oauth/keys",
            "userinfo_endpoint": f"{issuer}/v1/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )


async def _keys(_request: web.Request) -> web.Response:
    return web.json_response({"keys": [_KEY.as_dict(private=False)]})


async def _authorize(request: web.Request) -> web.Response:
    """Ask nobody, and send the browser back."""
    asked = request.query
    told = {"client_id": asked["client_id"], "nonce": asked.get("nonce", "")}
    code = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
    target = URL(asked["redirect_uri"]).update_query(code=code, state=asked["state"])
    return web.Response(status=302, headers={"Location": str(target)})


async def _token(request: web.Request) -> web.Response:
    """Answer as Cronofy does, with an ID token added."""
    fields: Any = await (request.json() if request.content_type == "application/json" else request.post())
    told = json.loads(base64.urlsafe_b64decode(fields["code"])) if "code" in fields else {}
    now = int(time.time())
    claims = {
        "iss": request.app[_ISSUER],
        "sub": ACCOUNT,
        "email": _PROFILE["profile_name"],
        "email_verified": True,
        "aud": told.get("client_id", ""),
        "iat": now,
        "exp": now + LIFETIME,
    } | ({"nonce": told["nonce"]} if told.get("nonce") else {})
    return web.json_response(
        {
            "token_type": "bearer",
            "access_token": new_access_token(),
            "refresh_token": secrets.token_urlsafe(32),
            "expires_in": LIFETIME,
            "scope": SCOPE,
            "account_id": ACCOUNT,
            "sub": ACCOUNT,
            "linking_profile": _PROFILE,
            **({"id_token": jwt.encode({"alg": "RS256", "kid": "bench"}, claims, _KEY)} if told else {}),
        }
    )


async def _userinfo(_request: web.Request) -> web.Response:
    profile = {**_PROFILE, "profile_calendars": [{"calendar_id": "cal_bench", "calendar_name": "Home"}]}
    data = {"profiles": [profile]}
    return web.json_response(
        {"sub": ACCOUNT, "email": _PROFILE["profile_name"], "cronofy.type": "account", "cronofy.data": data}
    )


async def _trickle(request: web.Request) -> web.StreamResponse:
    """Send lines, one after the other; each says when it was sent, by the clock that all processes share."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    for _ in range(int(request.match_info["pieces"])):
        await asyncio.sleep(_PAUSE)
        await response.write(b"%020d\n" % time.monotonic_ns())
    await response.write_eof()
    return response


async def _sink(request: web.Request) -> web.Response:
    """Take a body in and tell its size."""
    taken = 0
    async for piece in request.content.iter_any():
        taken += len(piece)
    return web.json_response({"bytes": taken})


def make_app(issuer: str) -> web.Application:
    """Make the application.

    Args:
        issuer: its own origin.
    """
    app = web.Application(client_max_size=_ANY_SIZE)
    app[_ISSUER] = issuer
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", _discovery),
            web.get("/oauth/keys", _keys),
            web.get("/oauth/authorize", _authorize),
            web.post("/oauth/token", _token),
            web.get("/v1/userinfo", _userinfo),
            web.get("/v1/bench_trickle/{pieces}", _trickle),
            web.post("/v1/bench_sink", _sink),
        ]
    )
    return app


def main(port: int) -> None:
    """Serve until ended."""
    uvloop.install()
    web.run_app(
        make_app(f"http://127.0.0.1:{port}"),
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=None,
        handle_signals=True,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""A gateway by the book: `python -m bench.proxying.programs.textbook PORT UPSTREAM ISSUER` (ports of this machine)."""

import secrets
import sys
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import aiohttp_session
import uvloop
from aiohttp import web
from aiohttp_session.cookie_storage import EncryptedCookieStorage
from yarl import URL

from bench.proxying.tokens import CLIENT_ID, CLIENT_SECRET, MODE, MODE_HEADER, SCOPE

_KEY: Final = b"0123456789abcdef0123456789abcdef"
_CLIENT: Final = web.AppKey("client", aiohttp.ClientSession)
_PORTS: Final = web.AppKey("ports", tuple[int, int, int])
_NOT_SENT: Final = frozenset({"host", "cookie", "connection"})
_NOT_ANSWERED: Final = frozenset({"connection", "transfer-encoding", "content-encoding"})


async def _login(request: web.Request) -> web.Response:
    port, _, issuer = request.app[_PORTS]
    session = await aiohttp_session.new_session(request)
    session["state"] = secrets.token_urlsafe(16)
    query = {"client_id": CLIENT_ID, "redirect_uri": f"http://127.0.0.1:{port}/callback", "scope": SCOPE}
    target = URL(f"http://127.0.0.1:{issuer}/oauth/authorize").with_query(**query, state=session["state"])
    return web.Response(status=302, headers={"Location": str(target)})


async def _callback(request: web.Request) -> web.Response:
    issuer = request.app[_PORTS][2]
    session = await aiohttp_session.get_session(request)
    if session.get("state") != request.query["state"]:
        raise web.HTTPBadRequest
    asked = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": request.query["code"]}
    async with request.app[_CLIENT].post(f"http://127.0.0.1:{issuer}/oauth/token", json=asked) as reply:
        tokens = await reply.json()
    fresh = await aiohttp_session.new_session(request)
    fresh["token"], fresh["mode"] = tokens["access_token"], MODE
    return web.Response(text="signed in")


async def _proxy(request: web.Request) -> web.StreamResponse:
    session = await aiohttp_session.get_session(request)
    if "token" not in session or request.headers.get("X-CSRF") != "1":
        raise web.HTTPUnauthorized
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_SENT}
    headers["Authorization"] = f"Bearer {session['token']}"
    url = f"http://127.0.0.1:{request.app[_PORTS][1]}{request.path_qs}"
    async with request.app[_CLIENT].request(
        request.method, url, headers=headers, data=await request.read() or None, allow_redirects=False
    ) as got:
        kept = {name: value for name, value in got.headers.items() if name.lower() not in _NOT_ANSWERED}
        response = web.StreamResponse(status=got.status, headers=kept)
        response.headers[MODE_HEADER] = session["mode"]
        await response.prepare(request)
        async for chunk in got.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def _ready(_request: web.Request) -> web.Response:
    return web.Response(text="ready")


async def _client(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        app[_CLIENT] = client
        yield


def main(port: int, upstream: int, issuer: int) -> None:
    """Serve until ended."""
    uvloop.install()
    app = web.Application()
    app[_PORTS] = port, upstream, issuer
    aiohttp_session.setup(app, EncryptedCookieStorage(_KEY))
    app.cleanup_ctx.append(_client)
    app.router.add_get("/ready", _ready)
    app.router.add_get("/login", _login)
    app.router.add_get("/callback", _callback)
    app.router.add_route("*", "/{rest:.*}", _proxy)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))

"""The public listener: one URL table."""

from typing import Final

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.typedefs import Handler
from aiohttp_session import session_middleware

from gateway.flows.sign_in import CALLBACK_PATH
from gateway.rules.authorize_request import PATHS, Connect
from gateway.rules.callback_urls import CALLBACK_PREFIX
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import SERVER
from gateway.rules.request_target import read_path
from gateway.web import (
    api,
    authorize,
    backend_connections,
    callbacks,
    explain,
    login,
    own_sessions,
    session,
    token,
)
from gateway.web.bodies import CONTINUE
from gateway.web.browser import LOGIN_PATH
from gateway.web.cors import let_pages_read, preflights
from gateway.web.keys import DOORS, PublicDoors
from gateway.web.request_log import request_log

_VERSIONS: Final = frozenset({HttpVersion10, HttpVersion11})


def make_public_app(doors: PublicDoors) -> web.Application:
    """Return the application of the public listener."""
    sessions = session_middleware(doors.browser.storage)
    app = web.Application(middlewares=[request_log, plain_targets, preflights, sessions])
    app[DOORS] = doors
    app.router.add_get(PATHS[Connect.INDIVIDUAL], authorize.individual)
    app.router.add_get(PATHS[Connect.ENTERPRISE], authorize.enterprise)
    app.router.add_post("/oauth/token", token.exchange, expect_handler=expect_later)
    app.router.add_post("/oauth/token/revoke", token.revoke, expect_handler=expect_later)
    app.router.add_route("*", "/v1/{rest:.*}", api.proxied, expect_handler=expect_later)
    app.router.add_get(LOGIN_PATH, login.login, allow_head=False)
    app.router.add_get(CALLBACK_PATH, login.callback, allow_head=False)
    app.router.add_get("/auth/session", session.session_info)
    app.router.add_get("/auth/sessions", own_sessions.list_sessions)
    app.router.add_delete("/auth/sessions/{id:.*}", own_sessions.end_session, expect_handler=expect_later)
    app.router.add_get("/auth/connections", backend_connections.list_connections)
    app.router.add_get("/auth/connections/{sub:.*}", backend_connections.show_connection)
    app.router.add_delete("/auth/connections/{sub:.*}", backend_connections.end_connection, expect_handler=expect_later)
    app.router.add_post("/auth/logout", session.logout, expect_handler=expect_later)
    app.router.add_post("/auth/reconnect", session.reconnect, expect_handler=expect_later)
    app.router.add_post("/auth/explain", explain.explain, expect_handler=expect_later)
    app.router.add_post("/auth/ticket", session.ticket, expect_handler=expect_later)
    app.router.add_post("/auth/tickets/redeem", session.redeem_ticket, expect_handler=expect_later)
    app.router.add_post(CALLBACK_PREFIX + "{secret}", callbacks.take, expect_handler=expect_later)
    app.router.add_get("/robots.txt", robots)
    app.on_response_prepare.append(name_server)
    app.on_response_prepare.append(let_pages_read)
    return app


@web.middleware
async def plain_targets(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what two readers could understand differently, before any route counts."""
    if request.version not in _VERSIONS or request.method == "CONNECT":
        # Whoever sent it may read what follows on this connection in another way (CVE-2026-71324).
        raise RequestRefused(Code.MALFORMED_REQUEST, "Send a plain HTTP/1.1 request.", headers={"Connection": "close"})
    path, _, query = request.raw_path.partition("?")
    read_path(path)
    if "#" in query:
        # A browser that is redirected with it would cut off what follows.
        raise RequestRefused(Code.BAD_TARGET, "The request target holds a fragment.")
    return await handler(request)


async def expect_later(request: web.Request) -> None:
    """Leave `100 Continue` to whoever reads the body, so that the body of a refused call is not asked for.

    Raises:
        HTTPExpectationFailed: something else is expected; no middleware sees it, the quiet server answers.
    """
    if ", ".join(request.headers.getall("Expect")).lower() != CONTINUE:
        raise web.HTTPExpectationFailed


async def robots(_request: web.Request) -> web.Response:
    """Keep search engines out."""
    return web.Response(text="User-agent: *\nDisallow: /\n")


async def name_server(_request: web.Request, response: web.StreamResponse) -> None:
    """Name the gateway and no version where aiohttp would name its own and Python's."""
    if response.headers.get("Server") == SERVER_SOFTWARE:
        response.headers["Server"] = SERVER

"""The engine listener: `/check`, where a web server in front asks whether a call may go, and with which token.

Two kinds of servers ask. One puts `/check` before the target of the call and names its method in
`Gateway-Checked-Method` (nginx), or asks with the method itself (Envoy). The other asks at `/check` alone and names
both in `X-Forwarded-Method` and `X-Forwarded-Uri` (Caddy, Traefik). Whoever asks shows the engine's key, since the
answer holds an access token; it also has to replace what a client says in those headers.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.flows.checks import Checks, UnseenBody
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import CHECKED_METHOD, ENGINE_KEY, REQUEST_ID
from gateway.rules.request_target import read_target
from gateway.web.api import Call, for_whom, pairs_of
from gateway.web.browser import SignedIn
from gateway.web.cors import readable
from gateway.web.keys import DOORS, FACTS, PublicDoors
from gateway.web.public import expect_later, name_server
from gateway.web.request_log import check_log

CHECK: Final = "/check"
FORWARDED_METHOD: Final = "X-Forwarded-Method"
FORWARDED_URI: Final = "X-Forwarded-Uri"
_API: Final = "/v1/"

CHECKS: Final = web.AppKey("checks", Checks)
KEY: Final = web.AppKey("engine_key", str)
TARGET: Final = web.RequestKey("checked_target", str)


def make_engine_app(doors: PublicDoors, key: str, follow_clients: Callable[[], Awaitable[None]]) -> web.Application:
    """Return the application of the engine listener.

    Args:
        doors: the stories.
        key: what an engine shows.
        follow_clients: takes over which clients there are now.
    """
    app = web.Application(middlewares=[_close_behind_bodies, check_log])
    app[DOORS], app[KEY], app[CHECKS] = doors, key, Checks(doors.proxy, follow_clients)
    # One route: the raw target is the question, and a router would make it normal first.
    app.router.add_route("*", "/{any:.*}", check, expect_handler=expect_later)
    app.on_response_prepare.append(name_server)
    app.on_response_prepare.append(_let_pages_read)
    return app


async def check(request: web.Request) -> web.Response:
    """Answer whether a call may go: 200 with the token, or what the public listener would answer.

    Raises:
        GatewayError: it may not go.
    """
    _require_key(request)
    method, target = _asked(request)
    request[TARGET] = target
    read_target(target)
    if not target.startswith(_API):
        raise RequestRefused(Code.NOT_FOUND, "An engine carries calls to /v1 only.")
    doors, facts, checks = request.app[DOORS], request[FACTS], request.app[CHECKS]
    await checks.follow_clients()
    pairs = [pair for pair in pairs_of(request) if pair[0].lower() != ENGINE_KEY.lower()]

    async def find(client: Client) -> SignedIn | None:
        return await doors.browser.signed_in(client, request.headers, from_store=True)

    call = Call(method, target, request.headers, pairs, UnseenBody())
    allowed = await for_whom(call, doors, facts, checks.judge, find)
    return web.Response(
        headers={
            "Authorization": f"Bearer {allowed.bearer}",
            doors.proxy.answers.settings.mode_header: allowed.mode,
            REQUEST_ID: facts.request_id,
            "Cache-Control": "no-store",
        }
    )


def _require_key(request: web.Request) -> None:
    shown = request.headers.getall(ENGINE_KEY, [])
    offered = shown[0] if len(shown) == 1 else ""
    # As bytes: a header may hold what is no ASCII.
    if not hmac.compare_digest(offered.encode("utf-8", "surrogateescape"), request.app[KEY].encode()):
        raise RequestRefused(Code.ENGINE_KEY_REFUSED, f"Send the engine's key in {ENGINE_KEY}, once.")


def _asked(request: web.Request) -> tuple[str, str]:
    """Return method and raw target of the call that is asked about.

    Raises:
        RequestRefused: it is not said, said twice or in both ways, or this is no question.
    """
    path, raw = request.raw_path.partition("?")[0], request.raw_path
    if raw == CHECK:
        if CHECKED_METHOD in request.headers:
            raise _unclear(f"{CHECKED_METHOD} goes with the target behind {CHECK}.")
        return _one(request, FORWARDED_METHOD), _one(request, FORWARDED_URI)
    if not path.startswith(f"{CHECK}/"):
        raise RequestRefused(Code.NOT_FOUND, f"This listener answers {CHECK} only.")
    method = _one(request, CHECKED_METHOD) if CHECKED_METHOD in request.headers else request.method
    return method, raw.removeprefix(CHECK)


def _one(request: web.Request, name: str) -> str:
    values = request.headers.getall(name, [])
    if len(values) != 1 or not values[0]:
        raise _unclear(f"Send {name} once.")
    return values[0]


def _unclear(public: str) -> RequestRefused:
    return RequestRefused(Code.INVALID_REQUEST, public)


@web.middleware
async def _close_behind_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Use no connection again on which a body was announced: the next question could be taken for that body."""
    response = await handler(request)
    if request.can_read_body:
        response.force_close()
    return response


async def _let_pages_read(request: web.Request, response: web.StreamResponse) -> None:
    if target := request.get(TARGET):
        readable(request.headers, target, response.headers, request.app[DOORS])

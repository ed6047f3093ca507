"""What pages of registered origins may read, and their preflights.

A preflight is answered for an origin that any client registered; a call itself is judged against its own client.
"""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from gateway.rules.browser_calls import preflight_headers, readable_headers
from gateway.web.keys import DOORS, FACTS

_PREFIXES: Final = ("/v1/", "/auth/")


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a preflight of a registered origin; others take their way to a 405."""
    is_preflight = request.method == hdrs.METH_OPTIONS and "Access-Control-Request-Method" in request.headers
    if is_preflight and (origin := _registered_origin(request)):
        request[FACTS].call.operation = "preflight"
        return web.Response(status=204, headers=preflight_headers(origin))
    return await handler(request)


async def let_pages_read(request: web.Request, response: web.StreamResponse) -> None:
    """Add what lets a registered origin's page read an answer; runs before the head is sent."""
    if not request.path.startswith(_PREFIXES):
        return
    varies = ",".join(response.headers.getall("Vary", []))
    if "origin" not in {name.strip().lower() for name in varies.split(",")}:
        response.headers.add("Vary", "Origin")
    if origin := _registered_origin(request):
        response.headers.update(readable_headers(origin, request.app[DOORS].proxy.answers.settings.mode_header))


def _registered_origin(request: web.Request) -> str:
    """Return the request's origin where any client registered it; else an empty string."""
    origins = request.headers.getall("Origin", [])
    if len(origins) != 1 or not request.path.startswith(_PREFIXES):
        return ""
    return origins[0] if origins[0] in request.app[DOORS].registry.origins else ""

"""What pages of registered origins may read, and their preflights.

A preflight is answered for an origin that any client registered; a call itself is judged against its own client.
"""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiMapping, MutableMultiMapping

from gateway.rules.browser_calls import preflight_headers, readable_headers
from gateway.web.keys import DOORS, FACTS, PublicDoors

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
    readable(request.headers, response.headers, request.app[DOORS])


def readable(asked: MultiMapping[str], answered: MutableMultiMapping[str], doors: PublicDoors) -> None:
    """Add to an answer's headers what lets a registered origin's page read it, and that others may not keep it."""
    varies = ",".join(answered.getall("Vary", []))
    if "origin" not in {name.strip().lower() for name in varies.split(",")}:
        answered.add("Vary", "Origin")
    if origin := _registered(asked, doors):
        answered.update(readable_headers(origin, doors.proxy.answers.settings.mode_header))


def _registered_origin(request: web.Request) -> str:
    """Return the request's origin where any client registered it; else an empty string."""
    return _registered(request.headers, request.app[DOORS]) if request.path.startswith(_PREFIXES) else ""


def _registered(asked: MultiMapping[str], doors: PublicDoors) -> str:
    origins = asked.getall("Origin", [])
    return origins[0] if len(origins) == 1 and origins[0] in doors.registry.origins else ""

"""What pages of registered origins may read, and their preflights.

A preflight is answered for an origin that any client registered; a call itself is judged against its own client.

A call with an element token in its query is another matter than one by cookie: its page may be of another site, and is
told that no credentials go with it, so that a browser keeps its cookies back.
"""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from gateway.rules.browser_calls import preflight_headers, readable_headers
from gateway.rules.element_tokens import (
    element_preflight_headers,
    element_readable_headers,
    names_element_token,
)
from gateway.web.keys import DOORS, FACTS

_PREFIXES: Final = ("/v1/", "/auth/")


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a preflight of a registered origin; others take their way to a 405."""
    is_preflight = request.method == hdrs.METH_OPTIONS and "Access-Control-Request-Method" in request.headers
    if is_preflight and (origin := _registered_origin(request)):
        request[FACTS].call.operation = "preflight"
        answer = element_preflight_headers if _is_element(request) else preflight_headers
        return web.Response(status=204, headers=answer(origin))
    return await handler(request)


async def let_pages_read(request: web.Request, response: web.StreamResponse) -> None:
    """Add what lets a registered origin's page read an answer; runs before the head is sent."""
    if not request.path.startswith(_PREFIXES):
        return
    varies = ",".join(response.headers.getall("Vary", []))
    if "origin" not in {name.strip().lower() for name in varies.split(",")}:
        response.headers.add("Vary", "Origin")
    if origin := _registered_origin(request):
        readable = element_readable_headers if _is_element(request) else readable_headers
        response.headers.update(readable(origin, request.app[DOORS].proxy.answers.settings.mode_header))


def _registered_origin(request: web.Request) -> str:
    """Return the request's origin where any client registered it; else an empty string."""
    origins = request.headers.getall("Origin", [])
    if len(origins) != 1 or not request.path.startswith(_PREFIXES):
        return ""
    registry = request.app[DOORS].registry
    known = registry.element_origins if _is_element(request) else registry.page_origins
    return origins[0] if origins[0] in known else ""


def _is_element(request: web.Request) -> bool:
    return request.path.startswith("/v1/") and names_element_token(request.raw_path.partition("?")[2])

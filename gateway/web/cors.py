"""What pages of registered origins may read, and their preflights.

A preflight is answered for an origin that any client registered; a call itself is judged against its own client.

A call with an element token in its query is another matter than one by cookie: its page may be of another site, and is
told that no credentials go with it, so that a browser keeps its cookies back.
"""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiMapping, MutableMultiMapping

from gateway.rules.browser_calls import preflight_headers, readable_headers
from gateway.rules.element_tokens import (
    element_preflight_headers,
    element_readable_headers,
    names_element_token,
)
from gateway.web.keys import DOORS, FACTS, PublicDoors

_PREFIXES: Final = ("/v1/", "/auth/")


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a preflight of a registered origin; others take their way to a 405."""
    is_preflight = request.method == hdrs.METH_OPTIONS and "Access-Control-Request-Method" in request.headers
    if is_preflight and (origin := _registered_origin(request)):
        request[FACTS].call.operation = "preflight"
        answer = element_preflight_headers if _is_element(request.raw_path) else preflight_headers
        return web.Response(status=204, headers=answer(origin))
    return await handler(request)


async def let_pages_read(request: web.Request, response: web.StreamResponse) -> None:
    """Add what lets a registered origin's page read an answer; runs before the head is sent."""
    if not request.path.startswith(_PREFIXES):
        return
    readable(request.headers, request.raw_path, response.headers, request.app[DOORS])


def readable(asked: MultiMapping[str], raw_path: str, answered: MutableMultiMapping[str], doors: PublicDoors) -> None:
    """Add to an answer's headers what lets a registered origin's page read it, and that others may not keep it."""
    varies = ",".join(answered.getall("Vary", []))
    if "origin" not in {name.strip().lower() for name in varies.split(",")}:
        answered.add("Vary", "Origin")
    if origin := _registered(asked, raw_path, doors):
        allowed = element_readable_headers if _is_element(raw_path) else readable_headers
        answered.update(allowed(origin, doors.proxy.answers.settings.mode_header))


def _registered_origin(request: web.Request) -> str:
    """Return the request's origin where any client registered it; else an empty string."""
    if not request.path.startswith(_PREFIXES):
        return ""
    return _registered(request.headers, request.raw_path, request.app[DOORS])


def _registered(asked: MultiMapping[str], raw_path: str, doors: PublicDoors) -> str:
    origins = asked.getall("Origin", [])
    known = doors.registry.element_origins if _is_element(raw_path) else doors.registry.page_origins
    return origins[0] if len(origins) == 1 and origins[0] in known else ""


def _is_element(raw_path: str) -> bool:
    path, _, query = raw_path.partition("?")
    return path.startswith("/v1/") and names_element_token(query)

"""What happens around every request: noting it, gzip, ordered faults, refusals as JSON. Outermost first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.emulator.answers import answer
from gateway.emulator.refusals import RefusalError
from gateway.emulator.state import STATE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WORTH_PACKING: Final = 1024  # bytes


@web.middleware
async def note_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the request on the list that the control API shows."""
    response = await handler(request)
    request.app[STATE].requests.add(request, response.status)
    return response


@web.middleware
async def pack(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with gzip where it was asked for and pays."""
    response = await handler(request)
    body = response.body if isinstance(response, web.Response) else None
    if isinstance(body, bytes) and len(body) > _WORTH_PACKING:
        response.headers["Vary"] = "Accept-Encoding"
        if _takes_gzip(request.headers.get("Accept-Encoding", "")):
            response.enable_compression(web.ContentCoding.gzip)
    return response


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals, unknown paths and wrong methods with JSON."""
    try:
        return await handler(request)
    except RefusalError as refused:
        response = answer(refused.body, refused.status)
        response.headers.update(refused.headers)
    except web.HTTPNotFound:
        response = answer({"error": "not_found"}, 404)
    except web.HTTPMethodNotAllowed as error:
        response = answer({"error": "method_not_allowed"}, 405)
        response.headers["Allow"] = error.headers["Allow"]
    except web.HTTPRequestEntityTooLarge:
        response = answer({"error": "payload_too_large"}, 413)
    return response


@web.middleware
async def fail_on_order(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Be slow or fail if that was ordered for this path, before or after the request is carried out."""
    fault = request.app[STATE].faults.take(request.path)
    if fault is None:
        return await handler(request)
    done = await handler(request) if fault.when == "after" else None
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.status is not None:
        return answer({"error": "ordered_fault"}, fault.status)
    return done if done is not None else await handler(request)


# Refusals become answers inside of ordered faults: a refused request was carried out too, and its answer can be late.
MIDDLEWARES: Final = (note_request, pack, fail_on_order, refuse)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, _, quality = part.strip().lower().partition(";")
        if coding.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False

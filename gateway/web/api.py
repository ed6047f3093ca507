"""`/v1/…`: the handler that carries a call through the proxy's story and streams the answer back."""

from aiohttp import web

from gateway.flows.ports import UpstreamReply
from gateway.flows.proxy import Answer, Incoming
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import Pairs
from gateway.web.bodies import AiohttpBody
from gateway.web.keys import DOORS, FACTS

_NO_BODY = frozenset({204, 304})


async def proxied(request: web.Request) -> web.StreamResponse:
    """Answer a call on Cronofy's API.

    Raises:
        GatewayError: nothing was answered yet; the middleware does it.
    """
    facts, doors = request[FACTS], request.app[DOORS]
    body = AiohttpBody(request, doors.max_body_bytes)
    body.refuse_early()
    incoming = Incoming(request.method, request.raw_path, _pairs(request), body, facts.request_id)
    try:
        answer = await doors.proxy.call(incoming, facts.call)
    except CronofyUnavailable:
        if body.overflowed:
            raise RequestRefused(
                Code.BODY_TOO_LARGE, f"The body is larger than {doors.max_body_bytes} bytes."
            ) from None
        if body.broken:
            raise RequestRefused(Code.MALFORMED_REQUEST, "The body is not framed as its headers say.") from None
        raise
    if answer.streamed is None:
        return _whole(answer)
    try:
        return await _stream(request, answer, answer.streamed)
    finally:
        answer.streamed.close()


def _pairs(request: web.Request) -> Pairs:
    return [
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in request.raw_headers
    ]


def _whole(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    _set_headers(response, answer.headers)
    return response


async def _stream(request: web.Request, answer: Answer, upstream: UpstreamReply) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status)
    _set_headers(response, answer.headers)
    length = next((value for name, value in upstream.headers if name.lower() == "content-length"), None)
    if length is not None and length.isdecimal() and answer.status not in _NO_BODY:
        response.content_length = int(length)
    await response.prepare(request)
    if request.method == "HEAD" or answer.status in _NO_BODY:
        return response
    try:
        async for chunk in upstream.chunks():
            await response.write(chunk)
    except CronofyUnavailable as error:
        # Returning would turn a cut body into a complete 200.
        request[FACTS].code = str(error.code)
        request.app[DOORS].metrics.upstream_failures.labels(error.code).inc()
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None
    await response.write_eof()
    return response


def _set_headers(response: web.StreamResponse, pairs: Pairs) -> None:
    response.headers.clear()
    for name, value in pairs:
        response.headers.add(name, value)

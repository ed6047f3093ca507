"""The outermost middleware: a request id, one canonical log line, the metrics, and no error that escapes.

Nothing of the request itself is logged but its method and the operation it was matched to: paths and queries can hold
codes, tokens and addresses.
"""

import re
import secrets
import time
from typing import Final, Protocol

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.observe import events
from gateway.observe.log import write_line
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError, RequestRefused
from gateway.rules.headers import REQUEST_ID
from gateway.web.keys import DOORS, FACTS, RequestFacts
from gateway.web.problem import refusal, shape_of

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOT_FOUND: Final = 404
_METHOD_NOT_ALLOWED: Final = 405
_TOO_LARGE: Final = 413

_log = structlog.get_logger()


class Finish(Protocol):
    """Writes a line and counts."""

    def __call__(self, facts: RequestFacts, metrics: Metrics, *, method: str, status: int) -> None:
        """Finish with a request."""


@web.middleware
async def request_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request and write its line."""
    return await _logged(request, handler, finish)


@web.middleware
async def check_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an engine's question and write its line."""
    return await _logged(request, handler, finish_check)


async def _logged(request: web.Request, handler: Handler, finish: Finish) -> web.StreamResponse:
    metrics = request.app[DOORS].metrics
    facts = request[FACTS] = begin(request.headers.get(REQUEST_ID, ""), metrics)
    status = 0
    try:
        response = await _answer(request, handler, facts)
        if not response.prepared:
            # Here, so that a refusal carries refreshed tokens too; a streamed answer has done so before its head.
            await request.app[DOORS].browser.storage.carry(request, response)
        status = response.status
    finally:
        # status 0: the client left, or the answer broke off after its head.
        finish(facts, metrics, method=request.method, status=status)
    return response


def begin(offered: str, metrics: Metrics) -> RequestFacts:
    """Begin with a request.

    Args:
        offered: the caller's own id for it, taken over where it is a plain one.
        metrics: counts it.
    """
    metrics.in_flight.inc()
    return RequestFacts(offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(12), time.perf_counter())


def finish(facts: RequestFacts, metrics: Metrics, *, method: str, status: int) -> None:
    """Write a request's line, and count it."""
    metrics.in_flight.dec()
    seconds = time.perf_counter() - facts.started_at
    metrics.count_request(facts.call.operation, str(status), facts.call.client, seconds)
    _write(events.REQUEST_FINISHED, facts, seconds, method=method, status=status)


def finish_check(facts: RequestFacts, metrics: Metrics, *, method: str, status: int) -> None:
    """Write the line of an engine's question, and count it apart from requests."""
    metrics.in_flight.dec()
    metrics.checks.labels(facts.call.operation, facts.code or "allowed", facts.call.client).inc()
    _write(events.CHECK_FINISHED, facts, time.perf_counter() - facts.started_at, method=method, status=status)


def _write(event: str, facts: RequestFacts, seconds: float, *, method: str, status: int) -> None:
    call = facts.call
    write_line(
        event,
        request_id=facts.request_id,
        method=method if method in _METHODS else "other",
        operation=call.operation,
        status=status,
        ms=round(seconds * 1000, 1),
        client=call.client,
        mode=call.mode,
        error=facts.code,
    )


async def _answer(request: web.Request, handler: Handler, facts: RequestFacts) -> web.StreamResponse:
    shape = shape_of(request.path)
    try:
        response = await handler(request)
        if not response.prepared:
            response.headers[REQUEST_ID] = facts.request_id
        return response
    except ConnectionError:
        raise  # the client is gone: there is nobody to answer
    except Exception as caught:  # noqa: BLE001  the last line: no traceback may reach a client
        error = note_failure(caught, facts, request.app[DOORS].metrics)
    answer = refusal(error, request_id=facts.request_id, shape=shape)
    if error.headers.get("Connection") == "close":
        answer.force_close()  # the header alone would leave it open
    return answer


def note_failure(caught: Exception, facts: RequestFacts, metrics: Metrics) -> GatewayError:
    """Return what a request that failed is answered with, and count and log it."""
    if isinstance(caught, GatewayError):
        error = caught
    elif isinstance(caught, web.HTTPException):
        error = _known(caught)
    elif isinstance(caught, web.RequestPayloadError):
        error = RequestRefused(Code.MALFORMED_REQUEST, "The request's body is not framed as its headers say.")
    else:
        # Only where it happened: the exception's text may quote the request.
        _log.error(
            events.REQUEST_FAILED, request_id=facts.request_id, error=type(caught).__name__, place=_place(caught)
        )
        error = GatewayError(Code.INTERNAL_ERROR, "The gateway failed on this request; its log has the reason.")
    facts.code = str(error.code)
    metrics.refusals.labels(facts.code).inc()
    if error.detail:
        _log.info(events.REQUEST_REFUSED, request_id=facts.request_id, code=facts.code, detail=error.detail)
    return error


def _known(caught: web.HTTPException) -> GatewayError:
    if caught.status == _METHOD_NOT_ALLOWED:
        allow = caught.headers.get("Allow", "")
        return RequestRefused(Code.METHOD_NOT_ALLOWED, f"This path takes {allow}.", headers={"Allow": allow})
    if caught.status == _TOO_LARGE:
        return RequestRefused(Code.BODY_TOO_LARGE, "The body is larger than this gateway reads.")
    if caught.status == _NOT_FOUND:
        return RequestRefused(Code.NOT_FOUND, "This gateway serves nothing at this path.")
    return GatewayError(Code.INTERNAL_ERROR, "The gateway failed on this request.", detail=f"status {caught.status}")


def _place(error: BaseException) -> str:
    """Return file and line of each frame, without a word of what was in them."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(frames[-8:])

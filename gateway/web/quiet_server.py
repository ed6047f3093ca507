"""An aiohttp server that says nothing about a malformed request but that it was one.

aiohttp answers a request it cannot parse with the bad line in the body, and logs it with a traceback: a Bearer or a
cookie in that line would reach the client's error page and the log. Here the body is fixed and the log has the kind of
the error only.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.headers import GATEWAY_ERROR, REQUEST_ID, SERVER
from gateway.web.lane.protocol import Calls, Lane
from gateway.web.taking import Taking, step_of

MAX_LINE_BYTES: Final = 16_384  # an authorize URL with a long state
MAX_FIELD_BYTES: Final = 16_384
MAX_HEADERS: Final = 100
_CLIENT_ERROR: Final = range(400, 500)
# A client that was let in just before the end has its first request on the way. A second is many round trips.
_FIRST_REQUEST: Final = 1.0
_STEP: Final = 0.01

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_log = structlog.get_logger()


class QuietHandler(RequestHandler):
    """A connection whose error path is ours."""

    metrics: Metrics | None = None
    has_spoken = False
    is_ending = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  aiohttp's signature
        super().__init__(*args, **kwargs)
        self._taking = Taking()

    def data_received(self, data: bytes) -> None:
        """Note that the client has sent something."""
        self.has_spoken = True
        super().data_received(data)

    def close(self) -> None:
        """End with the answer that is under way."""
        self.is_ending = True
        super().close()

    def pause_writing(self) -> None:
        """Note that the client takes no more for now."""
        super().pause_writing()
        self._taking.pause(asyncio.get_running_loop().time())

    def resume_writing(self) -> None:
        """Note that it takes more again."""
        super().resume_writing()
        self._taking.resume()

    def stalled(self, now: float, timeout: float) -> asyncio.Transport | None:
        """Return the transport if the client has taken nothing of its answer for so many seconds."""
        transport = self.transport
        return transport if transport is not None and self._taking.has_stalled(transport, now, timeout) else None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  it may quote the request
    ) -> web.StreamResponse:
        """Answer what could not be parsed, or what failed outside of the middleware."""
        malformed = status in _CLIENT_ERROR
        if self.metrics is not None and malformed:
            self.metrics.malformed.inc()
        response = _fixed_answer(Code.MALFORMED_REQUEST if malformed else Code.INTERNAL_ERROR, exc)
        if request.writer.output_size > 0:
            raise ConnectionResetError
        return response

    def log_exception(self, *_args: Any, **kwargs: Any) -> None:  # noqa: ANN401  aiohttp's signature
        """Log the kind of an error; aiohttp would write the traceback with the request in it."""
        error = kwargs.get("exc_info")
        _log.warning(events.REQUEST_FAILED, error=type(error).__name__ if isinstance(error, BaseException) else "")

    def log_debug(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401  aiohttp's signature
        """Write nothing: aiohttp's debug lines quote requests."""


def _fixed_answer(code: Code, error: BaseException | None) -> web.Response:
    """Log the kind of an error and return an answer that has nothing of the request in it."""
    request_id = secrets.token_hex(12)
    event = events.REQUEST_MALFORMED if code is Code.MALFORMED_REQUEST else events.REQUEST_FAILED
    _log.info(event, request_id=request_id, error=type(error).__name__ if error else "")
    meaning = MEANINGS[code]
    body = {
        "type": "about:blank",
        "title": meaning.title,
        "status": meaning.status,
        "detail": meaning.way_out,
        "code": str(code),
        "request_id": request_id,
    }
    response = web.Response(
        status=meaning.status,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
        headers={GATEWAY_ERROR: str(code), REQUEST_ID: request_id, "Cache-Control": "no-store", "Server": SERVER},
    )
    response.force_close()
    return response


def _without_echo(handle: Handle) -> Handle:
    """Answer aiohttp's 417 in our words: it quotes the Expect header, and is raised before any middleware runs."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handle(request)
        except web.HTTPExpectationFailed as error:
            return _fixed_answer(Code.MALFORMED_REQUEST, error)

    return answer


async def _say_that_it_ends(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the client that no further request is read; aiohttp would close the connection without a word."""
    if isinstance(request.protocol, QuietHandler) and request.protocol.is_ending:
        response.force_close()
        response.headers["Connection"] = "close"


def _is_silent(connection: RequestHandler) -> bool:
    return isinstance(connection, QuietHandler) and not connection.has_spoken


class QuietServer(web.Server):
    """A server whose connections are quiet."""

    metrics: Metrics | None = None
    calls: Calls | None = None
    write_timeout = 60.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  aiohttp's signature
        super().__init__(*args, **kwargs)
        self._lanes: set[Lane] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> asyncio.Protocol:  # type: ignore[override]  # a lane, until it wants to be aiohttp's
        """Return the protocol of a new connection."""
        return self.make_plain() if self.calls is None else Lane(self, self.calls)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Note a connection of aiohttp's own."""
        super().connection_made(handler, transport)
        if self._timer is None:
            self._look()

    def opened(self, lane: Lane) -> None:
        """Note a lane's connection."""
        self._lanes.add(lane)
        if self._timer is None:
            self._look()

    def ended(self, lane: Lane) -> None:
        """Forget a lane's connection, which is closed or aiohttp's."""
        self._lanes.discard(lane)

    def _look(self) -> None:
        """Look after the connections once a second: one timer for all of them."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for lane in list(self._lanes):
            lane.look(now)
        for handler in self.connections:
            if isinstance(handler, QuietHandler) and (transport := handler.stalled(now, self.write_timeout)):
                self.cut_off(transport)
        lives = self._lanes or self.connections
        self._timer = loop.call_later(step_of(self.write_timeout), self._look) if lives else None

    def cut_off(self, transport: asyncio.WriteTransport) -> None:
        """Cut a connection whose client takes nothing of its answer; whoever answers it is told that it has left."""
        _log.info(events.ANSWER_STALLED, seconds=self.write_timeout)
        if self.metrics is not None:
            self.metrics.stalled_answers.inc()
        transport.abort()  # what is left is not waited for, where it was to close after that

    def pre_shutdown(self) -> None:
        """Close what is idle, lanes included."""
        super().pre_shutdown()
        for lane in list(self._lanes):
            lane.end_soon()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  aiohttp's signature
        """Let calls under way end, for so many seconds."""
        until = asyncio.get_running_loop().time() + (timeout or 0.0)
        await super().shutdown(timeout)
        while self._lanes and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  as aiohttp's own does
            await asyncio.sleep(_STEP)
        for lane in list(self._lanes):
            lane.abort()

    def are_silent(self) -> bool:
        """Say whether somebody has connected and not said a word yet."""
        return any(map(_is_silent, self.connections)) or any(not lane.has_spoken for lane in self._lanes)

    def make_plain(self) -> RequestHandler:
        """Return aiohttp's protocol for a connection."""
        handler = QuietHandler(self, loop=asyncio.get_running_loop(), **self._kwargs)
        handler.metrics = self.metrics
        return handler


class QuietRunner(web.AppRunner):
    """Runs an application on a quiet server, with bodies left as they were sent."""

    def __init__(
        self,
        app: web.Application,
        *,
        metrics: Metrics | None = None,
        shutdown_timeout: float = 30.0,
        calls: Calls | None = None,
        write_timeout: float = 60.0,
    ) -> None:
        super().__init__(
            app,
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            keepalive_timeout=75.0,
            shutdown_timeout=shutdown_timeout,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            max_headers=MAX_HEADERS,
        )
        app.on_response_prepare.append(_say_that_it_ends)
        self._metrics = metrics
        self._calls = calls
        self._write_timeout = write_timeout

    async def cleanup(self) -> None:
        """Let nobody new in, wait for the first request of those who just came, then end as aiohttp does.

        aiohttp would close their connections as idle ones: a call that the client made in good time would fail.
        """
        for site in self.sites:
            await site.stop()
        await asyncio.sleep(0)  # connections that were accepted are made known in the next round of the loop
        left = _FIRST_REQUEST
        while left > 0 and isinstance(self.server, QuietServer) and self.server.are_silent():
            await asyncio.sleep(_STEP)
            left -= _STEP
        await super().cleanup()

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        server = QuietServer(
            _without_echo(plain.request_handler),
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            loop=asyncio.get_running_loop(),
            **plain._kwargs,
        )
        server.metrics = self._metrics
        server.calls = self._calls
        server.write_timeout = self._write_timeout
        return server

"""`/v1/…`: the handler that carries a call through the proxy's story and streams the answer back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from aiohttp import web
from multidict import MultiMapping

from gateway.flows.answers import Answer
from gateway.flows.incoming import CallFacts, Incoming, IncomingBody
from gateway.flows.upstream_port import UpstreamReply
from gateway.rules.client import Client
from gateway.rules.element_tokens import names_element_token
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import Pairs
from gateway.web.bodies import AiohttpBody
from gateway.web.browser import SignedIn, not_signed_in
from gateway.web.keys import DOORS, FACTS, PublicDoors, RequestFacts

T = TypeVar("T")

NO_BODY: Final = frozenset({204, 304})

FindSession = Callable[[Client], Awaitable[SignedIn | None]]


FindPage = Callable[["Call", PublicDoors, RequestFacts], Client | None]


async def proxied(request: web.Request) -> web.StreamResponse:
    """Answer a call on Cronofy's API.

    Raises:
        GatewayError: nothing was answered yet; the middleware does it.
    """
    facts, doors = request[FACTS], request.app[DOORS]
    body = AiohttpBody(request, doors.max_body_bytes)
    body.refuse_early()
    try:
        answer = await carry(
            Call(request.method, request.raw_path, request.headers, pairs_of(request), body),
            doors,
            facts,
            lambda client: doors.browser.browsers.session(request, client),
        )
    except CronofyUnavailable:
        if body.overflowed:
            raise RequestRefused(
                Code.BODY_TOO_LARGE, f"The body is larger than {doors.max_body_bytes} bytes."
            ) from None
        if body.stalled:
            raise RequestRefused(
                Code.BODY_TIMEOUT, "The body came too slowly.", headers={"Connection": "close"}
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


@dataclass(frozen=True, slots=True)
class Call:
    """A call on Cronofy's API, by whichever protocol it came.

    Attributes:
        method: upper case.
        raw_path: the target, as sent.
        headers: to look up by name.
        pairs: the same, as they came.
        body: not read yet.
    """

    method: str
    raw_path: str
    headers: MultiMapping[str]
    pairs: Pairs
    body: IncomingBody


def page_of(call: Call, doors: PublicDoors, facts: RequestFacts) -> Client | None:
    """Return the client whose page calls, after checking that it is its page; None where no page is behind it.

    Raises:
        RequestRefused: a page is behind it, but not one of the client's.
    """
    browsers = doors.browser.browsers
    client = browsers.client_of(call)
    if client is not None:
        facts.call.client = client.id  # for the line of a refusal, too
        browsers.check_page(call, client)
    return client


async def carry(
    call: Call, doors: PublicDoors, facts: RequestFacts, find: FindSession, page: FindPage = page_of
) -> Answer:
    """Carry a call to Cronofy and return what goes back.

    Args:
        call: the call.
        doors: the stories.
        facts: what its log line says; filled on the way.
        find: returns a client's session behind the call.
        page: returns the client whose page calls.

    Raises:
        GatewayError: a rule turned it down, or there is no usable answer.
    """
    return await for_whom(call, doors, facts, doors.proxy.call, find, page)


async def for_whom(
    call: Call,
    doors: PublicDoors,
    facts: RequestFacts,
    tell: Callable[[Incoming, CallFacts], Awaitable[T]],
    find: FindSession,
    page: FindPage = page_of,
) -> T:
    """Find out which session is behind a call, if any, and tell its story; arguments as of `carry`.

    Raises:
        GatewayError: a rule turned it down, or there is no usable answer.
    """
    # A credential that somebody put there on purpose wins over the cookie, which the browser adds by itself.
    explicit = "Authorization" in call.headers or names_element_token(call.raw_path.partition("?")[2])
    signed_in = None if explicit else await _session(call, doors, facts, find, page)
    connection = signed_in.data["connection"] if signed_in else ""
    incoming = Incoming(call.method, call.raw_path, call.pairs, call.body, facts.request_id, connection)
    try:
        return await tell(incoming, facts.call)
    except RequestRefused as refused:
        if refused.code is Code.RECONNECT_REQUIRED and signed_in is not None:
            refused.members["login_url"] = doors.browser.browsers.login_url(signed_in.client)
        raise


async def _session(
    call: Call, doors: PublicDoors, facts: RequestFacts, find: FindSession, page: FindPage
) -> SignedIn | None:
    """Return the browser's session behind a call without Authorization; None where no page is behind it.

    Raises:
        RequestRefused: a page is behind it, but not one of the client's, or nobody is signed in.
        StoreUnavailable: it cannot be known now.
    """
    client = page(call, doors, facts)
    if client is None:
        return None
    facts.call.client = client.id
    signed_in = await find(client)
    if signed_in is None:
        raise not_signed_in(doors.browser.browsers.login_url(client))
    return signed_in


def pairs_of(request: web.Request) -> Pairs:
    """Return a request's header lines as they came."""
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
    if length is not None and length.isdecimal() and answer.status not in NO_BODY:
        response.content_length = int(length)
    await request.app[DOORS].browser.storage.carry(request, response)
    await response.prepare(request)
    if request.method == "HEAD" or answer.status in NO_BODY:
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

"""`POST /oauth/token` and `POST /oauth/token/revoke`."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.flows.ports import ApiReply
from gateway.rules.authorization import single_authorization
from gateway.rules.content_coding import decode_body
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError
from gateway.rules.token_request import Fields, read_fields
from gateway.web.bodies import AiohttpBody
from gateway.web.keys import DOORS, FACTS
from gateway.web.problem import Shape, refusal
from gateway.web.shielded import to_its_end

MAX_REQUEST_BYTES: Final = 64 * 1024  # the longest field is a callback URL
_UNAUTHORIZED: Final = 401

Story = Callable[[Fields, str | None], Awaitable[ApiReply]]


async def exchange(request: web.Request) -> web.StreamResponse:
    """Exchange a code, or refresh."""
    request[FACTS].call.operation = "token"
    return await _tell(request, request.app[DOORS].tokens.exchange)


async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke a token, or an account's authorization."""
    request[FACTS].call.operation = "revoke"
    return await _tell(request, request.app[DOORS].revocations.revoke)


async def _tell(request: web.Request, story: Story) -> web.StreamResponse:
    values = request.headers.getall("Authorization", [])
    authorization = single_authorization(values)
    raw = await AiohttpBody(request, MAX_REQUEST_BYTES).read(MAX_REQUEST_BYTES)
    raw = decode_body(raw, request.headers.get("Content-Encoding", ""), limit=MAX_REQUEST_BYTES)
    fields = read_fields(raw, request.headers.get("Content-Type", ""))
    try:
        reply = await to_its_end(story(fields, authorization))
    except GatewayError as error:
        return _refused(request, error, by_basic=(authorization or "").lower().startswith("basic"))
    return web.Response(
        status=reply.status,
        body=reply.body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _refused(request: web.Request, error: GatewayError, *, by_basic: bool) -> web.StreamResponse:
    """Add what RFC 6749 section 5.2 asks for when the client tried HTTP Basic; Cronofy itself answers 400."""
    if error.code is not Code.INVALID_CLIENT or not by_basic:
        raise error
    facts = request[FACTS]
    facts.code = str(error.code)
    response = refusal(error, request_id=facts.request_id, shape=Shape.TOKEN)
    response.set_status(_UNAUTHORIZED)
    response.headers["WWW-Authenticate"] = 'Basic realm="cronofy-gateway", charset="UTF-8"'
    return response

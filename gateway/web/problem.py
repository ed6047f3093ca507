"""Answers that the gateway makes when it turns a request down, in the one shape that its reader understands.

An API path gets RFC 9457 members, and the `errors` map that Cronofy's own 422 has; a token endpoint gets an RFC 6749
section 5.2 body; a person gets a page. Each carries `Gateway-Error`, so that nobody takes it for Cronofy's word. Status
and title come from the one table in `rules/error_codes`.
"""

import json
from enum import StrEnum
from typing import Any, Final, NamedTuple, assert_never

from aiohttp import web

from gateway.rules.authorize_request import PATHS
from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.errors import GatewayError
from gateway.rules.headers import GATEWAY_ERROR, REQUEST_ID
from gateway.web.pages import error_page

_TOKEN_PATHS: Final = frozenset({"/oauth/token", "/oauth/token/revoke"})
_PAGE_PATHS: Final = frozenset({*PATHS.values(), "/auth/login", "/auth/callback"})
_SERVER_ERROR: Final = 500
_AWAY: Final = frozenset({502, 503, 504})
_UNPROCESSABLE: Final = 422
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# The error names that RFC 6749 section 5.2 knows, for codes that it does not.
_OAUTH_ERRORS: Final = frozenset(
    {
        Code.INVALID_REQUEST,
        Code.INVALID_CLIENT,
        Code.INVALID_GRANT,
        Code.INVALID_SCOPE,
        Code.UNSUPPORTED_GRANT_TYPE,
    }
)


class Shape(StrEnum):
    """Who reads the answer."""

    API = "api"
    TOKEN = "token"  # noqa: S105  the name of an endpoint
    PAGE = "page"


def shape_of(path: str) -> Shape:
    """Say who reads the answers of a path."""
    if path in _TOKEN_PATHS:
        return Shape.TOKEN
    return Shape.PAGE if path in _PAGE_PATHS else Shape.API


class Parts(NamedTuple):
    """An answer, before it is a response of any library."""

    status: int
    headers: dict[str, str]
    body: bytes
    content_type: str


def refusal(error: GatewayError, *, request_id: str, shape: Shape) -> web.Response:
    """Return the answer to a request that was turned down."""
    parts = refusal_parts(error, request_id=request_id, shape=shape)
    charset = "utf-8" if shape is Shape.PAGE else None
    return web.Response(
        status=parts.status, body=parts.body, content_type=parts.content_type, charset=charset, headers=parts.headers
    )


def refusal_parts(error: GatewayError, *, request_id: str, shape: Shape) -> Parts:
    """Return what the answer to a request that was turned down is made of."""
    meaning = MEANINGS[error.code]
    headers = {GATEWAY_ERROR: str(error.code), REQUEST_ID: request_id, **_NO_STORE, **error.headers}
    if meaning.status in _AWAY:
        headers.setdefault("Retry-After", "5")
    match shape:
        case Shape.API:
            body, content_type = _problem(error, request_id), "application/problem+json"
        case Shape.TOKEN:
            body, content_type = _oauth_error(error), "application/json"
            headers["Pragma"] = "no-cache"
        case Shape.PAGE:
            page, policy = error_page(meaning.title, error.public, meaning.way_out, request_id)
            headers |= {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
            return Parts(meaning.status, headers, page.encode(), "text/html")
        case _:
            assert_never(shape)
    # A body of ASCII is understood whatever charset its reader assumes.
    return Parts(meaning.status, headers, json.dumps(body).encode(), content_type)


def _problem(error: GatewayError, request_id: str) -> dict[str, Any]:
    meaning = MEANINGS[error.code]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": meaning.title,
        "status": meaning.status,
        "detail": error.public,
        "code": str(error.code),
        "request_id": request_id,
        **error.members,
    }
    if meaning.status == _UNPROCESSABLE:
        fields = error.fields or {"body": error.public}
        body["errors"] = {
            field: [{"key": f"errors.{error.code}", "description": sentence}] for field, sentence in fields.items()
        }
    return body


def _oauth_error(error: GatewayError) -> dict[str, Any]:
    if error.code is Code.MODE_REFUSED:
        name = "invalid_grant"
    elif error.code in _OAUTH_ERRORS:
        name = str(error.code)
    else:
        name = "temporarily_unavailable" if MEANINGS[error.code].status >= _SERVER_ERROR else "invalid_request"
    return {"error": name, "error_description": error.public}

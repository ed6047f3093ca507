"""Element tokens: what Cronofy's UI Elements show instead of an access token, in the query as `et`.

An element token is a credential of its own: short-lived, for some accounts, some kinds of Element and the pages of one
origin. No other credential goes with it, and no cookie: whoever holds it may do what it allows. It is read strictly,
since a second reader upstream must not find another token than the one that was judged here.

Sources: https://docs.cronofy.com/developers/ui-elements/authentication; what the Elements send was read off Cronofy's
own script (cronofy-elements 1.67.7 of the npm registry), since no page tells it; see docs/ui-elements.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import GATEWAY_ERROR, REQUEST_ID
from gateway.rules.queries import owned_parameters, parse_query, seen_names

PARAMETER: Final = "et"
# Every call of the script carries it, so no call of an Element goes out without a preflight.
ELEMENT_HEADER: Final = "Cronofy-Element"
LIFETIME: Final = 64_800.0  # seconds; the page's sample, where an answer names none
_LONGEST: Final = 7 * 86_400.0  # what is remembered must end some day, whatever an answer says
_PREFLIGHT_SECONDS: Final = "600"
_OWNED: Final = frozenset({PARAMETER})


class ElementReplyInvalid(Exception):
    """What came back is no element token; the sentence never quotes it."""


@dataclass(frozen=True, slots=True)
class ElementToken:
    """A new element token.

    Attributes:
        token: never shown.
        permissions: which Elements it is for.
        origin: of the pages that use it; empty where nothing told.
        account: the `sub` behind it; empty where there are several or none.
        expires_in: seconds.
    """

    token: str = field(repr=False)
    permissions: frozenset[str]
    origin: str
    account: str
    expires_in: float


def names_element_token(query: str) -> bool:
    """Say whether some reader could see an element token in a raw query, well spelled or not."""
    # Most calls have none, and pay only for this.
    if PARAMETER not in query and "%" not in query:
        return False
    return any(PARAMETER in seen_names(parameter) for parameter in parse_query(query))


def element_token_in(query: str, authorization: Sequence[str]) -> str | None:
    """Return the element token of a call; None where it has none.

    Args:
        query: raw.
        authorization: the values of `Authorization`. A scheme or token that stands for none is no other credential.

    Raises:
        RequestRefused: `parameter_repeated` for two or an odd spelling, `authorization_repeated` where another
            credential is there too (nobody knows which of them Cronofy would take), `credentials_missing` when empty.
    """
    if not names_element_token(query):
        return None
    token = owned_parameters(parse_query(query), _OWNED)[PARAMETER].value
    if bearer_token(single_authorization(authorization)) is not None:
        raise RequestRefused(
            Code.AUTHORIZATION_REPEATED, f"Send an access token or an element token ({PARAMETER}), not both."
        )
    if not token:
        raise unauthorized(Code.CREDENTIALS_MISSING, f"The element token ({PARAMETER}) is empty.")
    return token


def unauthorized(code: Code, public: str) -> RequestRefused:
    """Make a 401 of a call by element token."""
    return RequestRefused(code, public, headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'})


def check_element_origin(origins: Sequence[str], *, allowed: frozenset[str]) -> str:
    """Insist that a page's call comes from where its token is for; return the origin, empty for no page.

    No cookie is behind such a call, so it may come from another site; `Sec-Fetch-Site` says nothing here.

    Args:
        origins: the values of `Origin`.
        allowed: the token's origin, or the client's where nothing is known of the token.

    Raises:
        RequestRefused: `origin_refused`.
    """
    if len(origins) > 1 or any(origin not in allowed for origin in origins):
        raise RequestRefused(
            Code.ORIGIN_REFUSED, "The element token is not for pages of this origin, or the origin is not registered."
        )
    return origins[0] if origins else ""


def read_element_reply(reply: bytes, request: bytes) -> ElementToken:
    """Read a new element token.

    Args:
        reply: Cronofy's answer.
        request: what it was asked with; only there stand the `subs`.

    Raises:
        ElementReplyInvalid: there is no token in it.
    """
    told, asked = _object(_decoded(reply), "element_token"), _decoded(request)
    token = told.get("token")
    if not isinstance(token, str) or not token:
        raise ElementReplyInvalid("no usable token")
    lifetime = told.get("expires_in")
    usable = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and 0 < lifetime <= _LONGEST
    subs = _texts(asked, "subs")
    return ElementToken(
        token=token,
        permissions=frozenset(_texts(told, "permissions") or _texts(asked, "permissions")),
        origin=_text(told, "origin") or _text(asked, "origin"),
        account=subs[0] if len(subs) == 1 else "",
        expires_in=float(lifetime) if usable and lifetime is not None else LIFETIME,
    )


def element_preflight_headers(origin: str) -> dict[str, str]:
    """Return the answer to an Element's preflight: without credentials, so that no cookie goes with what follows."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, HEAD, POST",
        "Access-Control-Allow-Headers": f"Content-Type, {ELEMENT_HEADER}",
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        "Vary": "Origin",
    }


def element_readable_headers(origin: str, mode_header: str) -> dict[str, str]:
    """Return what lets an Element's page read an answer, again without credentials."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": f"{mode_header}, {GATEWAY_ERROR}, {REQUEST_ID}, Retry-After",
    }


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _texts(value: dict[str, Any], name: str) -> list[str]:
    found = value.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

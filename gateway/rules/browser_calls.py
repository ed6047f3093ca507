"""Calls that a browser makes with its cookie: which of them are the page's own, and what other origins may read.

A cookie alone proves nothing about who wrote the request. So every such call carries a fixed header that only a page
can set (`X-CSRF: 1`), and an `Origin`, where there is one, that belongs to the client.

Source: RFC 10017 section 6.1.3.3 (CSRF); the Fetch standard (CORS); Fetch Metadata.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import GATEWAY_ERROR, REQUEST_ID

CSRF_HEADER: Final = "X-CSRF"
CSRF_VALUE: Final = "1"
CLIENT_HEADER: Final = "Gateway-Client"
_PREFLIGHT_SECONDS: Final = "600"


def has_csrf(values: Sequence[str]) -> bool:
    """Say whether the fixed header is there, once."""
    return list(values) == [CSRF_VALUE]


def check_origin(*, origins: Sequence[str], fetch_site: str, allowed: AbstractSet[str]) -> None:
    """Insist that a call comes from one of a client's own pages, as far as the browser tells.

    Args:
        origins: the values of `Origin`; none is fine (same-origin GETs have none).
        fetch_site: the value of `Sec-Fetch-Site`, empty when absent.
        allowed: the client's origins and the gateway's own.

    Raises:
        RequestRefused: `origin_refused`.
    """
    if fetch_site == "cross-site" or len(origins) > 1 or any(origin not in allowed for origin in origins):
        raise RequestRefused(Code.ORIGIN_REFUSED, "This origin is not registered for the client.")


def check_csrf(values: Sequence[str]) -> None:
    """Insist on the fixed header.

    Raises:
        RequestRefused: `csrf_missing`.
    """
    if not has_csrf(values):
        raise RequestRefused(
            Code.CSRF_MISSING, f"Send the header {CSRF_HEADER}: {CSRF_VALUE} with every call by cookie."
        )


def preflight_headers(origin: str) -> dict[str, str]:
    """Return the answer to a preflight of a registered origin."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": f"{CSRF_HEADER}, Content-Type, {CLIENT_HEADER}",
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        "Vary": "Origin",
    }


def readable_headers(origin: str, mode_header: str) -> dict[str, str]:
    """Return what lets a page of a registered origin read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": f"{mode_header}, {GATEWAY_ERROR}, {REQUEST_ID}, Retry-After",
    }

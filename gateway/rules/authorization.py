"""Reading the Authorization header.

Source: RFC 6750 section 2.1 (Bearer), RFC 7617 (Basic), RFC 6749 section 2.3.1 (credentials in Basic are form-encoded).
"""

import base64
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_plus

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # b64token of RFC 6750
# What pycronofy and cronofy (npm) send when they hold no token.
_JUNK: Final = frozenset({"None", "undefined", "null", ""})


def single_authorization(values: Sequence[str]) -> str | None:
    """Return the one Authorization value, or None when there is none.

    Raises:
        RequestRefused: `authorization_repeated`.
    """
    if len(values) > 1:
        raise RequestRefused(Code.AUTHORIZATION_REPEATED, "The request has more than one Authorization header.")
    return values[0] if values else None


def bearer_token(value: str | None) -> str | None:
    """Return the token of a Bearer header; None for no header, another scheme, or an SDK's `Bearer None`."""
    scheme, _, token = (value or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or token in _JUNK or not _TOKEN.fullmatch(token):
        return None
    return token


def basic_credentials(value: str | None) -> tuple[str, str] | None:
    """Return (client id, client secret) of a Basic header; None for no header, another scheme or a damaged one."""
    return next(iter(basic_spellings(value)), None)


def basic_spellings(value: str | None) -> tuple[tuple[str, str], ...]:
    """Return the (client id, client secret) that a Basic header can mean: form-decoded as RFC 6749 has it, and as sent.

    Many libraries leave the encoding out, so a `+` or `%` in a secret can stand for itself.
    """
    scheme, _, encoded = (value or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:  # not base64, not ASCII before decoding, or not UTF-8 after it
        return ()
    user, colon, password = decoded.partition(":")
    if not colon:
        return ()
    return tuple(dict.fromkeys(((unquote_plus(user), unquote_plus(password)), (user, password))))

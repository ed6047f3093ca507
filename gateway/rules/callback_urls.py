"""The `callback_url` of a delegated account: the app's own, and the gateway's that Cronofy is given instead of it.

Strings in, a complaint or a URL out. In custody `client` Cronofy posts to the app's URL; in custody `gateway` this
gateway does, so it is stricter there: a URL that an app chooses must not lead the gateway into its own network. What a
host's name leads to is judged where it is connected to (`public_addresses`), not here.

Source: https://docs.cronofy.com/developers/api/enterprise-connect/delegated-access
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gateway.rules.public_addresses import is_public

CALLBACK_PREFIX: Final = "/auth/callbacks/"
LONGEST_AT_CRONOFY: Final = 128
LONGEST_HERE: Final = 2_048
SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes in base64url, without padding
_SAFE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]+")  # no space, control, backslash or non-ASCII
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LABELS: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def own_callback_url(public_url: str, secret: str) -> str:
    """Return the gateway's own callback URL with this secret in it."""
    return f"{public_url}{CALLBACK_PREFIX}{secret}"


def is_secret(value: str) -> bool:
    """Say whether something has the shape of a callback URL's secret."""
    return _SECRET.fullmatch(value) is not None


def is_too_long(public_url: str) -> bool:
    """Say whether the gateway's own callback URLs would be longer than Cronofy takes."""
    return len(own_callback_url(public_url, "x" * 43)) > LONGEST_AT_CRONOFY


def complaint_about_passed_on(url: object) -> str | None:
    """Say what is wrong with a callback URL that Cronofy itself will post to, or None."""
    if not isinstance(url, str) or _parts(url) is None:
        return "The callback_url must be an absolute http or https URL."
    if len(url) > LONGEST_AT_CRONOFY:
        return f"The callback_url must be at most {LONGEST_AT_CRONOFY} characters long."
    return None


def complaint_about_posted_to(url: object, *, loopback: bool, private: bool) -> str | None:
    """Say what is wrong with a callback URL that this gateway will post to, or None.

    Args:
        url: as the app sent it.
        loopback: plain http to this very machine is all right (development).
        private: addresses that are not on the open internet are all right.
    """
    parts = _parts(url) if isinstance(url, str) and len(url) <= LONGEST_HERE else None
    if parts is None:
        return f"The callback_url must be an absolute https URL of at most {LONGEST_HERE} characters."
    if "@" in parts.netloc or "#" in str(url):
        return "The callback_url must hold neither a user or password nor a fragment."
    host = parts.hostname or ""
    if parts.scheme == "http" and not (loopback and host in _LOOPBACK):
        return "The callback_url must be https."
    if _is_address(host):
        return None if private or is_public(host) else "The callback_url must lead to a public address."
    # `2130706433`, `0x7f.1` and `127.1` are addresses to some resolvers and names to others.
    if not _LABELS.fullmatch(host) or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return "The callback_url must name a host, or an address in its usual form."
    return None


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an absolute http or https URL, or None."""
    if not _SAFE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket without its other
        return None
    return parts if usable else None


def _is_address(host: str) -> bool:
    return (
        ":" in host
        or re.fullmatch(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", host) is not None
    )

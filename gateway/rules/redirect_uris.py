"""Which redirect URIs belong to a client.

A redirect URI matches exactly (RFC 9700 section 2.1). Two things widen that, both opt-in: a registered
`https://*.example.com/path` matches exactly one label, and a client under development may use any loopback address
(RFC 8252 section 7.3: the port is not fixed; here the path is not either).
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

_SAFE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]+")  # no space, control, backslash or non-ASCII
_LOOPBACK: Final = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:[/?][^#]*)?")
_WILDCARD: Final = re.compile(r"https://\*\.([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?(?:/[^*]*)?)")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def is_registered(uri: str, registered: Iterable[str], *, any_loopback: bool = False) -> bool:
    """Say whether a redirect URI belongs to the client with these registered ones."""
    if not _SAFE.fullmatch(uri):
        return False
    if any_loopback and _LOOPBACK.fullmatch(uri):
        return True
    return any(uri == known or _matches_wildcard(uri, known) for known in registered)


def _matches_wildcard(uri: str, known: str) -> bool:
    pattern = _WILDCARD.fullmatch(known)
    if pattern is None:
        return False
    label, dot, rest = uri.removeprefix("https://").partition(".")
    return bool(uri.startswith("https://") and _LABEL.fullmatch(label) and dot and rest == pattern.group(1))


def complaint_about(uri: str, *, wildcards: bool) -> str | None:
    """Say what is wrong with a redirect URI that is to be registered, or None.

    Args:
        uri: as it stands in the configuration.
        wildcards: this client may register `https://*.…`.
    """
    if not _SAFE.fullmatch(uri) or "#" in uri:
        return "must be an absolute URL without spaces, backslashes or a fragment"
    if "*" in uri:
        return _complaint_about_wildcard(uri, allowed=wildcards)
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        return "must start with http:// or https:// and name a host, without a user"
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(uri):
        return "must be https; plain http is for loopback addresses only"
    return None


def _complaint_about_wildcard(uri: str, *, allowed: bool) -> str | None:
    if not allowed:
        return "has a wildcard; set redirect_wildcards = true to allow one-label https wildcards"
    return None if _WILDCARD.fullmatch(uri) else "may have one wildcard, the first label: https://*.example.com/path"

"""Where a browser may be sent back to.

One function for every parameter, default or setting that ends in a `Location`: a path on the client's home, or an
absolute URL whose parsed origin is registered. What two readers could take for different places (backslashes, control
characters, `//`, credentials, at any layer of percent-encoding) is refused, never mended.

Source: RFC 9700 section 4.11 (open redirectors); CVE-2020-5233, CVE-2020-11053, CVE-2021-21291, CVE-2022-24794.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_PLAIN: Final = re.compile(
    r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]{1,2000}"
)  # no space, quote, <, >, backslash, control
_ABSOLUTE: Final = re.compile(
    r"https?://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?(?:[/?#].*)?|https?://\[[0-9a-f:]+\](?::[0-9]{1,5})?(?:[/?#].*)?"
)
_UNSAFE_BYTES: Final = re.compile(rb"[\x00-\x1f\x7f\\]")
_LAYERS: Final = 5
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Return the origin of an absolute URL: scheme, lower-case host, and the port where it is not the scheme's own."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def resolve_return_target(raw: str, *, home: str, origins: AbstractSet[str]) -> str:
    """Return the absolute URL that a browser may be sent to.

    Args:
        raw: what was asked for; empty means home.
        home: the client's own page.
        origins: the client's registered origins.

    Raises:
        RequestRefused: `return_target_refused`, also for a home that is none of the client's.
    """
    target = raw or home
    if not _PLAIN.fullmatch(target) or not _is_safe_at_every_layer(target):
        raise _refused()
    if target.startswith("/"):
        return origin_of(home) + target
    if not _ABSOLUTE.fullmatch(target):
        raise _refused()
    try:
        origin = origin_of(target)
    except ValueError:  # a port over 65535
        raise _refused() from None
    if origin not in origins and origin != origin_of(home):
        raise _refused()
    return target


def _is_safe_at_every_layer(target: str) -> bool:
    """Say whether no layer of decoding shows a second slash at the front, a backslash or a control character."""
    layer = target.encode()
    for _ in range(_LAYERS):
        if _UNSAFE_BYTES.search(layer) or layer.startswith((b"//", b"/ /")):
            return False
        decoded = unquote_to_bytes(layer)
        if decoded == layer:
            return True
        layer = decoded
    return False


def with_query(url: str, pairs: Mapping[str, str]) -> str:
    """Return a URL with parameters added to its query, before its fragment."""
    if not pairs:
        return url
    front, mark, fragment = url.partition("#")
    return f"{front}{'&' if '?' in front else '?'}{urlencode(pairs)}{mark}{fragment}"


def _refused() -> RequestRefused:
    return RequestRefused(
        Code.RETURN_TARGET_REFUSED,
        "The return target is no path on the client's home and no URL on one of its registered origins.",
    )

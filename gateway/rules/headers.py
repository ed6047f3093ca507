"""Which headers cross the gateway, in each direction.

Names are lower case. Hop-by-hop names, those that `Connection` names included, are removed before ours are set, so that
`Connection: cronofy-access-mode` cannot delete them.

Source: RFC 9110 sections 7.6.1 (Connection), 7.6.3 (Via); https://docs.cronofy.com/ for Cronofy's own.
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.rules.cookies import without_ours

Pairs = list[tuple[str, str]]

GATEWAY_ERROR: Final = "Gateway-Error"
GATEWAY_ACCOUNT: Final = "Gateway-Account"
ENGINE_KEY: Final = "Gateway-Engine-Key"
CHECKED_METHOD: Final = "Gateway-Checked-Method"
IMPERSONATE: Final = "cronofy-impersonate"
REQUEST_ID: Final = "X-Request-Id"
VIA: Final = "1.1 cronofy-gateway"
SERVER: Final = "cronofy-gateway"

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# Asked of us, not of Cronofy; or chosen by us, so that a caller's copy is worth nothing.
_NOT_UPSTREAM: Final = HOP_BY_HOP | {
    "accept-encoding",  # set anew: what we can pass on, identity where a page is read
    "authorization",  # set anew from the judged credential
    "baggage",
    "content-length",  # set anew by the transport
    "cookie",
    "expect",
    "forwarded",
    "gateway-account",
    "gateway-checked-method",
    "gateway-client",
    "gateway-engine-key",
    "host",
    "http2-settings",
    "max-forwards",
    "origin",
    "referer",
    "via",
    "x-csrf",
    "x-http-method",
    "x-http-method-override",  # Rack would turn one method into another after we judged it
    "x-method-override",
    "x-original-url",
    "x-client-ip",
    "true-client-ip",
    "x-cluster-client-ip",
    "x-original-host",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
}
_NOT_UPSTREAM_PREFIXES: Final = ("sec-", "x-forwarded-", "proxy-")
_CONDITIONAL: Final = frozenset(
    {"range", "if-range", "if-none-match", "if-match", "if-modified-since", "if-unmodified-since"}
)

_NOT_DOWNSTREAM: Final = HOP_BY_HOP | {
    "alt-svc",
    "clear-site-data",
    "content-length",  # set anew where the length is known
    "gateway-error",
    "nel",
    "set-cookie",
    "strict-transport-security",
    "via",
    "x-content-type-options",
    "x-request-id",
}
_CACHING: Final = frozenset({"age", "cache-control", "expires", "pragma", "vary"})
_NOT_DOWNSTREAM_PREFIXES: Final = ("access-control-", "proxy-")


_MOST_NAMES: Final = 1_000
_LONGEST_NAME: Final = 64  # that is remembered
_LENGTH_OF_CONNECTION: Final = len("connection")

# Bytes that were not UTF-8 cannot be written again as they came, so a line that holds one stays behind.
_NOT_UTF_8: Final = re.compile("[\ud800-\udfff]")


class _Crossing:
    """Which names cross, in one direction; a name is judged once and remembered.

    Args:
        dropped: names that do not, in lower case.
        prefixes: of names that do not.
    """

    def __init__(self, dropped: frozenset[str], prefixes: tuple[str, ...]) -> None:
        self._dropped = dropped
        self._prefixes = prefixes
        self._known: dict[str, bool] = {}

    def _judge(self, key: str) -> bool:
        # A name with `_` reads like one with `-` behind CGI-style servers, so both spellings are judged as one.
        name = key.lower().replace("_", "-")
        crosses = name not in self._dropped and not name.startswith(self._prefixes)
        if len(key) <= _LONGEST_NAME:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()  # somebody's inventions, mostly; what is used is known again soon
            self._known[key] = crosses
        return crosses

    def of(self, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """Return the lines that cross; those that `Connection` names do not."""
        known, judge = self._known, self._judge
        kept = [pair for pair in pairs if (known[pair[0]] if pair[0] in known else judge(pair[0]))]
        if named := _named_by_connection(pairs):
            kept = [pair for pair in kept if pair[0].lower().replace("_", "-") not in named]
        return [pair for pair in kept if pair[1].isascii() or not _NOT_UTF_8.search(pair[1])]


def _named_by_connection(pairs: Iterable[tuple[str, str]]) -> set[str]:
    return {
        name.strip().lower()
        for key, value in pairs
        if len(key) == _LENGTH_OF_CONNECTION and key.lower() == "connection"
        for name in value.split(",")
        if name.strip()
    }


_UP: Final = _Crossing(_NOT_UPSTREAM, _NOT_UPSTREAM_PREFIXES)
_UP_READ: Final = _Crossing(_NOT_UPSTREAM | _CONDITIONAL, _NOT_UPSTREAM_PREFIXES)
_DOWN: Final = _Crossing(_NOT_DOWNSTREAM, _NOT_DOWNSTREAM_PREFIXES)
_DOWN_TO_PAGE: Final = _Crossing(_NOT_DOWNSTREAM | _CACHING, _NOT_DOWNSTREAM_PREFIXES)


def to_upstream(
    pairs: Iterable[tuple[str, str]],
    *,
    authorization: str | None,
    request_id: str,
    paged: bool,
    impersonate: bool,
) -> Pairs:
    """Return the headers that go to Cronofy.

    Args:
        pairs: as the caller sent them.
        authorization: the judged credential's header value; None sends none.
        request_id: ours.
        paged: the answer will be read and rewritten, so it must come whole and uncompressed.
        impersonate: the caller may use `Cronofy-Impersonate`.
    """
    pairs = list(pairs)
    # A spelling with `_`, which only a CGI-style server would understand, is dropped (CVE-2025-64484).
    kept = [pair for pair in (_UP_READ if paged else _UP).of(pairs) if "_" not in pair[0]]
    kept += [("Cookie", others) for key, value in pairs if key.lower() == "cookie" and (others := without_ours(value))]
    if not impersonate:
        kept = [(key, value) for key, value in kept if key.lower() != IMPERSONATE]
    accepted = [value for key, value in pairs if key.lower() == "accept-encoding"]
    kept.append(("Accept-Encoding", "identity" if paged or not accepted else ", ".join(accepted)))
    if authorization is not None:
        kept.append(("Authorization", authorization))
    kept += [("Via", VIA), (REQUEST_ID, request_id)]
    return kept


def to_client(
    pairs: Iterable[tuple[str, str]], *, mode_header: str, mode: str, request_id: str, session: bool = False
) -> Pairs:
    """Return the headers of a proxied answer: Cronofy's, less what is ours to say, with ours on top.

    Rack's `Status` stays: the Ruby SDK reads its error messages from it.

    Args:
        pairs: as Cronofy sent them.
        mode_header: name of the access-mode header.
        mode: its value.
        request_id: ours.
        session: a browser's session is behind the call, so nobody may keep the answer.
    """
    kept = (_DOWN_TO_PAGE if session else _DOWN).of(list(pairs))
    ours = mode_header.lower()
    return [
        *(pair for pair in kept if pair[0].lower().replace("_", "-") != ours),
        (mode_header, mode),
        ("Via", VIA),
        (REQUEST_ID, request_id),
        ("X-Content-Type-Options", "nosniff"),
        *((("Cache-Control", "no-store"), ("Vary", "Cookie, Origin")) if session else ()),
    ]

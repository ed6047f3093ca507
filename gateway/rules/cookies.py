"""Our cookies: their names, finding them in the raw header, cutting them out of it.

The raw header counts, since a parsed one merges doubled names: two cookies of one name mean that somebody planted one,
and are refused instead of picked from.

Source: RFC 6265 section 4.2; draft-ietf-httpbis-rfc6265bis section 4.1.3 (prefixes).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_HOST_PREFIX: Final = "__Host-"
_SESSION: Final = "gateway-"
_FLOW: Final = "gwflow-"
_FLOW_ID: Final = re.compile(r"[0-9a-f]{1,16}-[0-9a-f]{1,32}")


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of our cookies.

    Attributes:
        secure: the public URL is https, so the names carry `__Host-` and browsers enforce Secure, Path=/ and no Domain.
    """

    secure: bool

    @property
    def _prefix(self) -> str:
        return _HOST_PREFIX if self.secure else ""

    def session(self, client: str) -> str:
        """Return the name of a client's session cookie."""
        return f"{self._prefix}{_SESSION}{client}"

    def flow(self, flow_id: str) -> str:
        """Return the name of a flow's cookie."""
        return f"{self._prefix}{_FLOW}{flow_id}"

    def flow_ids(self, headers: Iterable[str]) -> list[str]:
        """Return the ids of the flows whose cookies came, each once, oldest first (an id begins with its time).

        A planted name that is no id of ours is left out: not every name that comes can be written in a Set-Cookie.
        """
        start = self.flow("")
        found = {name.removeprefix(start) for name, _ in cookie_pairs(headers) if name.startswith(start)}
        return sorted(one for one in found if _FLOW_ID.fullmatch(one))

    def clients(self, headers: Iterable[str]) -> list[str]:
        """Return the clients whose session cookies came, each once."""
        start = self.session("")
        return sorted({name.removeprefix(start) for name, _ in cookie_pairs(headers) if name.startswith(start)})


def cookie_pairs(headers: Iterable[str]) -> list[tuple[str, str]]:
    """Return every (name, value) of raw Cookie headers, doubled ones too."""
    pairs = []
    for header in headers:
        for piece in header.split(";"):
            name, equals, value = piece.partition("=")
            if equals:
                pairs.append((name.strip(" \t"), value.strip(" \t")))
    return pairs


def single_cookie(headers: Iterable[str], name: str) -> str | None:
    """Return the one cookie of a name; None when there is none.

    Raises:
        RequestRefused: `cookie_repeated`.
    """
    values = [value for found, value in cookie_pairs(headers) if found == name]
    if len(values) > 1:
        raise RequestRefused(
            Code.COOKIE_REPEATED, "The browser sent two cookies of the same name; clear this site's data."
        )
    return values[0] if values else None


def without_ours(header: str) -> str:
    """Return a raw Cookie header without our cookies, all others byte for byte; empty when none is left."""
    kept = [piece for piece in header.split(";") if not _is_ours(piece.partition("=")[0].strip(" \t"))]
    return ";".join(kept).strip(" \t;") if len(kept) != header.count(";") + 1 else header


def _is_ours(name: str) -> bool:
    return name.removeprefix(_HOST_PREFIX).startswith((_SESSION, _FLOW))

"""Which request targets may be judged at all.

The path is parsed once, and what the rules saw is what is sent on. So every spelling that another reader could take for
a different path (dot segments, encoded slashes and backslashes, `;`, control characters, a second layer of encoding,
absolute-form and `//` targets) is refused, instead of being made normal.

Source: RFC 9112 section 3.2; RFC 3986 section 3.3.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

# Unreserved, sub-delims without ';', ':' and '@' (calendar ids hold '@'), and whole percent triples.
_PATH: Final = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,=:@/]|%[0-9A-Fa-f]{2})*")
_QUERY: Final = re.compile(r"[\x21\x22\x24-\x7e]*")
_FORBIDDEN_DECODED: Final = re.compile(rb"[\x00-\x20\x7f/\\%;#?]")


@dataclass(frozen=True, slots=True)
class Target:
    """A request target that was accepted.

    Attributes:
        path: raw, as it is sent on.
        query: raw, without the `?`; empty when there is none.
        segments: the decoded path segments; a trailing slash leaves none.
    """

    path: str
    query: str
    segments: tuple[str, ...]


def read_target(raw: str) -> Target:
    """Read a request target.

    Raises:
        RequestRefused: `bad_target`.
    """
    path, _, query = raw.partition("?")
    if "#" in query:
        # A browser that is redirected with it would cut off what follows.
        raise RequestRefused(Code.BAD_TARGET, "The request target holds a fragment.")
    if not _QUERY.fullmatch(query):
        raise RequestRefused(Code.BAD_TARGET, "The query holds characters that are not accepted.")
    return Target(path, query, read_path(path))


def read_path(path: str) -> tuple[str, ...]:
    """Return a raw path's decoded segments.

    Raises:
        RequestRefused: `bad_target`.
    """
    if not _PATH.fullmatch(path) or "//" in path:
        raise RequestRefused(Code.BAD_TARGET, "The request target holds characters or a form that is not accepted.")
    return tuple(_decode(segment) for segment in path.removesuffix("/").split("/")[1:])


def _decode(segment: str) -> str:
    raw = unquote_to_bytes(segment)
    if raw in {b".", b".."} or _FORBIDDEN_DECODED.search(raw):
        raise RequestRefused(Code.BAD_TARGET, "The path holds a dot segment or an encoded character it may not have.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefused(Code.BAD_TARGET, "The path is not UTF-8.") from None

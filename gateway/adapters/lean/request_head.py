"""Writing a request's head: one piece of bytes, and nothing in it that a second reader could take for two lines.

Source: RFC 9112 sections 3, 5 and 6.
"""

from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import Pairs

# RFC 9110 section 8.6: a user agent should say that there is no content where the method gives content a meaning.
_WITHOUT_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def request_head(method: str, target: str, host: str, headers: Pairs, *, length: int | None, streamed: bool) -> bytes:
    """Return the head of a request.

    Args:
        method: upper case.
        target: path and query, written as they are.
        host: of the `Host` line.
        headers: all others, but the body's length.
        length: of the body, in bytes; None when there is none or it is streamed.
        streamed: there is a body that comes bit by bit: chunked, unless `headers` have its length.

    Raises:
        CronofyUnavailable: a line holds a line break; nothing may be sent.
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    has_length = False
    for name, value in headers:
        lines.append(f"{name}: {value}")
        has_length = has_length or name.lower() == "content-length"
    if length is not None:
        lines.append(f"Content-Length: {length}")
    elif streamed and not has_length:
        lines.append("Transfer-Encoding: chunked")
    elif not streamed and method not in _WITHOUT_LENGTH:
        lines.append("Content-Length: 0")
    text = "\r\n".join(lines)
    # Nothing that came through a parser holds one; a line that was put together wrongly must not become two.
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise CronofyUnavailable(
            Code.UPSTREAM_UNREACHABLE, "This call cannot be written as a request.", detail="a header holds a line break"
        )
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")

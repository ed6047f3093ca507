"""Writing an answer: its head in one piece, with the body behind it where that is there already.

Source: RFC 9112 sections 4 to 7; RFC 9110 sections 6.6.1 (Date), 8.6 (Content-Length).
"""

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from multidict import CIMultiDict

from gateway.rules.headers import SERVER

_REASONS: Final = {one.value: one.phrase for one in HTTPStatus}
NO_BODY: Final = frozenset({204, 304})


class Dates:
    """The `Date` of answers, written once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now(self) -> str:
        """Return the present moment as HTTP writes it."""
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


dates = Dates()


def reply_head(status: int, headers: CIMultiDict[str], *, length: int | None, has_body: bool, closes: bool) -> bytes:
    """Return an answer's head.

    Args:
        status: of the answer.
        headers: all header lines but those of the framing; what is missing of Date, Server and Content-Type is added.
        length: of the body, in bytes; None where it is not known.
        has_body: a body follows, unless the request was a HEAD.
        closes: the connection ends with this answer.
    """
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status not in NO_BODY:
        if length is not None:
            lines.append(f"Content-Length: {length}")
        elif has_body:
            lines.append("Transfer-Encoding: chunked")
        if has_body and length != 0 and "Content-Type" not in headers:
            lines.append("Content-Type: application/octet-stream")
    if "Date" not in headers:
        lines.append(f"Date: {dates.now()}")
    if "Server" not in headers:
        lines.append(f"Server: {SERVER}")
    if closes:
        lines.append("Connection: close")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header holds a line break")  # nothing that was parsed holds one
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")

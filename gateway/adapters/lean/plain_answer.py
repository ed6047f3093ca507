"""Answers so plain that they need no parser: whole in one piece, 200, of a known length, and nothing odd about them.

A strict part of what llhttp takes, read in the same way; everything else is llhttp's. Header lines repeat from answer
to answer, so each is judged once and remembered.

Source: RFC 9112 sections 4 to 6.
"""

import re
from typing import Final

_STATUS: Final = b"HTTP/1.1 200 OK\r\n"
_END: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 16 * 1024  # bytes
_MOST_HEADERS: Final = 200
# One blank, then a value without blanks at its ends: nothing that two readers could see differently.
_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")
_LENGTH: Final = re.compile(rb"[0-9]{1,9}")
_FRAMING: Final = frozenset({b"transfer-encoding", b"upgrade", b"trailer", b"te", b"keep-alive", b"proxy-connection"})
_MOST_LINES: Final = 4_096
_LONGEST_LINE: Final = 256

_PLAIN: Final = -1
_UNUSUAL: Final = -2

_known: dict[bytes, int] = {}  # the same for every connection, since a line says the same on each


def read_plain(data: bytes) -> tuple[list[bytes], bytes] | None:
    """Return the header lines and the body of a plain answer; None for any other.

    Args:
        data: all that has come since the request was sent.
    """
    if not data.startswith(_STATUS):
        return None
    end = data.find(_END)
    if end < len(_STATUS) or end > _LONGEST_HEAD:
        return None
    lines = data[len(_STATUS) : end].split(b"\r\n")
    if len(lines) > _MOST_HEADERS:
        return None
    length = -1
    for line in lines:
        kind = _known.get(line)
        if kind is None:
            kind = _judge(line)
        if kind == _PLAIN:
            continue
        if kind == _UNUSUAL or length >= 0:
            return None
        length = kind
    if length < 0 or len(data) != end + len(_END) + length:
        return None
    return lines, data[end + len(_END) :]


def _judge(line: bytes) -> int:
    """Return a content-length line's length, or what else a line is."""
    kind = _kind(line)
    if len(line) <= _LONGEST_LINE:
        if len(_known) >= _MOST_LINES:
            _known.clear()
        _known[line] = kind
    return kind


def _kind(line: bytes) -> int:
    found = _LINE.fullmatch(line)
    if found is None:
        return _UNUSUAL
    name, value = found[1].lower(), found[2]
    if name == b"content-length":
        return int(value) if _LENGTH.fullmatch(value) else _UNUSUAL
    if name == b"connection":
        return _PLAIN if value.lower() == b"keep-alive" else _UNUSUAL
    return _UNUSUAL if name in _FRAMING else _PLAIN

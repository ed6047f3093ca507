"""Heads of Cronofy's good answers, from bytes to bytes: the same lines that `rules/headers` lets cross.

Lines repeat from answer to answer, so each is judged once, by those rules, and remembered. What is unusual is nobody's
here: then None, and the answer goes on by the usual way.
"""

from typing import Final

from gateway.rules.headers import SERVER, crosses_to_client
from gateway.web.lane.reply import dates

_MOST_LINES: Final = 4_096
_LONGEST_LINE: Final = 256  # bytes
_OWN_SERVER: Final = f"Server: {SERVER}".encode()
_DROPPED: Final = 0
_KEPT: Final = 1
_TYPE: Final = 2
_DATE: Final = 4
_SERVER: Final = 8
_UNUSUAL: Final = 16
_VALIDATOR: Final = 32
_SPECIAL: Final = {
    b"content-type": _TYPE,
    b"date": _DATE,
    b"server": _SERVER,
    b"etag": _VALIDATOR,
    b"content-md5": _VALIDATOR,
    b"digest": _VALIDATOR,
}


class AnswerHeads:
    """Writes heads.

    Args:
        mode_header: name of the access-mode header.
        to_page: the answers are for pages, so that nobody may keep them.
    """

    def __init__(self, mode_header: str, *, to_page: bool) -> None:
        self._mode_header = mode_header
        self._to_page = to_page
        self._known: dict[bytes, int] = {}

    def kept(self, lines: list[bytes], *, changed: bool) -> list[bytes] | None:
        """Return those of Cronofy's lines that cross, and what every answer has; None where one is unusual.

        Args:
            lines: as they came.
            changed: the body is not Cronofy's own any more.
        """
        known, seen = self._known, 0
        kept: list[bytes] = []
        for line in lines:
            kind = known.get(line)
            if kind is None:
                kind = self._judge(line)
            if kind:
                seen |= kind
                if not (changed and kind & _VALIDATOR):
                    kept.append(line)
        if seen & _UNUSUAL or not seen & _TYPE:
            return None
        if not seen & _DATE:
            kept.append(b"Date: " + dates.now().encode())
        if not seen & _SERVER:
            kept.append(_OWN_SERVER)
        return kept

    def _judge(self, line: bytes) -> int:
        kind = self._kind(line)
        if len(line) <= _LONGEST_LINE:
            if len(self._known) >= _MOST_LINES:
                self._known.clear()
            self._known[line] = kind
        return kind

    def _kind(self, line: bytes) -> int:
        name, _, value = line.partition(b": ")
        lower = name.lower()
        if not line.isascii() or (lower == b"vary" and not self._to_page):
            return _UNUSUAL  # what varies already is told in other words
        if lower == b"connection":
            return _DROPPED if value.lower() in {b"keep-alive", b"close"} else _UNUSUAL  # it names lines that stay here
        if crosses_to_client(name.decode("ascii"), mode_header=self._mode_header, to_page=self._to_page):
            return _KEPT | _SPECIAL.get(lower, 0)
        return _DROPPED

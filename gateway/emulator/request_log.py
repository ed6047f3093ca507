"""Which requests arrived, by name only: neither values nor bodies, so that no secret ends up in it."""

from collections import deque
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

_KEPT: Final = 1000  # more than any test looks at, and bounded for a long demo
_UNLISTED: Final = ("/_emulator/", "/favicon.ico")


class RequestLog:
    """The latest requests to what Cronofy would serve, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, object]] = deque(maxlen=_KEPT)

    def add(self, request: web.BaseRequest, status: int) -> None:
        """Note a request that was answered; the control API and the emulator's own pages are not listed."""
        if request.path == "/" or request.path.startswith(_UNLISTED):
            return
        query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
        self._entries.append(
            {
                "method": request.method,
                "path": request.path,
                "query_names": [name for name, _ in query],
                "header_names": [name.lower() for name in request.headers],
                "status": status,
            }
        )

    def entries(self) -> list[dict[str, object]]:
        """List them, newest last."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget them."""
        self._entries.clear()

"""Long lists in pages, as events, free/busy and available periods come.

`next_page` is an absolute URL on the host that the request named, and is absent on the last page.
Source: https://docs.cronofy.com/developers/api/events/read-events
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Record

_KEPT: Final = 2000  # pages that nobody fetched are forgotten, the oldest first


@dataclass(frozen=True, slots=True)
class _Rest:
    owner: str
    name: str
    items: list[Record]
    number: int
    total: int


class Pages:
    """Pages that wait to be fetched, by an opaque id in the URL."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: OrderedDict[str, _Rest] = OrderedDict()

    def first(self, request: web.Request, *, owner: str, name: str, items: list[Record]) -> Record:
        """Make page one of a list.

        Args:
            request: its scheme and Host become those of `next_page`.
            owner: account id; nobody else may fetch the other pages.
            name: member of the answer and segment of the path: `events`, `free_busy` or `available_periods`.
            items: all of them.
        """
        total = max(1, -(-len(items) // self._size))
        return self._page(request, _Rest(owner, name, items, 1, total))

    def next(self, request: web.Request, *, owner: str, name: str, page_id: str) -> Record | None:
        """Make the page that an id stands for. It can be fetched again: a client may retry."""
        rest = self._waiting.get(page_id)
        if rest is None or (rest.owner, rest.name) != (owner, name):
            return None
        return self._page(request, rest)

    def _page(self, request: web.Request, rest: _Rest) -> Record:
        pages: Record = {"current": rest.number, "total": rest.total}
        if rest.number < rest.total:
            page_id = secrets.token_hex(16)
            self._waiting[page_id] = _Rest(rest.owner, rest.name, rest.items[self._size :], rest.number + 1, rest.total)
            if len(self._waiting) > _KEPT:
                self._waiting.popitem(last=False)
            pages["next_page"] = f"{request.scheme}://{request.host}/v1/{rest.name}/pages/{page_id}"
        return {"pages": pages, rest.name: rest.items[: self._size]}

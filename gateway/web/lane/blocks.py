"""Header blocks that were read before: an app's calls differ in their first line, mostly, and hardly below it.

What is remembered of a block is what was read and judged of it the first time; whatever depends on more than its bytes
(a session, a token, a mode) is looked up for each call. A block with a body's length in it is not remembered.
"""

from collections import OrderedDict
from typing import Final

from multidict import CIMultiDict

from gateway.rules.client import Client
from gateway.web.lane.ways import Way

# Some 15 MiB at the worst: whoever sends them has shown no credential yet.
MOST: Final = 1_000
LONGEST: Final = 2_048  # bytes
MOST_HEADERS: Final = 40
MOST_WAYS: Final = 16  # of one block: operations that one caller calls


class Block:
    """A header block.

    Attributes:
        raw_headers: all header lines, in order.
        headers: the same, to look up by name; nobody changes either.
        closes: the client wants the connection to end with the answer.
        page: the client whose page called with it, and the registry's state in which that was judged; None before.
        is_met_again: more than one call came with it.
        ways: by operation, the way of calls whose caller's standing is known.
    """

    __slots__ = ("closes", "headers", "is_met_again", "page", "raw_headers", "ways")

    def __init__(self, raw_headers: list[tuple[str, str]], headers: CIMultiDict[str], *, closes: bool) -> None:
        self.raw_headers = raw_headers
        self.headers = headers
        self.closes = closes
        self.page: tuple[int, Client | None] | None = None
        self.is_met_again = False
        self.ways: dict[str, Way] = {}


class Blocks:
    """The blocks that were read last."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Block] = OrderedDict()

    def recall(self, raw: bytes) -> Block | None:
        """Return what is known of a block."""
        return self._known.get(raw)

    def remember(self, raw: bytes, block: Block) -> None:
        """Remember a block; the one that came first goes when there are too many."""
        if len(raw) <= LONGEST and len(block.raw_headers) <= MOST_HEADERS:
            self._known[raw] = block
            if len(self._known) > MOST:
                self._known.popitem(last=False)

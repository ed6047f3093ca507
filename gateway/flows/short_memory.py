"""What was read a moment ago: a bounded memory of two seconds, within which a change elsewhere has to be seen.

A change here is seen at once. So what was being loaded or written while its name was dropped, or written, is not
remembered: it may be older than that.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, Generic, Literal, TypeVar, overload

from gateway.flows.ports import Clock
from gateway.flows.witnesses import Witness, witness_of

SECONDS: Final = 2.0
SIZE: Final = 10_000

T = TypeVar("T")


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN


class Work:
    """One load or write; `is_outdated` once its name was dropped or written beside it."""

    def __init__(self) -> None:
        self.is_outdated = False


class UnderWay:
    """What is being loaded or written just now, by name, as long as it takes."""

    def __init__(self) -> None:
        self._running: dict[str, set[Work]] = {}

    @contextmanager
    def begin(self, name: str) -> Iterator[Work]:
        """Note work on a name for as long as the block runs."""
        work, beside = Work(), self._running.setdefault(name, set())
        beside.add(work)
        try:
            yield work
        finally:
            beside.discard(work)
            if not beside:
                del self._running[name]

    def outdate(self, name: str) -> None:
        """Mark all that is under way with a name: what comes of it may be old."""
        for work in self._running.get(name, ()):
            work.is_outdated = True


class ShortMemory(Generic[T]):
    """Remembers values by name, None for «not there» too, for two seconds each and the latest ten thousand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: OrderedDict[str, tuple[float, T | None]] = OrderedDict()
        self._under_way = UnderWay()

    def recall(self, name: str) -> T | Literal[_Unknown.UNKNOWN] | None:
        """Return what was remembered, or UNKNOWN when that is too long ago."""
        found = self._values.get(name)
        return found[1] if found is not None and found[0] > self._clock.now() else UNKNOWN

    def witness(self, name: str, *, at_most: float = float("inf")) -> Witness | None:
        """Return what bears witness of a value; None when none is remembered. See `witness_of`."""
        return witness_of(self._values, name, at_most=at_most)

    async def load(self, name: str, loading: Awaitable[T | None]) -> T | None:
        """Wait for a value and remember it, two seconds from now, unless the name is dropped or written meanwhile."""
        until = self._clock.now() + SECONDS
        with self._under_way.begin(name) as load:
            value = await loading
        if not load.is_outdated:
            self._remember(name, value, until)
        return value

    @overload
    async def write(self, name: str, writing: Awaitable[T]) -> T: ...

    @overload
    async def write(self, name: str, writing: Awaitable[T | None]) -> T | None: ...

    async def write(self, name: str, writing: Awaitable[T | None]) -> T | None:
        """Wait until a value is written and remember it, unless the name is dropped or written again meanwhile."""
        until = self._clock.now() + SECONDS
        self.drop(name)
        try:
            with self._under_way.begin(name) as write:
                value = await writing
        finally:
            self.drop(name)  # what was loaded beside it may be older
        if not write.is_outdated:
            self._remember(name, value, until)
        return value

    def drop(self, name: str) -> None:
        """Forget a value, and what is under way with its name."""
        self._values.pop(name, None)
        self._under_way.outdate(name)

    def _remember(self, name: str, value: T | None, until: float) -> None:
        self._values[name] = (until, value)
        self._values.move_to_end(name)
        while len(self._values) > SIZE:
            self._values.popitem(last=False)

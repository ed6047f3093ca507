"""What was read a moment ago: a bounded memory of two seconds, within which a change elsewhere has to be seen."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from gateway.flows.ports import Clock
from gateway.flows.witnesses import Witness, witness_of

SECONDS: Final = 2.0
SIZE: Final = 10_000

T = TypeVar("T")


class ShortMemory(Generic[T]):
    """Remembers values by name, for two seconds each and the latest ten thousand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def recall(self, name: str) -> T | None:
        """Return what was remembered, or None when that is too long ago."""
        found = self._values.get(name)
        return found[1] if found is not None and found[0] > self._clock.now() else None

    def witness(self, name: str, *, at_most: float = float("inf")) -> Witness | None:
        """Return what bears witness of a value; None when none is remembered. See `witness_of`."""
        return witness_of(self._values, name, at_most=at_most)

    def remember(self, name: str, value: T) -> None:
        """Remember a value from now on."""
        self._values[name] = (self._clock.now() + SECONDS, value)
        self._values.move_to_end(name)
        while len(self._values) > SIZE:
            self._values.popitem(last=False)

    def drop(self, name: str) -> None:
        """Forget a value."""
        self._values.pop(name, None)

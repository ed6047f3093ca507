"""A memory of two seconds, and of a bounded size."""

from gateway.flows import short_memory
from gateway.flows.short_memory import ShortMemory
from tests.clock import FakeClock


def test_what_was_remembered_is_known_for_two_seconds(clock: FakeClock) -> None:
    """A sign-out elsewhere is seen within that time."""
    memory: ShortMemory[int] = ShortMemory(clock)
    memory.remember("a", 1)
    clock.pass_time(1.9)
    assert memory.recall("a") == 1
    clock.pass_time(0.2)
    assert memory.recall("a") is None


def test_what_was_dropped_is_not(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    memory.remember("a", 1)
    memory.drop("a")
    memory.drop("never there")
    assert memory.recall("a") is None


def test_the_oldest_goes_when_it_is_full(clock: FakeClock) -> None:
    memory: ShortMemory[int] = ShortMemory(clock)
    for number in range(short_memory.SIZE + 1):
        memory.remember(str(number), number)
    assert (memory.recall("0"), memory.recall("1")) == (None, 1)

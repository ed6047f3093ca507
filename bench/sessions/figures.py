"""Times of calls, one after the other, and what is told of them."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def times(call: Callable[[T], Awaitable[object]], things: Iterable[T]) -> list[float]:
    """Call with one thing after the other; return the milliseconds that each call took."""
    found = []
    for thing in things:
        began = time.perf_counter()
        await call(thing)
        found.append((time.perf_counter() - began) * 1e3)
    return found


def told(*rounds: Sequence[float]) -> dict[str, float | list[float]]:
    """Return what is told of rounds of times: over all calls, and how far the rounds lie apart."""
    every = sorted(one for some in rounds for one in some)
    medians = [statistics.median(some) for some in rounds]
    return {
        "median_ms": round(statistics.median(every), 4),
        "p99_ms": round(every[min(len(every) - 1, int(len(every) * 0.99))], 4),
        "calls": len(every),
        "medians_ms": [round(min(medians), 4), round(max(medians), 4)],
    }

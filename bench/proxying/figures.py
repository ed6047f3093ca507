"""Figures of rounds, and what is told of them."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Self

from bench.proxying.processes import Program
from bench.proxying.wrk import Load


class CpuTime:
    """The CPU time of a program within a block."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self.seconds = -self._program.cpu()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += self._program.cpu()


def round_of(load: Load, cpu: CpuTime) -> dict[str, float]:
    """Return what one round found."""
    return {
        "calls": load.calls,
        "seconds": round(load.seconds, 3),
        "cpu_us": round(cpu.seconds / load.calls * 1e6, 2),
        "calls_per_second": round(load.calls / load.seconds, 1),
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
    }


def over(rounds: Sequence[dict[str, float]], *names: str) -> dict[str, Any]:
    """Return the median of each figure over the rounds, and how far they lie apart."""
    told: dict[str, Any] = {}
    for name in names or [key for key in rounds[0] if key not in {"calls", "seconds"}]:
        values = [one[name] for one in rounds]
        told[name] = round(statistics.median(values), 3)
        told[f"{name}_spread"] = [min(values), max(values)]
    return {**told, "rounds": list(rounds)}


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the largest of times."""
    every = sorted(values)
    at = {"p50": len(every) // 2, "p99": min(len(every) - 1, int(len(every) * 0.99)), "max": -1}
    return {name: round(every[place], 4) for name, place in at.items()}

"""How long a proxy keeps the pieces of a body that comes slowly; the first one apart."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.proxying.failures import Failed
from bench.proxying.figures import percentiles
from bench.proxying.http import fetched
from bench.proxying.plan import Plan
from bench.proxying.scenarios.latency import DIRECT
from bench.proxying.stage import Stage
from bench.proxying.upstream import TRICKLE

_BODIES: Final = 3
_PAUSE: Final = 0.02  # seconds between two pieces


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 4 * _BODIES * plan.pieces * _PAUSE * 1.1


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Read bodies whose every line says when it was sent."""
    targets: dict[str, tuple[int, Mapping[str, str]]] = {DIRECT: (stage.upstream, {})}
    targets |= {name: (proxy.port, proxy.headers) for name, proxy in stage.proxies.items()}
    found = {}
    for name, (port, headers) in targets.items():
        tick(name)
        bodies = [_delays(port, headers, stage.plan.pieces) for _ in range(_BODIES)]
        found[name] = {
            "first_ms": percentiles(body[0] for body in bodies),
            "every_ms": percentiles(delay for body in bodies for delay in body),
        }
    return found


def _delays(port: int, headers: Mapping[str, str], pieces: int) -> list[float]:
    """Return the milliseconds between the sending of each line and its arrival."""
    found = []
    with fetched(port, f"{TRICKLE}/{pieces}", headers) as response:
        while line := response.readline():
            found.append((time.monotonic_ns() - int(line)) / 1e6)
    if len(found) != pieces:
        raise Failed(f"{len(found)} of {pieces} pieces arrived")
    return found

"""How long a fresh process takes until it is ready: from its exec to its first good answer."""

from collections.abc import Callable
from typing import Any

from bench.proxying.figures import over
from bench.proxying.peers import PREPARE
from bench.proxying.plan import Plan
from bench.proxying.stage import Stage


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return plan.starts * 3 * 1.5


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Start each several times; `/readyz` tells of the gateway, any answer of the others."""
    found: dict[str, Any] = {}
    for name in stage.proxies:
        starts = []
        for number in range(stage.plan.starts):
            tick(f"start {number + 1} of {name}")
            place = stage.place()
            with stage.start(PREPARE[name](place), place) as (_, taken):
                starts.append({"ready_ms": round(taken, 1)})
        found[name] = over(starts)
    return found

"""The memory of the gateway over very many calls."""

import time
from collections.abc import Callable
from typing import Any, Final

from bench.proxying.plan import Plan
from bench.proxying.stage import Stage
from bench.proxying.upstream import BODY_BYTES, CALENDARS
from bench.proxying.wrk import load

_LOOKS: Final = 20
_LONGEST: Final = 10  # seconds between two looks


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 2 + min(plan.many_calls_at_most, plan.many_calls / 2_500)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Load a fresh gateway, and look at its memory between the calls."""
    plan = stage.plan
    with stage.open_gateway() as proxy:
        load(proxy.url(CALENDARS), proxy.headers, plan.warm_up)
        seen, calls = [{"calls": 0, "memory": proxy.program.memory()}], 0
        began = time.monotonic()
        slice_seconds = max(1, min(_LONGEST, round(seconds(plan) / _LOOKS)))
        while calls < plan.many_calls and time.monotonic() - began < plan.many_calls_at_most:
            tick(f"{calls:,} of {plan.many_calls:,} calls")
            calls += load(proxy.url(CALENDARS), proxy.headers, slice_seconds, body_bytes=BODY_BYTES).calls
            seen.append({"calls": calls, "memory": proxy.program.memory()})
    return {"calls": calls, "seconds": round(time.monotonic() - began, 1), "seen": seen}

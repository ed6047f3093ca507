"""What a proxy adds to the time of a call at a fixed rate: its times less those of the upstream, called directly."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.proxying.figures import percentiles
from bench.proxying.open_loop import call_at
from bench.proxying.plan import Plan
from bench.proxying.stage import Stage
from bench.proxying.upstream import CALENDARS

DIRECT: Final = "upstream"
_WARM_UP: Final = 0.3  # seconds


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return len(plan.rates) * 4 * (plan.paced + _WARM_UP + 0.2)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Call each of them at each rate."""
    targets: dict[str, tuple[int, Mapping[str, str]]] = {DIRECT: (stage.upstream, {})}
    targets |= {name: (proxy.port, proxy.headers) for name, proxy in stage.proxies.items()}
    found: dict[str, Any] = {}
    for rate in stage.plan.rates:
        times = {}
        for name, (port, headers) in targets.items():
            tick(f"{rate} calls a second: {name}")
            call_at(rate, _WARM_UP, port, CALENDARS, headers)
            times[name] = percentiles(call_at(rate, stage.plan.paced, port, CALENDARS, headers))
        direct = times[DIRECT]
        found[str(rate)] = {
            name: {
                **{f"{which}_ms": value for which, value in one.items()},
                **{f"added_{which}_ms": round(one[which] - direct[which], 4) for which in ("p50", "p99")},
            }
            for name, one in times.items()
        }
    return found

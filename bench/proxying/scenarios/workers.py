"""One worker and two: CPU per call on one core, calls a second on all, and how the calls spread over the workers."""

import os
import re
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.proxying.figures import CpuTime, over, round_of
from bench.proxying.plan import Plan
from bench.proxying.processes import TESTED, on_cores
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import BODY_BYTES, CALENDARS
from bench.proxying.wrk import load

_NUMBERS: Final = (1, 2)
_WORKER: Final = re.compile(
    rb'"event": ?"request\.finished".*"pid": ?(\d+)|"pid": ?(\d+).*"event": ?"request\.finished"'
)


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 6 + len(_NUMBERS) * (plan.store_rounds + 1) * (plan.warm_up + plan.round)


@dataclass
class _Fleet:
    proxy: Proxy
    log: Path
    rounds: list[dict[str, float]] = field(default_factory=list)
    spread: list[list[int]] = field(default_factory=list)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Let gateways with one worker and with two take turns; both write their log lines to a file."""
    with ExitStack() as stack:
        fleets = {}
        for number in _NUMBERS:
            log = stage.folder / f"workers-{number}.log"
            fleets[number] = _Fleet(stack.enter_context(stage.open_gateway(workers=number, out=log)), log)
        for turn in range(stage.plan.store_rounds):
            for number, fleet in fleets.items():
                tick(f"round {turn + 1}: {number} worker{'s' * (number > 1)}")
                _take_turn(stage, fleet)
        found = {}
        for number, fleet in fleets.items():
            tick(f"{number} on all cores")
            found[str(number)] = {**over(fleet.rounds), "spread": fleet.spread, "unpinned": _unpinned(stage, fleet)}
    one, two = (found[str(number)]["cpu_us"] for number in _NUMBERS)
    return {"workers": found, "two_over_one": round(two / one, 3)}


def _take_turn(stage: Stage, fleet: _Fleet) -> None:
    url, headers = fleet.proxy.url(CALENDARS), fleet.proxy.headers
    load(url, headers, stage.plan.warm_up)
    at = fleet.log.stat().st_size
    with CpuTime(fleet.proxy.program) as cpu:
        done = load(url, headers, stage.plan.round, body_bytes=BODY_BYTES)
    fleet.rounds.append(round_of(done, cpu))
    with fleet.log.open("rb") as file:
        file.seek(at)
        workers = Counter(b"".join(match.groups(b"")) for line in file if (match := _WORKER.search(line)))
    if workers:
        fleet.spread.append(sorted(workers.values()))


def _unpinned(stage: Stage, fleet: _Fleet) -> dict[str, float]:
    """Measure with every core to share among gateway, upstream and load."""
    every = {*range(os.cpu_count() or 1)}
    fleet.proxy.program.pin(every)
    with on_cores(), CpuTime(fleet.proxy.program) as cpu:
        done = load(fleet.proxy.url(CALENDARS), fleet.proxy.headers, stage.plan.round, body_bytes=BODY_BYTES)
    fleet.proxy.program.pin({TESTED})
    return round_of(done, cpu)

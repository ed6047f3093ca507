"""One worker and two: CPU per call on one core and on all, and how the calls spread over the workers.

Upstream and load keep to their core; so on two cores one worker has to share it with them.
"""

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
from bench.proxying.processes import TESTED
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import BODY_BYTES, CALENDARS
from bench.proxying.wrk import load

_NUMBERS: Final = (1, 2)
ONE_CORE: Final = "one_core"
ALL_CORES: Final = "all_cores"
_WORKER: Final = re.compile(
    rb'"event": ?"request\.finished".*"pid": ?(\d+)|"pid": ?(\d+).*"event": ?"request\.finished"'
)


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 6 + len(_NUMBERS) * 2 * plan.store_rounds * (plan.warm_up + plan.store_round)


@dataclass
class _Fleet:
    proxy: Proxy
    log: Path
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    spread: list[list[int]] = field(default_factory=list)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Let gateways with one worker and with two take turns; both write their log lines to a file."""
    arrangements = {ONE_CORE: {TESTED}, ALL_CORES: {*range(os.cpu_count() or 1)}}
    with ExitStack() as stack:
        fleets = {}
        for number in _NUMBERS:
            log = stage.folder / f"workers-{number}.log"
            fleets[number] = _Fleet(stack.enter_context(stage.open_gateway(workers=number, out=log)), log)
        for turn in range(stage.plan.store_rounds):
            for arrangement, cores in arrangements.items():
                for number, fleet in fleets.items():
                    tick(f"round {turn + 1}: {number} worker{'s' * (number > 1)} on {arrangement.replace('_', ' ')}")
                    fleet.proxy.program.pin(cores)
                    _take_turn(stage, fleet, arrangement)
        found: dict[str, Any] = {
            str(number): {**{name: over(rounds) for name, rounds in fleet.rounds.items()}, "spread": fleet.spread}
            for number, fleet in fleets.items()
        }
    return {
        "workers": found,
        "two_over_one": {
            name: round(found["2"][name]["cpu_us"] / found["1"][name]["cpu_us"], 3) for name in arrangements
        },
    }


def _take_turn(stage: Stage, fleet: _Fleet, arrangement: str) -> None:
    url, headers = fleet.proxy.url(CALENDARS), fleet.proxy.headers
    load(url, headers, stage.plan.warm_up)
    at = fleet.log.stat().st_size
    with CpuTime(fleet.proxy.program) as cpu:
        done = load(url, headers, stage.plan.store_round, body_bytes=BODY_BYTES)
    fleet.rounds.setdefault(arrangement, []).append(round_of(done, cpu))
    with fleet.log.open("rb") as file:
        file.seek(at)
        workers = Counter(b"".join(match.groups(b"")) for line in file if (match := _WORKER.search(line)))
    if workers:  # one worker's lines name no process
        fleet.spread.append(sorted(workers.values()))

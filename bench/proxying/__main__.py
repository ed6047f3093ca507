"""`python -m bench.proxying [--quick] [SCENARIO…]` measures; `python -m bench.proxying report` writes the page anew."""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console

from bench.proxying import results
from bench.proxying.failures import Failed, Missing, reason
from bench.proxying.gauge import Gauge
from bench.proxying.peers import GATEWAY
from bench.proxying.plan import FEW, FULL, QUICK, Plan
from bench.proxying.processes import LOAD, allow_many_connections, on_cores
from bench.proxying.scenarios import (
    bodies,
    calls,
    growth,
    idle_clients,
    latency,
    sessions,
    sign_ins,
    start_up,
    stream,
    trickle,
    workers,
)
from bench.proxying.stage import Stage, open_stage

# In this order: what takes longest and depends on the least comes last.
SCENARIOS: Final = {
    "calls": calls,
    "latency": latency,
    "bodies": bodies,
    "trickle": trickle,
    "idle_clients": idle_clients,
    "start_up": start_up,
    "sign_ins": sign_ins,
    "stream": stream,
    "workers": workers,
    "sessions": sessions,
    "growth": growth,
}

console = Console()


def main() -> None:
    """Measure what is named, or all; or write the page anew."""
    arguments = argparse.ArgumentParser(prog="python -m bench.proxying", description=__doc__)
    arguments.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"{', '.join(SCENARIOS)}; or report")
    arguments.add_argument(
        "--quick", action="store_true", help="in two minutes, beside nginx and Envoy's OAuth2 filter"
    )
    arguments.add_argument("--peers", help="only some, divided by commas; nothing is written then")
    asked = arguments.parse_args()
    names = asked.scenarios or [*SCENARIOS]
    if names != ["report"]:
        if unknown := {*names} - {*SCENARIOS}:
            arguments.error(f"unknown: {', '.join(sorted(unknown))}")
        plan = QUICK if asked.quick else FULL
        whole = names == [*SCENARIOS] and asked.peers is None
        if asked.peers is not None:
            plan = replace(plan, peers=tuple(asked.peers.split(",")))
        found = _measure(plan, names)
        found["command"] = f"make bench{'-quick' * asked.quick}" if whole else "in part"
        is_good = not any(why.startswith("failed") for why in found["left_out"].values())
        path = results.RESULTS if whole and is_good else results.TRIAL
        results.write(path, found)
        console.print(f"written to bench/results/{path.name}", highlight=False)
        for name, why in found["left_out"].items():
            console.print(f"left out: {name}: {why}", highlight=False)
        if not is_good:
            sys.exit(1)
        if not whole:
            return
    from bench.proxying.report import report  # noqa: PLC0415  it alone needs matplotlib

    report()


def _measure(plan: Plan, names: list[str]) -> dict[str, Any]:
    allow_many_connections()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    began = time.monotonic()
    found: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    took: dict[str, float] = {}
    os.sched_setaffinity(0, {LOAD})
    with Gauge(console, {name: SCENARIOS[name].seconds(plan) for name in names}) as gauge, ExitStack() as stack:
        stage = stack.enter_context(open_stage(plan))
        _open(stage, [GATEWAY, *FEW], stack, left_out)
        for name in names:
            since = time.monotonic()
            if since - began + SCENARIOS[name].seconds(plan) > plan.at_most:
                left_out[name] = "no time was left"
                continue
            gauge.begin(name)
            try:
                found[name] = SCENARIOS[name].measure(stage, gauge.tick)
            except Failed as error:
                left_out[name] = reason(error)
            took[name] = round(time.monotonic() - since, 1)
    with on_cores():
        return results.told(plan, found, left_out, took, time.monotonic() - began, datetime.now(UTC))


def _open(stage: Stage, names: list[str], stack: ExitStack, left_out: dict[str, str]) -> None:
    """Start those that run all the time."""
    for name in names:
        try:
            stage.proxies[name] = stack.enter_context(stage.open(name))
        except Missing as missing:
            left_out[name] = reason(missing)


if __name__ == "__main__":
    main()

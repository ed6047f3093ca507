"""The file with every figure of a run."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench.proxying.plan import Plan
from bench.proxying.wrk import wrk_version
from bench.sessions.machine import machine, versions

RESULTS: Final = Path(__file__).parents[1] / "results" / "latest.json"
TRIAL: Final = RESULTS.with_name("latest-trial.json")
RATIOS: Final = ("envoy_oauth2", "nginx")
CHECKED: Final = "nginx_checked"  # nginx that asks the gateway, beside which bare nginx is the measure

Results = dict[str, Any]


def told(
    plan: Plan,
    found: dict[str, Any],
    left_out: dict[str, str],
    took: dict[str, float],
    seconds: float,
    ended: datetime,
) -> Results:
    """Return what a run is remembered by.

    Args:
        plan: how much was measured.
        found: by scenario.
        left_out: what was not, each with its reason.
        took: seconds of each scenario.
        seconds: of everything.
        ended: when.
    """
    scenarios = dict(found)
    calls = scenarios.pop("calls", {"proxies": {}, "left_out": {}})
    return {
        "command": "",
        "ended_at": ended.isoformat(timespec="seconds"),
        "minutes": round(seconds / 60, 1),
        "took": took,
        "machine": machine(),
        "versions": {**versions(), "wrk": wrk_version()},
        "plan": asdict(plan),
        "left_out": {**left_out, **calls["left_out"]},
        "ratios": ratios(calls["proxies"]),
        "proxies": calls["proxies"],
        "scenarios": scenarios,
    }


def ratios(proxies: dict[str, Any]) -> dict[str, float]:
    """Return the gateway's median CPU per call over that of each peer; of nginx that asks it, over bare nginx's."""
    if "gateway" not in proxies:
        return {}
    own = proxies["gateway"]["cpu_us"]
    peers = [*RATIOS, *(name for name in proxies if name not in {*RATIOS, CHECKED, "gateway"})]
    found = {name: round(own / proxies[name]["cpu_us"], 3) for name in peers if name in proxies}
    if {CHECKED, "nginx"} <= proxies.keys():
        found[CHECKED] = round(proxies[CHECKED]["cpu_us"] / proxies["nginx"]["cpu_us"], 3)
    return found


def read(path: Path = RESULTS) -> Results:
    """Return what was measured last; nothing when there was no run."""
    found: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write(path: Path, found: Results) -> None:
    """Write what was measured."""
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

"""What the page tells of costs that should not grow: with sessions, with workers, with bodies and with calls."""

from typing import Any

from bench.proxying.scenarios.workers import ALL_CORES, ONE_CORE
from bench.sessions.wording import size, table, whole

Part = dict[str, Any]

_PEOPLE = 10_000


def flat(scenarios: Part) -> str:
    """Tell of what was measured of them."""
    told = [
        tell(scenarios[name])
        for name, tell in {"sessions": _sessions, "stream": _stream, "growth": _growth}.items()
        if name in scenarios
    ]
    return "\n\n".join(["## What stays flat", *told]) if told else ""


def _sessions(part: Part) -> str:
    few = part[next(iter(part))]["one"]["cpu_us"]
    rows = [
        (
            whole(int(number)),
            f"{one['one']['cpu_us']:,.0f} µs",
            f"{one['one']['cpu_us'] / few:.2f}",
            f"{one['spread']['cpu_us']:,.0f} µs, {whole(one['spread']['sessions'])} sessions",
        )
        for number, one in part.items()
    ]
    last = part[list(part)[-1]]["spread"]
    grown = max(0, last["memory_after"] - last["memory_before"])
    per_many = size(grown / last["sessions"] * _PEOPLE)
    head = "sessions in SQLite", "CPU per call, one session", "over the first row", "taking turns"
    return f"""{table(head, rows)}

A gateway's memory grew by {size(grown)} while {whole(last["sessions"])} sessions were used: {per_many} per 10,000."""


def _stream(part: Part) -> str:
    ways = ", ".join(
        f"{size(part[way]['memory_before'])} before and {size(part[way]['memory_most'])} at most {way}"
        for way in ("down", "up")
    )
    return f"**One body of {size(part['bytes'])}** streams through; the gateway's memory: {ways}."


def _growth(part: Part) -> str:
    seen = part["seen"]
    half = seen[len(seen) // 2]
    return (
        f"**After {whole(part['calls'])} calls** the gateway's memory is {size(seen[-1]['memory'])}; it was "
        f"{size(seen[0]['memory'])} at first, {size(half['memory'])} after {whole(half['calls'])}."
    )


def workers(part: Part) -> str:
    """Tell of one worker and two."""
    rows = []
    for number, one in part["workers"].items():
        spread = ", ".join(" : ".join(map(whole, turn)) for turn in one["spread"])
        rows.append((number, *(_fleet(one[which]) for which in (ONE_CORE, ALL_CORES)), spread))
    ratios = part["two_over_one"]
    head = "workers", "on one core", "on all cores", "calls of each worker, by round"
    return f"""## Workers

CPU per call and calls a second. Upstream and callers have a core for themselves in the second column,
and share it with the gateway in the third. Log lines go to a file here.

{table(head, rows)}

Two workers' CPU per call is {ratios[ONE_CORE]:.2f} of one's on one core, and {ratios[ALL_CORES]:.2f} on all."""


def _fleet(one: Part) -> str:
    return f"{one['cpu_us']:,.0f} µs, {whole(one['calls_per_second'])}/s"

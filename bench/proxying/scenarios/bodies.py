"""Bodies of 100 KB and 10 MB, down and up, a few at a time."""

from collections.abc import Callable
from typing import Any, Final

from bench.proxying.figures import CpuTime, round_of
from bench.proxying.plan import Plan
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import FILES, LARGE, SINK, file_of
from bench.proxying.wrk import UPLOAD, Load, load

_AT_ONCE: Final = {"100 KB": 16, "10 MB": 4}


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 3 * 2 * len(LARGE) * (plan.transfer + 0.4)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Send each body both ways through each proxy."""
    found: dict[str, Any] = {}
    for name, proxy in stage.proxies.items():
        for size, size_bytes in LARGE.items():
            for way, transfer in (("down", _down), ("up", _up)):
                tick(f"{size} {way}: {name}")
                with CpuTime(proxy.program) as cpu:
                    done = transfer(stage, proxy, size)
                told = round_of(done, cpu)
                told["megabytes_per_second"] = round(done.calls * size_bytes / done.seconds / 1e6, 1)
                told["cpu_ms_per_megabyte"] = round(cpu.seconds * 1e3 / (done.calls * size_bytes / 1e6), 3)
                found.setdefault(name, {})[f"{size} {way}"] = told
    return found


def _down(stage: Stage, proxy: Proxy, size: str) -> Load:
    url = proxy.url(f"{FILES}/{file_of(size)}")
    return load(url, proxy.headers, stage.plan.transfer, connections=_AT_ONCE[size], body_bytes=LARGE[size])


def _up(stage: Stage, proxy: Proxy, size: str) -> Load:
    return load(
        proxy.url(SINK),
        proxy.headers,
        stage.plan.transfer,
        connections=_AT_ONCE[size],
        script=UPLOAD,
        arguments=(str(LARGE[size]),),
    )

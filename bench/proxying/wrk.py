"""wrk, and what it found out: https://github.com/wg/wrk."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.proxying.failures import Failed
from bench.proxying.processes import LOAD, find

CONNECTIONS: Final = 32
_LUA: Final = Path(__file__).parent / "lua"
_REPORT: Final = _LUA / "report.lua"
SESSIONS: Final = _LUA / "sessions.lua"
UPLOAD: Final = _LUA / "upload.lua"
_LONGER: Final = 30.0  # seconds that wrk may take beyond what it was told


@dataclass(frozen=True, slots=True)
class Load:
    """What a load amounted to.

    Attributes:
        calls: answered.
        seconds: it took.
        bytes: that came back, heads included.
        p50_ms: the median time of a call.
        p99_ms: the time that one of a hundred exceeds.
    """

    calls: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float


def wrk_version() -> str:
    """Return the version."""
    done = subprocess.run([find("wrk", "Debian's package wrk"), "-v"], capture_output=True, text=True, check=False)  # noqa: S603
    return (done.stdout + done.stderr).partition("[")[0].removeprefix("wrk").strip()


def command(
    url: str, headers: Mapping[str, str], seconds: int, connections: int = CONNECTIONS, script: Path | None = None
) -> list[str]:
    """Return the command that loads a URL.

    Args:
        url: what is called.
        headers: of each call.
        seconds: how long; wrk knows whole seconds only.
        connections: calls at a time.
        script: Lua that makes the requests; it includes the report.
    """
    lines = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    how = ["-t1", f"-c{connections}", f"-d{seconds}", "--latency", "--timeout", "20"]
    wrk = "taskset", "-c", str(LOAD), find("wrk", "Debian's package wrk")
    return [*wrk, *how, *lines, "-s", str(script or _REPORT), url]


def load(
    url: str,
    headers: Mapping[str, str],
    seconds: int,
    *,
    connections: int = CONNECTIONS,
    script: Path | None = None,
    arguments: tuple[str, ...] = (),
    body_bytes: int = 0,
) -> Load:
    """Load a URL.

    Args:
        url: what is called.
        headers: of each call.
        seconds: how long.
        connections: calls at a time.
        script: Lua that makes the requests.
        arguments: for the script.
        body_bytes: that each answer has at least: a redirect is no error to wrk.

    Raises:
        Failed: something was not answered, or answered otherwise.
    """
    words = command(url, headers, seconds, connections, script)
    words += ["--", *arguments] if arguments else []
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + _LONGER, check=False)  # noqa: S603
    told = next((line for line in done.stdout.splitlines() if line.startswith("{")), "")
    if done.returncode or not told:
        raise Failed(f"wrk: {done.stdout[-500:]}{done.stderr[-500:]}")
    found = json.loads(told)
    errors = {name: number for name, number in found["errors"].items() if number}
    if errors or not found["calls"]:
        raise Failed(f"of {found['calls']} calls to {url} failed: {errors}")
    if found["bytes"] < body_bytes * found["calls"]:
        raise Failed(f"{url}: answers of {found['bytes'] / found['calls']:.0f} bytes, not of {body_bytes}")
    latency = found["p50_us"] / 1e3, found["p99_us"] / 1e3
    return Load(found["calls"], found["duration_us"] / 1e6, found["bytes"], *latency)

"""What the figures were measured on."""

import os
import platform
import sqlite3
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = ("aiohttp", "aiosqlite", "asyncpg", "cryptography", "redis", "uvloop")
_GIB: Final = 1024**3
_BLOCK: Final = bytes(4_096)
_WRITES: Final = 200


def machine() -> dict[str, Any]:
    """Return what this machine is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _first("/proc/cpuinfo", "model name", ":"),
        "memory_gib": round(memory / _GIB),
        "system": _first("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "kernel": platform.release(),
        "disk_write_ms": round(_disk_write() * 1e3, 3),
    }


def _disk_write() -> float:
    """Return the seconds that a small write takes until it is on the disk (the median of many)."""
    took = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(_WRITES):
            began = time.perf_counter()
            file.write(_BLOCK)
            file.flush()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def versions() -> dict[str, str]:
    """Return the versions of the gateway, Python and what the gateway talks to stores with."""
    return {
        "cronofy-gateway": version("cronofy-gateway"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in _PACKAGES},
    }


def _first(path: str, name: str, mark: str) -> str:
    lines = Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []
    return next((line.partition(mark)[2].strip() for line in lines if line.startswith(name)), "unknown")

"""The memory of the gateway while one very large body streams through it, down and up."""

import time
from collections.abc import Callable
from typing import Any, Final

from bench.proxying.failures import Failed
from bench.proxying.http import Answer, connect, request
from bench.proxying.plan import Plan
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import FILES, SINK

_PIECE: Final = 262_144
_LOOKS: Final = 32  # at the memory, on the way
_SPEED: Final = 150e6  # bytes a second: a guess


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 3 + 2 * plan.stream_bytes / _SPEED


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Stream it through a fresh gateway."""
    found: dict[str, Any] = {"bytes": stage.plan.stream_bytes}
    with stage.open_gateway() as proxy:
        for way, transfer in (("down", _down), ("up", _up)):
            tick(f"one body {way}")
            before, began = proxy.program.memory(), time.perf_counter()
            seen = transfer(proxy, stage.plan.stream_bytes)
            found[way] = {
                "memory_before": before,
                "memory_most": max(seen),
                "seconds": round(time.perf_counter() - began, 2),
            }
    return found


def _down(proxy: Proxy, size: int) -> list[int]:
    seen, taken, room = [], 0, bytearray(_PIECE)
    with connect(proxy.port) as sock:
        sock.sendall(request(f"{FILES}/stream", proxy.headers))
        while taken < size:
            if not (arrived := sock.recv_into(room)):
                raise Failed(f"the answer ended after {taken:,} bytes")
            if (taken + arrived) * _LOOKS // size > taken * _LOOKS // size:
                seen.append(proxy.program.memory())
            taken += arrived
    return seen


def _up(proxy: Proxy, size: int) -> list[int]:
    seen, piece = [], bytes(_PIECE)
    headers = {**proxy.headers, "Content-Type": "application/octet-stream", "Content-Length": str(size)}
    with connect(proxy.port) as sock:
        sock.sendall(request(SINK, headers, method="POST"))
        for sent in range(0, size, _PIECE):
            sock.sendall(piece)
            if (sent + _PIECE) * _LOOKS // size > sent * _LOOKS // size:
                seen.append(proxy.program.memory())
        answer = Answer()
        while not answer.is_complete(data := sock.recv(_PIECE)):
            if not data:
                raise Failed("the upload was not answered")
        if answer.status != 200:  # noqa: PLR2004
            raise Failed(f"the upload was answered {answer.status}")
    return seen

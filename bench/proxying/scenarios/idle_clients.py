"""What many clients cost that keep their connections open and say nothing."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.proxying.failures import Failed
from bench.proxying.http import Answer, connect, request
from bench.proxying.plan import Plan
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import CALENDARS


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return 3 * plan.idle_clients / 400


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Open connections to each proxy, one call each, and see how much memory it takes more."""
    return {name: _held(proxy, stage.plan.idle_clients, tick) for name, proxy in stage.proxies.items()}


def _held(proxy: Proxy, clients: int, tick: Callable[[str], None]) -> dict[str, float]:
    before, head = proxy.program.memory(), request(CALENDARS, proxy.headers)
    tick(f"{clients:,} connections to {proxy.name}")
    with ExitStack() as stack:
        socks = [stack.enter_context(connect(proxy.port)) for _ in range(clients)]
        for sock in socks:
            answer = Answer()
            sock.sendall(head)
            while not answer.is_complete(data := sock.recv(65_536)):
                if not data:
                    raise Failed(f"{proxy.peer.title} closed a connection")
        held = proxy.program.memory()
    return {"clients": clients, "memory_before": before, "memory": held, "bytes_each": round((held - before) / clients)}

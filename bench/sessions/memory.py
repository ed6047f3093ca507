"""The memory of a gateway process: on an empty store, on a full one, and after many sessions were used through it."""

import asyncio
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.sessions.corpus import Corpus
from bench.sessions.engine import Engine
from bench.sessions.plan import Plan
from bench.sessions.stage import Stage
from tests.journeys.nodes.fleet import Fleet, Node

_AT_ONCE: Final = 16
_OK: Final = 200
_RESIDENT: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


async def measure(
    engine: Engine, url: str, corpus: Corpus, stage: Stage, plan: Plan, say: Callable[[str], None]
) -> dict[str, Any]:
    """Read the memory of gateway processes, each fresh from its start.

    Args:
        engine: whose store it is.
        url: the full store.
        corpus: whom it was filled with; the emulator knows the first of them.
        stage: what the gateways are started with.
        plan: how much.
        say: is told what is being done.
    """
    say("memory: a gateway on an empty store")
    empty = await _idle(stage.fleet(await engine.new_store()), plan, [])
    say(f"memory: a gateway on {corpus.people:,} people")
    numbers = range(2 * plan.used)
    people = list(zip(corpus.handles(numbers), corpus.subs(numbers), strict=True))
    full = await _idle(stage.fleet(url), plan, [people[: plan.used], people[plan.used :]])
    return {
        "engine": await engine.version(),
        "people": corpus.people,
        "empty": empty[0],
        "full": full[0],
        "used": [{"sessions": plan.used * turn, "bytes": resident} for turn, resident in enumerate(full[1:], 1)],
    }


async def _idle(fleet: Fleet, plan: Plan, turns: Sequence[Sequence[tuple[str, str]]]) -> list[int]:
    """Return a process's resident bytes: left alone, and after each turn of people who used it."""
    node = await fleet.add()
    try:
        await fleet.all_ready()
        await asyncio.sleep(plan.idle)
        found = [_resident(node)]
        for people in turns:
            await _use(fleet, node, people)
            found.append(_resident(node))
        return found
    finally:
        await fleet.end(node, signal.SIGKILL)


def _resident(node: Node) -> int:
    process = node.process
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii") if process is not None else ""
    if (found := _RESIDENT.search(status)) is None:
        raise RuntimeError("the gateway has ended")
    return int(found.group(1)) * 1024


async def _use(fleet: Fleet, node: Node, people: Sequence[tuple[str, str]]) -> None:
    """Call once with each session."""
    waiting = iter(people)

    async def call() -> None:
        for handle, sub in waiting:
            status, body, _ = await fleet.call(node, handle)
            if status != _OK or body["account"]["account_id"] != sub:
                raise RuntimeError(f"a session was answered {status}")

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(call())

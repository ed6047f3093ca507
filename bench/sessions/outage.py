"""A store that goes away while people call: what they are answered meanwhile, and when all is well again."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.sessions.callers import Callers, summary, until_answered
from bench.sessions.engine import Server
from bench.sessions.plan import Plan
from tests.journeys.nodes.fleet import open_fleet

NODES: Final = 2
CLIENTS: Final = 20
_HOUR: Final = 3_600.0


async def measure(server: Server, folder: Path, plan: Plan) -> dict[str, Any]:
    """End the store's server in both ways, with everybody calling on."""
    async with open_fleet(folder, await server.new_store(), NODES) as fleet:
        people = await fleet.sign_in(plan.outage_people, lifetime=_HOUR)
        callers = Callers(fleet, people)
        return {
            "engine": await server.version(),
            "nodes": NODES,
            "clients": CLIENTS,
            "people": len(people),
            "stopped": await _away(callers, server, server.stop, plan),
            "killed": await _away(callers, server, server.kill, plan),
        }


async def _away(callers: Callers, server: Server, end: Callable[[], None], plan: Plan) -> dict[str, Any]:
    fleet, handle = callers.fleet, next(iter(callers.people))
    callers.answers.clear()
    async with callers.calling(CLIENTS):
        await asyncio.sleep(plan.aside)
        ending = time.monotonic()
        await asyncio.to_thread(end)
        away = time.monotonic()
        await asyncio.sleep(plan.away)
        starting = time.monotonic()
        await asyncio.to_thread(server.start)
        back = time.monotonic()
        answered = [await until_answered(fleet, node, handle) for node in fleet.nodes]
        well = time.monotonic()
        await asyncio.sleep(plan.aside)
        end_of_calls = time.monotonic()
    after_first = max(answered)
    return {
        "away_seconds": round(back - ending, 2),
        "start_seconds": round(back - starting, 2),
        "before": callers.statuses(0, ending),
        "away": callers.statuses(ending, back),
        "until_well": callers.statuses(back, well),
        "after": callers.statuses(well, end_of_calls),
        "first_200_seconds": round(min(answered) - back, 3),
        "all_nodes_200_seconds": round(after_first - back, 3),
        "end_seconds": round(away - ending, 2),
        "lost": await callers.lost(),
        **summary(callers.answers),
    }

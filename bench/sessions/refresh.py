"""One refresh for many calls at once on many nodes, while the token endpoint is slow."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from bench.sessions.engine import Engine
from bench.sessions.plan import Plan
from tests.journeys.nodes.fleet import open_fleet

NODES: Final = 3


async def measure(engine: Engine, folder: Path, plan: Plan) -> dict[str, Any]:
    """Call with one session many times at once, on every node in turn; its token is stale."""
    async with open_fleet(folder, await engine.new_store(), NODES) as fleet:
        ((handle, sub),) = (await fleet.sign_in(1)).items()
        await fleet.control("tokens/rotate", kind="strict")
        await fleet.control("faults", path="/oauth/token", delay=plan.delay)
        began = time.monotonic()
        calls = [fleet.call(fleet.nodes[number % NODES], handle) for number in range(plan.parallel)]
        answers = await asyncio.gather(*calls)
        took = time.monotonic() - began
        return {
            "engine": await engine.version(),
            "nodes": NODES,
            "calls": plan.parallel,
            "delay_seconds": plan.delay,
            "refreshes": await fleet.refreshes(),
            "statuses": {str(status): number for status, number in Counter(one[0] for one in answers).items()},
            "right_account": sum(one[1].get("account", {}).get("account_id") == sub for one in answers),
            "seconds": round(took, 2),
        }

"""Many people at once, every call with a stale token: whether anybody is ever answered as somebody else."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.sessions.engine import Engine
from bench.sessions.plan import Plan
from gateway.app.operator import open_store_for_operator
from gateway.config_check import load_settings
from gateway.emulator.app import EmulatorSettings
from tests.journeys.nodes.fleet import Fleet, open_fleet

NODES: Final = 3
AT_ONCE: Final = 60
# Shorter than what the vault wants a token to live still (30 s), so that each call refreshes it; long enough for that
# very call on a busy machine.
LIFETIME: Final = 25
_OK: Final = 200


async def measure(engine: Engine, folder: Path, plan: Plan) -> dict[str, Any]:
    """Let everybody call once a round, in another order and on any node, and read whose account is answered."""
    emulated = EmulatorSettings(access_token_lifetime=LIFETIME)
    url = await engine.new_store()
    async with open_fleet(folder, url, NODES, emulated=emulated) as fleet:
        await fleet.control("tokens/rotate", kind="strict")
        people = list((await fleet.sign_in(plan.crowd)).items())
        await engine.settle(url)
        before = await engine.sizes(url)
        began = time.monotonic()
        answers: Counter[str] = Counter()
        for _ in range(plan.crowd_calls):
            random.shuffle(people)
            answers += await _round(fleet, people)
        took = time.monotonic() - began
        calls = plan.crowd * plan.crowd_calls
        kinds = await _kinds(folder / "filling.toml")
        await engine.settle(url)
        after = await engine.sizes(url)
        left = {where: round((size - before[where]) / kinds["refresh"]) for where, size in after.items()}
        return {
            "engine": await engine.version(),
            "nodes": NODES,
            "people": plan.crowd,
            "calls": calls,
            "at_once": AT_ONCE,
            "mixed_up": answers.pop("mixed up", 0),
            "statuses": dict(answers),
            "refreshes": await fleet.refreshes(),
            "seconds": round(took, 1),
            "records": dict(kinds),
            "bytes_each_refresh": left,
        }


async def _kinds(config: Path) -> Counter[str]:
    """Count the records by their kind."""
    async with open_store_for_operator(load_settings(config)) as store:
        kinds: Counter[str] = Counter()
        for one in await store.count():
            kinds[one.kind] += one.number
        return kinds


async def _round(fleet: Fleet, people: Sequence[tuple[str, str]]) -> Counter[str]:
    """Call once for everybody; count the statuses, and the answers that were another account's."""
    answers: Counter[str] = Counter()
    waiting = iter(people)

    async def call() -> None:
        for handle, sub in waiting:
            status, body, _ = await fleet.call(random.choice(fleet.nodes), handle)  # noqa: S311  no secret
            answers[str(status)] += 1
            if status == _OK and body["account"]["account_id"] != sub:
                answers["mixed up"] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(call())
    return answers

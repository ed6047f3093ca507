"""Changing the key while people call: node after node, with the old records sealed anew."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.sessions.callers import Callers, summary
from bench.sessions.engine import Engine
from bench.sessions.plan import Plan
from gateway.observe import events
from tests.journeys.nodes.fleet import Fleet, Node, open_fleet
from tests.journeys.processes import end_of, start
from tests.journeys.waiting import until, until_told

NODES: Final = 2
CLIENTS: Final = 10
_HOUR: Final = 3_600.0
_PATIENCE: Final = 40.0  # heartbeats come every ten seconds, and a dead node is remembered for 35


async def measure(engine: Engine, folder: Path, plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Change the key as docs and `keys rotate` say, several times, with everybody calling on."""
    async with open_fleet(folder, await engine.new_store(), NODES) as fleet:
        people = await fleet.sign_in(plan.rotation_people, lifetime=_HOUR)
        config = folder / "filling.toml"
        callers, began, steps = Callers(fleet, people), time.monotonic(), []
        async with callers.calling(CLIENTS):
            for number in range(plan.rotations):
                say(f"rotation {number + 1} of {plan.rotations}")
                steps.append(await _rotate(fleet, config))
        statuses = callers.statuses(0, time.monotonic())
        return {
            "engine": await engine.version(),
            "nodes": NODES,
            "clients": CLIENTS,
            "people": len(people),
            "rotations": steps,
            "seconds": round(time.monotonic() - began, 1),
            "statuses": statuses,
            "lost": await callers.lost(),
            **summary(callers.answers),
        }


async def _rotate(fleet: Fleet, config: Path) -> dict[str, Any]:
    """Put a new key in front, seal everything with it, and take the old one out."""
    await _command("keys", "rotate", "--config", str(config))
    newest = (await _keys(config))[0]["key"]
    await _roll(fleet)
    for node in fleet.nodes:
        await until(lambda node=node: _seals_with(node, newest), patience=_PATIENCE)  # type: ignore[misc]
    began = time.monotonic()
    told = await _command("store", "reseal", "--config", str(config))
    took = time.monotonic() - began
    left = sum(int(row["records"]) for row in await _keys(config) if row["key"] != newest)
    ring = fleet.ring_file.read_text(encoding="utf-8").splitlines()
    fleet.ring_file.write_text(ring[0] + "\n", encoding="utf-8")
    await _roll(fleet)
    return {"resealed": told.partition(" ")[0], "left_under_old_keys": left, "reseal_seconds": round(took, 2)}


async def _roll(fleet: Fleet) -> None:
    """Start the nodes anew, one after the other, each when the one before is ready."""
    for node in fleet.nodes:
        await fleet.end(node, signal.SIGTERM)
        await fleet.boot(node)
        await until_told(node.is_ready)


def _seals_with(node: Node, key: str) -> bool:
    chosen = node.logged(events.KEY_CHOSEN)
    return bool(chosen) and chosen[-1]["key_id"] == key


async def _keys(config: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(await _command("keys", "list", "--json", "--config", str(config)))
    return rows


async def _command(*words: str) -> str:
    ended = await end_of(await start(*words), patience=_PATIENCE)
    if ended.code:
        raise RuntimeError(f"{' '.join(words[:2])} ended with {ended.code}: {ended.err}")
    return ended.out

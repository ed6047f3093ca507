"""`python -m bench.sessions [--quick] [PART…]` measures, `python -m bench.sessions report` writes page and drawings."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvloop
from rich.console import Console

from bench.sessions import crowd, memory, outage, refresh, results, rotation, scale
from bench.sessions.corpus import Corpus, make_corpus
from bench.sessions.engine import ENGINES, SERVERS, open_engine, open_server
from bench.sessions.people import LIFETIME, known
from bench.sessions.plan import FULL, QUICK, Plan
from bench.sessions.stage import Stage, open_stage

FILLED: Final = ("scale", "memory")  # they share the stores that are filled
PARTS: Final = (*FILLED, "refresh", "crowd", "outage", "rotation")

Found = dict[str, dict[str, Any]]
Say = Callable[[str], None]

console = Console()


def main() -> None:
    """Measure the parts that are named, or all; or write what was measured down."""
    arguments = argparse.ArgumentParser(prog="python -m bench.sessions", description=__doc__)
    arguments.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; or report")
    arguments.add_argument("--quick", action="store_true", help="up to 10,000 people, and shorter runs")
    arguments.add_argument("--engines", default=",".join(ENGINES), help="only some of these, divided by commas")
    asked = arguments.parse_args()
    parts = asked.parts or [*PARTS]
    if parts == ["report"]:
        from bench.sessions.report import report  # noqa: PLC0415  it alone needs matplotlib

        report()
        return
    engines = asked.engines.split(",")
    if unknown := ({*parts} - {*PARTS}) | ({*engines} - {*ENGINES}):
        arguments.error(f"unknown: {', '.join(sorted(unknown))}")
    uvloop.run(_measure(parts, engines, quick=asked.quick))


async def _measure(parts: list[str], engines: list[str], *, quick: bool) -> None:
    plan = QUICK if quick else FULL
    path = results.TRIAL_RESULTS if quick or {*engines} != {*ENGINES} else results.RESULTS  # that is told in the docs

    def write(part: str, found: Found, seconds: float) -> None:
        command = f"python -m bench.sessions {'--quick ' if quick else ''}{part}"
        results.write_part(path, part, command, datetime.now(UTC), seconds, found)

    if filled := [part for part in FILLED if part in parts]:
        found: dict[str, Found] = {part: {} for part in filled}
        took: dict[str, float] = dict.fromkeys(filled, 0.0)
        await _filled(engines, plan, found, took)
        for name in filled:
            write(name, found[name], took[name])
    for part in parts:
        if part not in FILLED:
            since = time.monotonic()
            measured = {engine: await _apart(part, engine, plan) for engine in engines if _concerns(part, engine)}
            write(part, measured, time.monotonic() - since)
    console.print(f"written to {path.name}; next: python -m bench.sessions report", highlight=False)


def _concerns(part: str, engine: str) -> bool:
    """Say whether a part has anything to say of an engine: a file cannot be away."""
    return part != "outage" or engine in SERVERS


async def _filled(engines: list[str], plan: Plan, found: dict[str, Found], took: dict[str, float]) -> None:
    """Measure on stores that were filled: each engine's once for all parts."""
    async with _corpus(plan) as (stage, corpus):
        for engine in engines:
            say = _saying(engine)
            with open_engine(engine, stage.folder) as running:
                since = time.monotonic()
                sizes = plan.sizes if "scale" in found else plan.sizes[-1:]
                stores = await scale.fill(running, corpus, sizes, say)
                if "scale" in found:
                    found["scale"][engine] = await scale.measure(running, stores, corpus, stage, plan, say)
                    took["scale"] += time.monotonic() - since
                    since = time.monotonic()
                if "memory" in found:
                    found["memory"][engine] = await memory.measure(running, stores[-1].url, corpus, stage, plan, say)
                    took["memory"] += time.monotonic() - since


@asynccontextmanager
async def _corpus(plan: Plan) -> AsyncIterator[tuple[Stage, Corpus]]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        async with open_stage(folder) as stage:
            people = (await stage.fleet("memory:").control("people", count=2 * plan.used, expires_in=int(LIFETIME)))[
                "people"
            ]
            console.print(f"sealing the records of {plan.sizes[-1]:,} people", highlight=False)
            settings = stage.settings_file("memory:")
            known_people = [known(one) for one in people]
            corpus = await asyncio.to_thread(make_corpus, folder, settings, known_people, plan.sizes[-1], time.time())
            yield stage, corpus


async def _apart(part: str, engine: str, plan: Plan) -> dict[str, Any]:
    """Measure on a fresh store with a fleet of its own."""
    say = _saying(engine)
    say(part)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        if part == "outage":
            with open_server(engine) as server:
                return await outage.measure(server, folder, plan)
        with open_engine(engine, folder) as running:
            if part == "refresh":
                return await refresh.measure(running, folder, plan)
            if part == "crowd":
                return await crowd.measure(running, folder, plan)
            return await rotation.measure(running, folder, plan, say)


def _saying(engine: str) -> Say:
    return lambda what: console.print(f"{datetime.now():%H:%M:%S} {engine}: {what}", highlight=False)  # noqa: DTZ005


if __name__ == "__main__":
    main()

"""A Node script that makes calls and says of each how it went, one JSON line per call."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.journeys.sdks.browser import visit
from tests.journeys.sdks.calls import Outcome
from tests.journeys.sdks.node_runtime import node
from tests.journeys.world import World


async def run_script(world: World, script: Path, journey: Mapping[str, Any]) -> dict[str, Outcome]:
    """Run a script to its end, and be the person's browser when it asks for one.

    Args:
        world: emulator and gateway.
        script: which.
        journey: what it is told, as JSON in the variable JOURNEY.
    """
    process = await asyncio.create_subprocess_exec(
        *node(),
        str(script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "JOURNEY": json.dumps(journey)},
        limit=1024 * 1024,
    )
    try:
        return await _read_outcomes(world, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read_outcomes(world: World, process: asyncio.subprocess.Process) -> dict[str, Outcome]:
    """Read the script's lines to the end: an outcome, or a URL that the person is to open."""
    assert process.stdin is not None
    assert process.stdout is not None
    outcomes: dict[str, Outcome] = {}
    async for raw in process.stdout:
        line: dict[str, Any] = json.loads(raw)
        if "visit" in line:
            process.stdin.write(f"{await visit(world, line['visit'])}\n".encode())
            await process.stdin.drain()
        else:
            outcomes[line["name"]] = Outcome.from_line(line)
    assert await process.wait() == 0
    return outcomes

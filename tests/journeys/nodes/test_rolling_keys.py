"""Keys are changed over a rolling set of nodes, and old records sealed anew, while people go on calling."""

import asyncio
from pathlib import Path

from tests.journeys.nodes.fleet import Fleet, open_fleet
from tests.journeys.nodes.load import at_least, calling
from tests.journeys.processes import ENVIRONMENT, start
from tests.journeys.waiting import until_told


async def command(fleet: Fleet, *words: str) -> str:
    """Run a command beside the nodes; return what it printed."""
    process = await start(*words, "--config", str(fleet.folder / "filling.toml"), env=ENVIRONMENT)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode() + err.decode()


async def roll(fleet: Fleet) -> None:
    """Start every node anew, one after the other."""
    for node in fleet.nodes:
        await fleet.end(node)
        await fleet.boot(node)
        await fleet.all_ready()


async def seals_with(fleet: Fleet, place: int) -> bool:
    rows = (await command(fleet, "keys", "list")).splitlines()
    return any(f" {place}. " in row and " yes " in row for row in rows)


async def test_two_rotations_under_load_lose_nobody(tmp_path: Path, store_url: str) -> None:
    async with open_fleet(tmp_path, store_url, 2) as fleet:
        handles = await fleet.sign_in(10, lifetime=3600)
        async with calling(fleet, handles) as met:
            for _ in range(2):
                await command(fleet, "keys", "rotate")
                await roll(fleet)
                await until_told(lambda: seals_with(fleet, 1), patience=40)
                assert "sealed anew" in await command(fleet, "store", "reseal")
                keys = fleet.ring_file.read_text().split()
                fleet.ring_file.write_text(keys[0] + "\n")  # the old key is taken out for good
                await roll(fleet)
                await at_least(met, 200, 50)

        assert set(met.statuses) == {200}
        assert (met.cookies, met.mixed_up) == ([], 0)

"""One refresh for any number of calls on any number of nodes, slow token endpoints and killed nodes included."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from gateway.flows.refreshes import LEASE
from tests.journeys.nodes.fleet import Fleet, open_fleet
from tests.journeys.waiting import until_told

PARALLEL = 100


async def hundred(fleet: Fleet, handle: str) -> list[int]:
    """Call with one session a hundred times at once, on every node in turn; return the statuses."""
    calls = (fleet.call(fleet.nodes[number % len(fleet.nodes)], handle) for number in range(PARALLEL))
    return [status for status, _, _ in await asyncio.gather(*calls)]


async def test_a_slow_token_endpoint_is_asked_once_by_three_nodes(tmp_path: Path, store_url: str) -> None:
    """oauth2-proxy #3456: its lease was shorter than the token endpoint was slow, and the grant was used twice."""
    delay = 15.0 if store_url.startswith("sqlite") else LEASE * 1.3  # three leases long, or a little more than one
    async with open_fleet(tmp_path, store_url, 3) as fleet:
        (handle,) = await fleet.sign_in(1)
        await fleet.control("tokens/rotate", kind="strict")
        await fleet.control("faults", path="/oauth/token", delay=delay)
        began = time.monotonic()

        assert await hundred(fleet, handle) == [200] * PARALLEL
        assert time.monotonic() - began >= delay
        assert await fleet.refreshes() == 1
        assert await hundred(fleet, handle) == [200] * PARALLEL
        assert await fleet.refreshes() == 1


async def refresh_has_reached_cronofy(fleet: Fleet) -> bool:
    return await fleet.refreshes() == 1


@pytest.mark.parametrize("rotation", ["grace", "strict"])
async def test_a_node_killed_between_answer_and_write(tmp_path: Path, store_url: str, rotation: str) -> None:
    """With grace nobody notices; with strict rotation nobody could have saved the connection, and the log says so."""
    async with open_fleet(tmp_path, store_url, 3) as fleet:
        (handle,) = await fleet.sign_in(1)
        killed, *others = fleet.nodes
        await fleet.control("tokens/rotate", kind=rotation)
        await fleet.control("faults", path="/oauth/token", delay=LEASE, when="after")
        calling = asyncio.ensure_future(fleet.call(killed, handle))
        await until_told(lambda: refresh_has_reached_cronofy(fleet))
        waiting = [asyncio.ensure_future(fleet.call(node, handle)) for node in others]
        await fleet.end(killed, signal.SIGKILL)
        began = time.monotonic()
        answers = await asyncio.gather(*waiting)
        took = time.monotonic() - began
        await asyncio.gather(calling, return_exceptions=True)

        assert took < LEASE + 3  # one lease time, and what two busy cores need for the rest
        assert await fleet.refreshes() == (1 if rotation == "strict" else 2)
        interrupted = [line for node in others for line in node.logged("refresh.interrupted")]
        if rotation == "strict":
            assert [(status, body["code"]) for status, body, _ in answers] == [(401, "reconnect_required")] * 2
            assert [line["outcome"] for line in interrupted] == ["lost"]
            lost = [line for node in others for line in node.logged("connection.lost")]
            assert [line["lost_by"] for line in lost] == ["interrupted"]
        else:
            assert [status for status, _, _ in answers] == [200, 200]
            assert [line["outcome"] for line in interrupted] == ["recovered"]


# A process that takes the lease with the gateway's own code, and is killed just before it asks Cronofy.
HOLDER = """
import asyncio, sys
from gateway.app.operator import open_doors
from gateway.config_check import load_settings

async def main(config):
    async with open_doors(load_settings(config)) as doors:
        async def never(application, fields):
            print("about to ask", flush=True)
            await asyncio.sleep(3600)
        doors.tokens.refreshes._cronofy = type("Never", (), {"token": staticmethod(never)})()
        (connection,) = await doors.browser.connections._records.store.list_ids("connection")
        await doors.proxy.callers.vault.fresh(connection)

asyncio.run(main(__import__("pathlib").Path(sys.argv[1])))
"""


async def test_a_holder_killed_before_it_asks_holds_the_others_up_for_one_lease(tmp_path: Path, store_url: str) -> None:
    async with open_fleet(tmp_path, store_url, 2) as fleet:
        (handle,) = await fleet.sign_in(1)
        await fleet.control("tokens/rotate", kind="strict")
        holder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOLDER, str(tmp_path / "filling.toml"), stdout=asyncio.subprocess.PIPE
        )
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"about to ask\n"
        waiting = [asyncio.ensure_future(fleet.call(node, handle)) for node in fleet.nodes]
        holder.kill()
        began = time.monotonic()
        await holder.wait()

        assert [status for status, _, _ in await asyncio.gather(*waiting)] == [200, 200]
        assert time.monotonic() - began < LEASE + 3
        assert await fleet.refreshes() == 1

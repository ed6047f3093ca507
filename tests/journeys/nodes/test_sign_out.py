"""A sign-out on one node is seen by the others: within two seconds, and at once where the engine can tell."""

import time
from pathlib import Path

from tests.journeys.nodes.fleet import Fleet, Node, open_fleet
from tests.journeys.waiting import until_told

WITHIN = 2.0
AT_ONCE = 1.0


async def is_out(fleet: Fleet, node: Node, handle: str) -> bool:
    status, body, _ = await fleet.call(node, handle)
    assert status in {200, 401}, body
    return status == 401


async def test_a_sign_out_reaches_every_node(tmp_path: Path, store_url: str) -> None:
    async with open_fleet(tmp_path, store_url, 2) as fleet:
        first, second = fleet.nodes
        (handle, other) = await fleet.sign_in(2, lifetime=3600)
        for node in fleet.nodes:
            assert not await is_out(fleet, node, handle)
        headers = {"Cookie": f"gateway-web={handle}", "X-CSRF": "1", "Gateway-Client": "web"}
        async with fleet.http.post(f"{first.url}/auth/logout", headers=headers) as reply:
            assert reply.status == 200
        began = time.monotonic()
        assert await is_out(fleet, first, handle)
        await until_told(lambda: is_out(fleet, second, handle))

        assert time.monotonic() - began < (WITHIN if store_url.startswith("sqlite") else AT_ONCE) + 0.5
        assert not await is_out(fleet, second, other)

"""Every node follows the store's clients, and its own settings file."""

import time
from pathlib import Path

from tests.journeys.nodes.fleet import CLIENT, Fleet, Node, open_fleet
from tests.journeys.nodes.test_rolling_keys import command
from tests.journeys.waiting import until_told

# Two seconds are what is promised; the rest is for a machine that is busy with other tests.
WITHIN = 2.0 + 1.5


async def knows(fleet: Fleet, node: Node, client: str, secret: str) -> bool:
    """Say whether a node knows a client by its secret, at the token endpoint."""
    assert node.process is not None
    assert node.process.returncode is None, node.lines[-5:]
    fields = {"client_id": client, "client_secret": secret, "grant_type": "nothing"}
    async with fleet.http.post(f"{node.url}/oauth/token", json=fields) as reply:
        told = (await reply.json())["error"]
        assert told in {"invalid_client", "unsupported_grant_type"}
        return bool(told == "unsupported_grant_type")


async def everywhere(fleet: Fleet, wanted: bool, client: str, secret: str) -> None:
    """Wait until every node knows a client, or none does."""
    began = time.monotonic()
    for node in fleet.nodes:

        async def is_so(node: Node = node) -> bool:
            return await knows(fleet, node, client, secret) is wanted

        await until_told(is_so, patience=WITHIN)
    assert time.monotonic() - began < WITHIN


async def test_clients_of_the_store_reach_every_node(tmp_path: Path, store_url: str) -> None:
    async with open_fleet(tmp_path, store_url, 2) as fleet:
        (handle,) = await fleet.sign_in(1, lifetime=3600)
        await command(fleet, "clients", "add", "new", "--custody", "gateway")
        secret = (await command(fleet, "clients", "secret", "new")).splitlines()[0]
        await everywhere(fleet, True, "new", secret)
        for node in fleet.nodes:
            assert (await fleet.call(node, handle))[0] == 200
        await command(fleet, "clients", "disable", "new")
        await command(fleet, "clients", "disable", CLIENT)
        await everywhere(fleet, False, "new", secret)
        await everywhere(fleet, False, CLIENT, "web-client-secret-0123456789abcdef")
        for node in fleet.nodes:
            status, body, cookies = await fleet.call(node, handle)
            assert (status, body["code"], cookies) == (400, "client_unknown", [])
            async with fleet.http.get(
                f"{node.url}/v1/account", headers={"Cookie": f"gateway-{CLIENT}={handle}"}
            ) as one:
                assert one.status == 401
        late = await fleet.add()
        await until_told(late.is_ready)
        assert not await knows(fleet, late, "new", secret)  # from its first call on
        await command(fleet, "clients", "enable", CLIENT)
        await everywhere(fleet, True, CLIENT, "web-client-secret-0123456789abcdef")
        assert (await fleet.call(late, handle))[0] == 200


async def test_each_node_follows_its_own_file(tmp_path: Path, store_url: str) -> None:
    async with open_fleet(tmp_path, store_url, 2) as fleet:
        more = '[clients.second]\nsecrets = ["second-secret-0123456789abcdef"]\n'
        for node in fleet.nodes:
            with (tmp_path / f"{node.name}.toml").open("a") as file:
                file.write(more)
        await everywhere(fleet, True, "second", "second-secret-0123456789abcdef")
        (tmp_path / "node-0.toml").write_text("broken")

        async def is_refused() -> bool:
            return bool(fleet.nodes[0].logged("gateway.reload_refused"))

        await until_told(is_refused, patience=WITHIN)
        await everywhere(fleet, True, "second", "second-secret-0123456789abcdef")

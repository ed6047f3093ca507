"""Several gateway processes on one store, an emulator that they take for Cronofy, and people who are signed in."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from gateway.adapters.key_ring import generate_key
from gateway.app.operator import open_doors
from gateway.config_check import load_settings
from gateway.emulator.app import EmulatorSettings, make_app, runner
from gateway.rules.client import AccountId
from gateway.rules.token_reply import TokenSet
from tests.journeys.processes import start
from tests.journeys.waiting import until_told
from tests.ports import free_port

CLIENT: Final = "web"
_SETTINGS: Final = """
public_url = "http://127.0.0.1:8080"
drain_timeout = 5
[listen]
port = {port}
[operations]
port = {operations}
[store]
url = "{store}"
[keys]
ring_file = "{ring}"
[applications.main]
client_id = "{client_id}"
client_secret = "{client_secret}"
emulator_url = "{cronofy}"
[clients.web]
secrets = ["web-client-secret-0123456789abcdef"]
home = "http://127.0.0.1:9/app"
"""


@dataclass
class Node:
    """A gateway process."""

    name: str
    folder: Path
    port: int
    operations_port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far."""
        text = (self.folder / f"{self.name}.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return its lines of one event."""
        return [line for line in self.lines if line["event"] == event]

    async def is_ready(self) -> bool:
        """Say whether it wants requests; fail when it has ended."""
        assert self.process is not None
        assert self.process.returncode is None, (self.folder / f"{self.name}.log").read_text(encoding="utf-8")
        return await self.reasons() == []

    async def reasons(self) -> list[str] | None:
        """Return what speaks against its readiness; None when it does not answer."""
        try:
            async with aiohttp.request("GET", f"http://127.0.0.1:{self.operations_port}/readyz") as reply:
                told: list[str] = (await reply.json()).get("reasons", [])
                return told
        except aiohttp.ClientError:
            return None


@dataclass
class Fleet:
    """Nodes, people and an emulator."""

    folder: Path
    store_url: str
    cronofy: str
    http: aiohttp.ClientSession
    ring_file: Path
    nodes: list[Node] = field(default_factory=list)

    def config(self, port: int, operations: int) -> str:
        """Return the settings of a node."""
        emulated = EmulatorSettings()
        return _SETTINGS.format(
            port=port,
            operations=operations,
            store=self.store_url,
            ring=self.ring_file,
            client_id=emulated.client_id,
            client_secret=emulated.client_secrets[0],
            cronofy=self.cronofy,
        )

    async def add(self) -> Node:
        """Start a further node, without waiting until it is ready."""
        name = f"node-{len(self.nodes)}"
        node = Node(name, self.folder, free_port(), free_port())
        (self.folder / f"{name}.toml").write_text(self.config(node.port, node.operations_port))
        self.nodes.append(node)
        await self.boot(node)
        return node

    async def boot(self, node: Node) -> None:
        """Start a node's process, or start it again."""
        with (self.folder / f"{node.name}.log").open("ab") as log:
            node.process = await start(
                "serve", "--config", str(self.folder / f"{node.name}.toml"), stdout=log, stderr=log
            )

    async def all_ready(self) -> None:
        """Wait until every node is."""
        for node in self.nodes:
            await until_told(node.is_ready)

    async def end(self, node: Node, how: signal.Signals = signal.SIGTERM) -> None:
        """End a node: as told, or by SIGKILL."""
        assert node.process is not None
        if node.process.returncode is None:
            node.process.send_signal(how)
        async with asyncio.timeout(20):
            await node.process.wait()

    async def control(self, name: str, **body: Any) -> dict[str, Any]:
        """Use a control of the emulator's."""
        async with self.http.post(f"{self.cronofy}/_emulator/{name}", json=body) as reply:
            assert reply.status < 300, await reply.text()
            told: dict[str, Any] = await reply.json()
            return told

    async def refreshes(self) -> int:
        """Return how many refreshes Cronofy has carried out."""
        async with self.http.get(f"{self.cronofy}/_emulator/tokens/counts") as reply:
            return int((await reply.json())["refreshes"])

    async def sign_in(self, count: int, *, lifetime: float = 1) -> dict[str, str]:
        """Make people with a session each, whose tokens live so many seconds; return handle → sub."""
        (self.folder / "filling.toml").write_text(self.config(8080, 9080))
        people = (await self.control("people", count=count))["people"]
        handles = {}
        async with open_doors(load_settings(self.folder / "filling.toml")) as doors:
            client = doors.registry.client(CLIENT)
            for one in people:
                tokens = TokenSet(
                    one["access_token"], one["refresh_token"], lifetime, "free_busy_write", AccountId(one["sub"]), None
                )
                stored = await doors.browser.connections.connect(client, tokens)
                data = {"connection": stored.id, "account": one["sub"], "profile": {"profile_id": one["profile_id"]}}
                handles[await doors.browser.sessions.create(client, data)] = one["sub"]
        return handles

    async def call(self, node: Node, handle: str, path: str = "/v1/account") -> tuple[int, dict[str, Any], list[str]]:
        """Call as a page does; return status, JSON body and Set-Cookie lines."""
        headers = {"Cookie": f"gateway-{CLIENT}={handle}", "X-CSRF": "1", "Gateway-Client": CLIENT}
        async with self.http.get(node.url + path, headers=headers) as reply:
            raw = await reply.read()
            return reply.status, json.loads(raw) if raw else {}, reply.headers.getall("Set-Cookie", [])


@asynccontextmanager
async def open_emulator(settings: EmulatorSettings) -> AsyncIterator[str]:
    """Run an emulator until the block ends; its URL."""
    emulator = runner(make_app(settings))
    await emulator.setup()
    try:
        await web.TCPSite(emulator, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{emulator.addresses[0][1]}"
    finally:
        await emulator.cleanup()


@asynccontextmanager
async def open_fleet(
    folder: Path, store_url: str, nodes: int, *, emulated: EmulatorSettings | None = None
) -> AsyncIterator[Fleet]:
    """Start an emulator and so many nodes; end whatever still runs."""
    ring = folder / "ring"
    ring.write_text(generate_key() + "\n")
    async with open_emulator(emulated or EmulatorSettings()) as cronofy, open_http() as http:
        fleet = Fleet(folder, store_url, cronofy, http, ring)
        try:
            for _ in range(nodes):
                await fleet.add()
            await fleet.all_ready()
            yield fleet
        finally:
            for node in fleet.nodes:
                await fleet.end(node, signal.SIGKILL)


def open_http() -> aiohttp.ClientSession:
    """Return what calls any number of nodes at once and keeps no cookie."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=60),
        connector=aiohttp.TCPConnector(limit=0),
    )

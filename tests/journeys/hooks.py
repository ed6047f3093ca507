"""An app's end of a delegated account: where its code arrives, and what asks for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from gateway.emulator.app import EmulatorSettings
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World

PATH: Final = "/v1/service_account_authorizations"
COLLECTION: Final = "service_account_authorizations"
SIGNATURE: Final = "Cronofy-HMAC-SHA256"
ENTERPRISE: Final = {
    "path": "/enterprise_connect/oauth/authorize",
    "scope": "service_account/accounts/manage",
    "delegated_scope": "free_busy_write read_events",
}
# Cronofy's own pauses are not published; these keep a test short.
IMPATIENT: Final = EmulatorSettings(callback_pauses=(0.05,) * 100)


@dataclass(frozen=True)
class Came:
    """One post that arrived."""

    target: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def authorization(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.raw)["authorization"]
        return told


@dataclass
class Hook:
    """Takes what is posted to `url`; answers with `status`."""

    url: str = ""
    status: int = 200
    arrived: asyncio.Queue[Came] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        await self.arrived.put(Came(request.path_qs, dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})

    async def next(self) -> Came:
        return await asyncio.wait_for(self.arrived.get(), 5)


@asynccontextmanager
async def open_hook() -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app, access_log=None)  # an app of its own: what it logs is not the gateway's
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?account=7&kind=x%20y"
    try:
        yield hook
    finally:
        await runner.cleanup()


def clients(custody: str, other: str = "") -> dict[str, Any]:
    """Return two clients that take codes at their registered redirect URI only, in these custodies."""
    common = {"redirect_uris": [CALLBACK], "scope_policy": "add"}
    return {
        ADDING: {**common, "secrets": [SECRETS[ADDING], f"{SECRETS[ADDING]}-newer"], "custody": custody},
        STRICT: {**common, "secrets": [SECRETS[STRICT]], "custody": other or custody},
    }


async def organisation(world: World, client: str = ADDING, mode: str = "free_busy", email: str = "") -> dict[str, Any]:
    """Connect an organisation by Enterprise Connect and return its token set."""
    return await world.sign_in(mode, client=client, email=email or "admin@example.com", **ENTERPRISE)


def asking(hook: Hook, name: str = "ada", **changes: Any) -> dict[str, Any]:
    """Return an entry that asks for a person of the organisation."""
    entry = {"email": f"{name}@example.com", "callback_url": hook.url, "scope": "free_busy_write", "state": name}
    return {**entry, **changes}


async def ask(world: World, service: dict[str, Any], body: dict[str, Any]) -> tuple[int, bytes, Mapping[str, str]]:
    """Ask for delegated access with a service account's token."""
    return await world.call("POST", PATH, service["access_token"], json=body)


async def exchange(world: World, client: str, code: str, uri: str) -> tuple[int, dict[str, Any]]:
    """Exchange a code at a redirect URI."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri}
    status, body, _ = await world.token(client, **fields)
    return status, body


async def person(
    world: World, service: dict[str, Any], hook: Hook, client: str = ADDING, name: str = "ada"
) -> dict[str, Any]:
    """Let a person of the organisation in and return their token set."""
    status, _, _ = await ask(world, service, asking(hook, name))
    assert status == 202
    status, tokens = await exchange(world, client, (await hook.next()).authorization["code"], hook.url)
    assert status == 200, tokens
    return tokens


async def deliveries(world: World) -> list[dict[str, Any]]:
    """Return the emulator's tries to deliver a callback."""
    async with world.session.get(f"{world.emulator}/_emulator/callbacks") as reply:
        found: list[dict[str, Any]] = (await reply.json())["callbacks"]
        return found


async def callback_outcomes(world: World) -> dict[str, float]:
    """Return the gateway's count of callbacks by outcome."""
    async with world.session.get(f"{world.operations}/metrics") as reply:
        lines = (await reply.text()).splitlines()
    prefix = 'gateway_callbacks_total{outcome="'
    pairs = (line.removeprefix(prefix).split('"} ') for line in lines if line.startswith(prefix))
    return {outcome: float(count) for outcome, count in pairs}

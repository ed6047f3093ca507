"""A whole world on loopback: emulator and gateway over real sockets, and what an app does with them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from gateway.adapters.key_ring import generate_key
from gateway.app import Running, run_gateway
from gateway.config_check import check_settings
from gateway.emulator.app import EmulatorSettings, make_app, runner
from gateway.flows.ports import Clock
from tests.ports import free_port

CALLBACK: Final = "http://127.0.0.1:9/callback"  # nobody listens: codes are read from the redirect
MODE: Final = "Cronofy-Access-Mode"
FULL_SCOPE: Final = "read_events create_event delete_event create_calendar free_busy_write"
ADDING, STRICT = "app-adding", "app-strict"
SECRETS: Final = {
    ADDING: "adding-client-secret-0123456789abcdef",
    STRICT: "strict-client-secret-0123456789abcdef",
}


@dataclass
class World:
    """Where things are, and a client without cookies (each call comes from a browser of its own)."""

    gateway: str
    emulator: str
    operations: str
    session: aiohttp.ClientSession
    running: Running
    store: Path

    async def consent(
        self, mode: str = "read_write", *, email: str = "", provider: str = "google", decline: bool = False
    ) -> None:
        """Let the emulator answer the next authorize requests for the person."""
        body = {"mode": mode, "provider": provider, "email": email or f"{mode}@example.com", "decline": decline}
        async with self.session.put(f"{self.emulator}/_emulator/autoconsent", json=body) as reply:
            assert reply.status < 300, await reply.text()

    async def location(self, url: str) -> str:
        """Return where a URL redirects to."""
        async with self.session.get(url, allow_redirects=False) as reply:
            assert reply.status in {302, 303}, (reply.status, await reply.text())
            return reply.headers["Location"]

    def authorize_url(self, client: str = ADDING, *, path: str = "/oauth/authorize", **parameters: str) -> str:
        """Return an authorize URL at the gateway."""
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": CALLBACK,
            "scope": FULL_SCOPE,
            **parameters,
        }
        return f"{self.gateway}{path}?{urlencode(asked)}"

    async def code(self, client: str = ADDING, **parameters: str) -> str:
        """Walk through both redirects and return the code."""
        back = await self.location(await self.location(self.authorize_url(client, **parameters)))
        return parse_qs(urlsplit(back).query)["code"][0]

    async def token(self, client: str = ADDING, **fields: str) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """POST to the token endpoint; return status, body, headers."""
        body = {"client_id": client, "client_secret": SECRETS[client], **fields}
        async with self.session.post(f"{self.gateway}/oauth/token", json=body) as reply:
            return reply.status, json.loads(await reply.read()), reply.headers

    async def sign_in(
        self, mode: str = "read_write", *, client: str = ADDING, email: str = "", **parameters: str
    ) -> dict[str, Any]:
        """Connect a person in a mode and return the token set."""
        await self.consent(mode, email=email)
        code = await self.code(client, **parameters)
        status, body, _ = await self.token(client, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert status == 200, body
        return body

    async def call(
        self, method: str, path: str, token: str | None = None, **more: Any
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Call the gateway's /v1; return status, body, headers."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        url = path if path.startswith("http") else self.gateway + path
        async with self.session.request(method, url, headers=headers, **more) as reply:
            return reply.status, await reply.read(), reply.headers

    async def seen_upstream(self) -> list[dict[str, Any]]:
        """Return the requests that reached the emulator, newest last."""
        async with self.session.get(f"{self.emulator}/_emulator/requests") as reply:
            seen: list[dict[str, Any]] = (await reply.json())["requests"]
            return seen

    async def forget_seen(self) -> None:
        """Empty the emulator's list of requests."""
        async with self.session.delete(f"{self.emulator}/_emulator/requests") as reply:
            assert reply.status < 300


def world_settings(*, store: Path, port: int, cronofy_url: str, **changes: Any) -> dict[str, Any]:
    """Return settings for a gateway on loopback with two clients on one application."""
    emulated = EmulatorSettings()
    client = {"any_loopback_redirect": True, "redirect_uris": ["https://app.example.com/callback"]}
    return {
        "public_url": f"http://127.0.0.1:{port}",
        "drain_timeout": 1,
        "listen": {"host": "127.0.0.1", "port": port},
        "operations": {"host": "127.0.0.1", "port": 0},
        "store": {"url": f"sqlite:///{store}"},
        "keys": {"ring": generate_key()},
        "applications": {
            "main": {
                "client_id": emulated.client_id,
                "client_secret": emulated.client_secrets[0],
                "emulator_url": cronofy_url,
            }
        },
        "clients": {
            ADDING: {**client, "secrets": [SECRETS[ADDING]], "scope_policy": "add"},
            STRICT: {**client, "secrets": [SECRETS[STRICT]], "scope_policy": "reject"},
        },
        **changes,
    }


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    clock: Clock | None = None,
    cronofy_url: str = "",
    emulated: EmulatorSettings | None = None,
    **changes: Any,
) -> AsyncIterator[World]:
    """Start emulator and gateway on free ports.

    Args:
        folder: where the store lies.
        clock: the gateway's clock; the system's when None.
        cronofy_url: what the gateway takes for Cronofy, instead of the emulator.
        emulated: the emulator's settings.
        changes: top-level settings of the gateway that differ.
    """
    async with AsyncExitStack() as stack:
        emulator = runner(make_app(emulated or EmulatorSettings()))
        await emulator.setup()
        stack.push_async_callback(emulator.cleanup)
        await web.TCPSite(emulator, "127.0.0.1", 0).start()
        emulator_url = f"http://127.0.0.1:{emulator.addresses[0][1]}"
        port, store = free_port(), folder / "records.db"
        values = world_settings(store=store, port=port, cronofy_url=cronofy_url or emulator_url, **changes)
        running = await stack.enter_async_context(run_gateway(check_settings(values), clock=clock))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=30), auto_decompress=True
            )
        )
        operations = f"http://127.0.0.1:{running.operations_port}"
        yield World(f"http://127.0.0.1:{port}", emulator_url, operations, session, running, store)

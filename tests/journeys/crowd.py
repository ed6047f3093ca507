"""Many people who are connected to an app that knows Cronofy alone, at an emulator of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from gateway.emulator.app import EmulatorSettings, make_app, runner

# Those of tests/journeys/processes.py's settings file.
APPLICATION: Final = "the-application"
APPLICATION_SECRET: Final = "CRN_the-applications-secret-0123456789"
_CALLBACK: Final = "http://127.0.0.1:9/callback"


@dataclass
class Person:
    """What the app's own database holds of somebody."""

    sub: str
    refresh_token: str
    access_token: str


@dataclass
class Cronofy:
    """An emulator, and what an app without a gateway does with it."""

    url: str
    session: aiohttp.ClientSession

    async def connect(self, number: int, mode: str = "read_write") -> list[Person]:
        """Connect so many people, each with one authorize request and one exchange."""
        return [await self._connect(f"person-{n}@example.com", mode) for n in range(number)]

    async def _connect(self, email: str, mode: str) -> Person:
        choice = {"mode": mode, "provider": "google", "email": email}
        async with self.session.put(f"{self.url}/_emulator/autoconsent", json=choice) as reply:
            assert reply.status < 300
        asked = {"response_type": "code", "client_id": APPLICATION, "redirect_uri": _CALLBACK}
        asked |= {"scope": "read_events free_busy_write", "avoid_linking": "true"}
        url = f"{self.url}/oauth/authorize?{urlencode(asked)}"
        async with self.session.get(url, allow_redirects=False) as reply:
            code = parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]
        status, body = await self.token(grant_type="authorization_code", code=code, redirect_uri=_CALLBACK)
        assert status == 200, body
        return Person(body["sub"], body["refresh_token"], body["access_token"])

    async def token(self, **fields: str) -> tuple[int, dict[str, Any]]:
        """POST to Cronofy's own token endpoint, past any gateway."""
        body = {"client_id": APPLICATION, "client_secret": APPLICATION_SECRET, **fields}
        async with self.session.post(f"{self.url}/oauth/token", json=body) as reply:
            return reply.status, await reply.json()

    async def rotate(self) -> None:
        """Let each refresh replace the refresh token from now on."""
        async with self.session.post(f"{self.url}/_emulator/tokens/rotate", json={"on": True}) as reply:
            assert reply.status < 300

    async def order(self, path: str, **fault: Any) -> None:
        """Let the next requests to a path be slow, or fail."""
        async with self.session.post(f"{self.url}/_emulator/faults", json={"path": path, **fault}) as reply:
            assert reply.status < 300

    async def forget_seen(self) -> None:
        """Empty the list of what arrived."""
        async with self.session.delete(f"{self.url}/_emulator/requests") as reply:
            assert reply.status < 300

    async def seen(self, path: str) -> int:
        """Return how many requests to a path arrived."""
        async with self.session.get(f"{self.url}/_emulator/requests") as reply:
            return sum(one["path"] == path for one in (await reply.json())["requests"])


@asynccontextmanager
async def open_cronofy() -> AsyncIterator[Cronofy]:
    """Run an emulator that replaces refresh tokens as they are used, until the block ends."""
    settings = EmulatorSettings(client_id=APPLICATION, client_secrets=(APPLICATION_SECRET,))
    emulator = runner(make_app(settings))
    await emulator.setup()
    try:
        await web.TCPSite(emulator, "127.0.0.1", 0).start()
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session:
            opened = Cronofy(f"http://127.0.0.1:{emulator.addresses[0][1]}", session)
            await opened.rotate()
            yield opened
    finally:
        await emulator.cleanup()

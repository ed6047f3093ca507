"""A browser with a real cookie jar, which follows redirects step by step and remembers every Set-Cookie line."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway.emulator.app import EmulatorSettings
from tests.clock import FakeClock
from tests.journeys.world import World, open_world

WEB, SIDE = "web", "side"
# Nobody listens there: the browser only reads where it is sent.
ORIGIN: Final = {WEB: "http://127.0.0.1:9", SIDE: "http://127.0.0.1:10"}
HOME: Final = {WEB: f"{ORIGIN[WEB]}/app", SIDE: f"{ORIGIN[SIDE]}/side"}
SECRET: Final = {WEB: "web-client-secret-0123456789abcdef", SIDE: "side-client-secret-0123456789abcdef"}
SESSION: Final = {WEB: "gateway-web", SIDE: "gateway-side"}
FLOW: Final = "gwflow-"


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object in it."""
        value = json.loads(self.body)
        assert isinstance(value, dict), value
        return value

    @property
    def location(self) -> str:
        """Where it redirects to."""
        assert self.status in {302, 303}, (self.status, self.body)
        return self.headers["Location"]

    @property
    def told(self) -> dict[str, str]:
        """What the query of its redirect says."""
        return query_of(self.location)

    @property
    def code(self) -> str:
        """The gateway's own error code."""
        return self.headers.get("Gateway-Error", "")

    @property
    def cookies(self) -> list[str]:
        """Its Set-Cookie lines."""
        return self.headers.getall("Set-Cookie", [])


def query_of(url: str) -> dict[str, str]:
    """Return a URL's query; no name may stand twice."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


async def send(
    http: aiohttp.ClientSession, method: str, url: str, headers: Iterable[tuple[str, str]] = (), **more: Any
) -> Reply:
    """Send a request, its target byte for byte, and read the answer; redirects are not followed."""
    lines = CIMultiDict(headers)
    async with http.request(method, URL(url, encoded=True), headers=lines, allow_redirects=False, **more) as reply:
        return Reply(reply.status, reply.headers, await reply.read())


def page_headers(client: str = WEB) -> list[tuple[str, str]]:
    """Return what a page of a client sends along."""
    return [("Origin", ORIGIN[client]), ("X-CSRF", "1")]


class Browser:
    """A person's browser."""

    def __init__(self, world: World, http: aiohttp.ClientSession, gateway: str = "") -> None:
        self.world = world
        self.http = http
        self.gateway = gateway or world.gateway
        self.set_cookies: list[str] = []

    @property
    def cookies(self) -> dict[str, str]:
        """What the jar holds for the gateway."""
        return {name: morsel.value for name, morsel in self.http.cookie_jar.filter_cookies(URL(self.gateway)).items()}

    @property
    def cookie_header(self) -> str:
        """The Cookie header that the gateway gets."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def flows(self) -> list[str]:
        """Names of the cookies of sign-ins under way."""
        return sorted(name for name in self.cookies if FLOW in name)

    def handle(self, client: str = WEB) -> str:
        """Return the session's handle."""
        return self.cookies[SESSION[client]]

    def plant(self, name: str, value: str) -> None:
        """Put a cookie into the jar, as another site of the family or a script could."""
        self.http.cookie_jar.update_cookies({name: value}, URL(self.gateway))

    async def go(self, url: str) -> Reply:
        """Navigate one step."""
        reply = await send(self.http, "GET", url if url.startswith("http") else self.gateway + url)
        self.set_cookies += reply.cookies
        return reply

    async def fetch(self, method: str, path: str, *, client: str = WEB, **more: Any) -> Reply:
        """Call the gateway as a client's page does; `headers` are further ones."""
        headers = [*page_headers(client), *more.pop("headers", [])]
        reply = await send(self.http, method, self.gateway + path, headers, **more)
        self.set_cookies += reply.cookies
        return reply

    async def begin(self, client: str = WEB, **query: str) -> str:
        """Begin a sign-in and return where at Cronofy it leads."""
        return (await self.go(f"/auth/login?{urlencode({'client': client, **query})}")).location

    async def consent(self, location: str) -> str:
        """Let Cronofy answer and return the callback's URL."""
        return await self.world.location(location)

    async def to_callback(self, client: str = WEB, **query: str) -> str:
        """Begin, consent, and return the callback's URL."""
        return await self.consent(await self.begin(client, **query))

    async def sign_in(self, mode: str = "read_write", *, client: str = WEB, email: str = "", **query: str) -> Reply:
        """Connect a person in a mode, and return the callback's answer."""
        await self.world.consent(mode, email=email)
        reply = await self.go(await self.to_callback(client, **query))
        assert reply.status == 303, reply.body
        assert "error" not in reply.told, reply.told
        return reply

    async def info(self, client: str = WEB, *, slide: bool = True) -> dict[str, Any]:
        """Ask who is signed in."""
        reply = await self.fetch("GET", f"/auth/session?slide={str(slide).lower()}", client=client)
        assert reply.status == 200, reply.body
        return reply.json()

    async def post(self, path: str, body: dict[str, Any] | None = None, *, client: str = WEB) -> Reply:
        """POST JSON to one of the gateway's own paths."""
        return await self.fetch("POST", path, client=client, json=body or {})


@asynccontextmanager
async def open_browser(world: World, gateway: str = "", **more: Any) -> AsyncIterator[Browser]:
    """Open a browser with an empty jar; `more` is for its ClientSession."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of addresses, not of names only
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=30), **more) as http:
        yield Browser(world, http, gateway)


def door_clients(**of_web: Any) -> dict[str, Any]:
    """Return two clients with pages; `of_web` changes the first."""
    return {
        WEB: {"secrets": [SECRET[WEB]], "home": HOME[WEB], **of_web},
        SIDE: {"secrets": [SECRET[SIDE]], "home": HOME[SIDE]},
    }


@asynccontextmanager
async def open_door(folder: Path, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[World]:
    """Start a world whose clients have pages; with a clock, emulator and gateway go by it."""
    emulated = changes.pop("emulated", EmulatorSettings(clock=clock.now) if clock else None)
    clients = changes.pop("clients", None) or door_clients()
    async with open_world(folder, clock=clock, emulated=emulated, clients=clients, **changes) as world:
        yield world


async def control(world: World, name: str, **body: Any) -> None:
    """Use a control of the emulator's."""
    async with world.session.post(f"{world.emulator}/_emulator/{name}", json=body) as reply:
        assert reply.status < 300, await reply.text()


async def statuses(world: World, path: str) -> list[int]:
    """Return with which statuses the emulator answered a path, oldest first."""
    return [one["status"] for one in await world.seen_upstream() if one["path"] == path]


async def sign_in_at_stub(browser: Browser) -> Reply:
    """Sign in where Cronofy is a stub, which takes any code; return the callback's answer."""
    return await browser.go(await stub_callback(browser))


async def stub_callback(browser: Browser) -> str:
    """Begin a sign-in where Cronofy is a stub, and return the URL that a person would come back with."""
    return f"{browser.gateway}/auth/callback?code=any&state={query_of(await browser.begin())['state']}"

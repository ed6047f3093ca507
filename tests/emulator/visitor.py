"""A visitor of the emulator: a browser and an app in one, so that a test says only what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.state import STATE, State

Json = dict[str, "Value"]
Value = str | int | float | bool | None | list["Value"] | Json

CALLBACK = "https://app.example.com/callback"


class Clock:
    """Unix time that moves only when told to: 2026-03-02 08:00 UTC, a Monday, at the start."""

    def __init__(self) -> None:
        self.now = 1_772_438_400.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Visitor:
    """Calls the emulator with what it holds."""

    client: TestClient[Request, Application]
    settings: EmulatorSettings
    clock: Clock
    access_token: str = ""
    tokens: Json = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The memory of the emulator."""
        app = self.client.app
        assert app is not None
        return app[STATE]

    @property
    def credentials(self) -> Json:
        return {"client_id": self.settings.client_id, "client_secret": self.settings.client_secrets[0]}

    @property
    def sub(self) -> str:
        return str(self.tokens["sub"])

    async def open(self, path: str, **query: str) -> ClientResponse:
        """Open a URL as a browser would, without following a redirect."""
        asked = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        return await self.client.get(asked, allow_redirects=False)

    async def authorize(self, scope: str = "read_write", **query: str) -> dict[str, str]:
        """Authorize, with consent given in advance, and return what came back to the redirect URI."""
        asked = {"response_type": "code", "client_id": self.settings.client_id, "redirect_uri": CALLBACK}
        response = await self.open("/oauth/authorize", **(asked | {"scope": scope} | query))
        return returned(response)

    async def exchange(self, code: str, redirect_uri: str = CALLBACK) -> ClientResponse:
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return await self.client.post("/oauth/token", json=self.credentials | body)

    async def refresh(self, refresh_token: str) -> ClientResponse:
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.client.post("/oauth/token", json=self.credentials | body)

    async def consent(self, **choice: object) -> None:
        """Give consent in advance."""
        response = await self.client.put("/_emulator/autoconsent", json=choice)
        assert response.status == 200, await response.text()

    async def connect(
        self, scope: str = "read_write", query: Mapping[str, str] | None = None, /, **choice: object
    ) -> Json:
        """Go through it all, and keep the access token for the calls that follow."""
        await self.consent(**choice)
        back = await self.authorize(scope, **(query or {}))
        return await self.keep(await self.exchange(back["code"]))

    async def connect_organisation(
        self,
        delegated_scope: str = "free_busy_write read_write",
        scope: str = "service_account/accounts/manage service_account/resources/manage",
        **choice: object,
    ) -> Json:
        """The same for a service account."""
        await self.consent(**({"email": "admin@example.org"} | choice))
        asked = {"response_type": "code", "client_id": self.settings.client_id, "redirect_uri": CALLBACK}
        asked |= {"scope": scope, "delegated_scope": delegated_scope}
        back = returned(await self.open("/enterprise_connect/oauth/authorize", **asked))
        return await self.keep(await self.exchange(back["code"]))

    async def keep(self, response: ClientResponse) -> Json:
        assert response.status == 200, await response.text()
        self.tokens = await response.json()
        self.access_token = str(self.tokens["access_token"])
        return self.tokens

    def use_key(self, which: int = 0) -> None:
        """Call with a client secret as API key from now on."""
        self.access_token = self.settings.client_secrets[which]

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ClientResponse:
        """Call the API with the credential at hand."""
        own = {"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}
        return await self.client.request(
            method, path, json=body, params=query, headers=own | dict(headers or {}), allow_redirects=False
        )

    async def json(
        self, method: str, path: str, body: object = None, *, status: int = 200, query: Mapping[str, str] | None = None
    ) -> Json:
        """Call, check the status, and return the JSON."""
        response = await self.call(method, path, body, query=query)
        assert response.status == status, await response.text()
        decoded: Json = await response.json()
        return decoded

    async def status(self, method: str, path: str, body: object = None) -> int:
        """Call and return the status only."""
        return (await self.call(method, path, body)).status

    async def calendar_ids(self) -> list[str]:
        found = items(await self.json("GET", "/v1/calendars"), "calendars")
        return [str(calendar["calendar_id"]) for calendar in found]

    async def events(self, **query: str) -> list[Json]:
        """All pages of events."""
        page = await self.json("GET", "/v1/events", query=query)
        found = items(page, "events")
        while "next_page" in part(page, "pages"):
            page = await self.json("GET", urlsplit(str(part(page, "pages")["next_page"])).path)
            found += items(page, "events")
        return found


def event(event_id: str = "one", /, **fields: object) -> dict[str, object]:
    """An event that can be written, or one with something else in it."""
    times = {"start": "2026-03-03T09:00:00Z", "end": "2026-03-03T10:00:00Z"}
    return {"event_id": event_id, "summary": "Board game night", "description": "Bring dice"} | times | fields


def returned(response: ClientResponse) -> dict[str, str]:
    """What a redirect brings back, by name."""
    assert response.status == 302, response.status
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def part(body: Json, *names: str) -> Json:
    """An object within an object."""
    for name in names:
        found = body[name]
        assert isinstance(found, dict)
        body = found
    return body


def items(body: Json, name: str) -> list[Json]:
    """A list of objects within an object."""
    found = body[name]
    assert isinstance(found, list)
    return [item for item in found if isinstance(item, dict)]


def keys(body: Json) -> dict[str, str]:
    """The error keys of a 422, by field."""
    return {
        name: str(complaints[0]["key"])
        for name in part(body, "errors")
        if (complaints := items(part(body, "errors"), name))
    }

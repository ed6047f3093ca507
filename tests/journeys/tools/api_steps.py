"""Calls of the API that a tool makes once it is connected; how a request is sent is the tool's own affair."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.journeys.custody import assert_custody
from tests.journeys.sdks.browser import code_in, visit
from tests.journeys.world import ADDING, CALLBACK, MODE, SECRETS, World

SCOPE: Final = "read_events create_event delete_event"
"""What the tools ask for: free_busy_write is for the gateway to add."""

WRONG: Final = "not-the-secret-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


@dataclass
class ToolJourney:
    """What the journeys share.

    Attributes:
        world: emulator and gateway.
        custody: of the client.
        access: the latest access token, or its handle.
        renewal: the latest refresh token, or its handle.
        known: ids that one call learns and a later one needs.
    """

    world: World
    custody: str
    access: str = ""
    renewal: str = ""
    known: dict[str, str] = field(default_factory=dict)

    client_id: str = ADDING
    secret: str = SECRETS[ADDING]

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Make what the tool needs before its first call."""

    async def request(self, method: str, url: str, body: Any = None) -> Answer:
        """Send a request with the access token; a body goes as JSON."""
        raise NotImplementedError

    async def open(self, url: str, *, state: str) -> str:
        """Let the person open a URL; return where the browser comes back to, with the code in it."""
        assert url.startswith(f"{self.world.gateway}/")
        await self.world.consent("free_busy")
        back = await visit(self.world, url)
        assert back.startswith(CALLBACK)
        self.known |= {"code": code_in(back), "state": state}
        return back

    async def keep(self, tokens: Mapping[str, Any]) -> None:
        """Keep what a token answer holds, and see that it is what the custody says."""
        assert tokens["token_type"].lower() == "bearer"
        assert tokens["expires_in"] > 0
        assert tokens["access_token"] != self.access
        self.access, self.renewal = tokens["access_token"], tokens["refresh_token"]
        await assert_custody(self.world, self.custody, self.access)

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Answer:
        """Call the API at the gateway; every answer names the mode that the person connected in."""
        url = path if path.startswith("http") else f"{self.world.gateway}{path}"
        assert url.startswith(f"{self.world.gateway}/v1/"), url
        answer = await self.request(method, url, body)
        assert answer.status == status, (answer.status, answer.body)
        assert answer.headers[MODE.lower()] == "free_busy"
        return answer

    async def calendars(self) -> None:
        found = (await self.call("GET", "/v1/calendars")).json()["calendars"]
        self.known["calendar"] = next(one["calendar_id"] for one in found if not one["calendar_readonly"])
        self.known["sub"] = (await self.call("GET", "/v1/userinfo")).json()["sub"]

    async def read_events(self) -> None:
        await self.all_pages(f"/v1/free_busy?tzid=Etc%2FUTC&from={day(-30)}&to={day(60)}", "free_busy")

    async def all_pages(self, path: str, name: str) -> None:
        """Follow next_page to the end, as it is said."""
        page = (await self.call("GET", path)).json()
        seen, total = 1, page["pages"]["total"]
        assert total > 1
        while following := page["pages"].get("next_page"):
            page = (await self.call("GET", following)).json()
            assert page[name]
            seen += 1
        assert seen == total

    async def batch(self) -> None:
        url = f"/v1/calendars/{self.known['calendar']}/events"
        items = [
            {"method": "POST", "relative_url": url, "data": event("one")},
            {"method": "DELETE", "relative_url": url, "data": {"event_id": "one"}},
        ]
        done = (await self.call("POST", "/v1/batch", {"batch": items}, status=207)).json()
        assert [item["status"] for item in done["batch"]] == [202, 202]

    async def availability(self) -> None:
        asked = availability_query(self.known["sub"])
        assert (await self.call("POST", "/v1/availability", asked)).json()["available_periods"]

    async def assert_passed_on(self, *names: str) -> None:
        """Parameters that mean nothing to the gateway were in the request that Cronofy got."""
        asked = [one for one in await self.world.seen_upstream() if one["path"] == "/oauth/authorize"]
        assert set(names) <= set(asked[-1]["query_names"])

    async def assert_revoked(self) -> None:
        """Neither token is good for anything any more."""
        answer = await self.request("GET", f"{self.world.gateway}/v1/userinfo")
        assert answer.status == 401
        assert "www-authenticate" in answer.headers
        form = {"client_id": self.client_id, "client_secret": self.secret}
        form |= {"grant_type": "refresh_token", "refresh_token": self.renewal}
        async with self.world.session.post(f"{self.world.gateway}/oauth/token", data=form) as reply:
            assert (reply.status, (await reply.json())["error"]) == (400, "invalid_grant")


def day(days: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """Return a full hour some days from now."""
    now = dt.datetime.now(tz=dt.UTC).replace(minute=0, second=0, microsecond=0)
    return (now + dt.timedelta(days=days)).strftime(form)


def event(event_id: str) -> dict[str, Any]:
    """Return an event of tomorrow."""
    times = {"start": day(1), "end": day(1.05), "tzid": "Etc/UTC"}
    return {"event_id": event_id, "summary": "Board meeting", "description": "Discuss plans", **times}


def availability_query(sub: str) -> dict[str, Any]:
    """Return an availability query about a person."""
    return {
        "participants": [{"required": "all", "members": [{"sub": sub}]}],
        "required_duration": {"minutes": 30},
        "query_periods": [{"start": day(2), "end": day(4)}],
    }

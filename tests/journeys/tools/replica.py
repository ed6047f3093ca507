"""A wire replica: requests written byte by byte as an SDK writes them that cannot be installed here.

Its source was read at a commit; the habits of its HTTP library come with it. What an answer must be like is what the
SDK needs in order to take it for a success.
"""

import json
import zlib
from typing import Any
from urllib.parse import urlencode

from tests.journeys.raw_http import connect
from tests.journeys.tools.api_steps import Answer, ToolJourney, availability_query, day, event
from tests.journeys.world import CALLBACK

JSON = "Content-Type: application/json; charset=utf-8"
FORM = "Content-Type: application/x-www-form-urlencoded"


class Replica(ToolJourney):
    """What the replicas share: a connection of its own for each request, and no redirect followed."""

    async def send(self, method: str, target: str, *lines: str, body: str | None = None) -> Answer:
        """Send a request line, header lines and a body as they are; interim answers are passed over."""
        raw = (body or "").encode()
        length = [f"Content-Length: {len(raw)}"] if body is not None else []
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, *length])
        async with connect(self.world.gateway) as wire:
            await wire.send(head.encode() + b"\r\n\r\n" + raw)
            reply = await wire.reply()
            while reply.status < 200:
                reply = await wire.reply()
        assert reply.whole
        assert not 300 <= reply.status < 400  # PHP does not follow it, others lose their token on the way
        headers = dict(reply.headers)
        packed = headers.get("content-encoding") == "gzip"
        return Answer(reply.status, headers, zlib.decompress(reply.body, 31) if packed else reply.body)

    def host(self) -> str:
        """Return the Host line of a client that was pointed at the gateway."""
        return f"Host: {self.world.gateway.removeprefix('http://')}"

    def lines(self, *, token: str | None) -> list[str]:
        """Return the header lines of a call, with a token if there is one."""
        raise NotImplementedError

    async def request(self, method: str, url: str, body: Any = None) -> Answer:
        target = url.removeprefix(self.world.gateway)
        text = None if body is None else json.dumps(body)
        return await self.send(method, target, *self.lines(token=self.access), body=text)

    def credentials(self, **fields: str) -> dict[str, str]:
        """Return fields of a token call, the client's own first."""
        return {"client_id": self.client_id, "client_secret": self.secret, **fields}

    def code_fields(self, **more: str) -> dict[str, str]:
        """Return the fields of the code exchange."""
        return {"grant_type": "authorization_code", "code": self.known["code"], "redirect_uri": CALLBACK, **more}

    def refresh_fields(self) -> dict[str, str]:
        """Return the fields of a refresh."""
        return {"grant_type": "refresh_token", "refresh_token": self.renewal}

    def events_path(self) -> str:
        """Return the path of the calendar's events."""
        return f"/v1/calendars/{self.known['calendar']}/events"

    def link_body(self) -> dict[str, Any]:
        """Return the body of a real-time scheduling request, the client's credentials in it."""
        return {
            **self.credentials(),
            "oauth": {"redirect_uri": CALLBACK, "scope": "create_event"},
            "event": {"event_id": "booked", "summary": "Booked", "tzid": "Etc/UTC"},
            "availability": availability_query(self.known["sub"]),
            "target_calendars": [{"sub": self.known["sub"], "calendar_id": self.known["calendar"]}],
        }

    async def create_real_time_scheduling(self) -> None:
        answer = await self.send(
            "POST", "/v1/real_time_scheduling", *self.lines(token=None), body=json.dumps(self.link_body())
        )
        assert answer.status == 200, answer.body
        assert answer.json()["real_time_scheduling"]["url"]

    async def upsert_and_delete(self) -> None:
        """DELETE requests carry a JSON body; both answers are 202 and empty."""
        for method, body in (("POST", event("meeting")), ("DELETE", {"event_id": "meeting"})):
            answer = await self.call(method, self.events_path(), body, status=202)
            assert answer.body == b""


def form(fields: dict[str, str]) -> str:
    """Write fields as a form."""
    return urlencode(fields)


def window(form_of_times: str = "%Y-%m-%dT%H:%M:%SZ") -> tuple[str, str]:
    """Return from and to of a query that fills several pages."""
    return day(-30, form_of_times), day(60, form_of_times)

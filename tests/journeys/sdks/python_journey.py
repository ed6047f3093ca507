"""A journey of the Python SDK: its clients, what they learnt so far, and the browser beside them.

Nothing of the SDK is changed but the two base URLs.
"""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pycronofy
import requests

from tests.journeys.sdks.browser import visit
from tests.journeys.sdks.calls import Answer
from tests.journeys.world import ADDING, MODE, SECRETS, World


@dataclass
class Journey:
    """What the calls share: run in a thread of its own, since the SDK blocks.

    Attributes:
        world: emulator and gateway.
        loop: where the world lives.
        client: the person's SDK client.
        known: ids that one call learns and a later one needs.
        answers: of the call that is being made.
    """

    world: World
    loop: asyncio.AbstractEventLoop
    client: Any = None
    known: dict[str, Any] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = self.new_client()

    def new_client(self, access_token: str | None = None) -> Any:
        """Make an SDK client of the gateway's client, pointed at the gateway."""
        client = pycronofy.Client(client_id=ADDING, client_secret=SECRETS[ADDING], access_token=access_token)
        client.request_handler.base_url = client.app_base_url = self.world.gateway
        return client

    def visit(self, url: str) -> str:
        """Let the person open a URL; return where the browser comes back to."""
        return asyncio.run_coroutine_threadsafe(visit(self.world, url), self.loop).result(timeout=30)

    def note(self, response: requests.Response, *_args: object, **_options: object) -> None:
        """Note an answer; a request hook of the SDK."""
        self.answers.append(Answer(str(response.url), response.status_code, response.headers.get(MODE)))


def at(days: float) -> dt.datetime:
    """Return a full hour some days from now."""
    now = dt.datetime.now(tz=dt.UTC).replace(minute=0, second=0, microsecond=0)
    return now + dt.timedelta(days=days)


def event(event_id: str) -> dict[str, Any]:
    """Return an event of tomorrow."""
    return {
        "event_id": event_id,
        "summary": "Board meeting",
        "description": "Discuss plans",
        "start": at(1),
        "end": at(1.05),
        "tzid": "Etc/UTC",
    }


def availability_query(sub: str) -> dict[str, Any]:
    """Return an availability query about a person."""
    return {
        "participants": [{"required": "all", "members": [sub]}],
        "required_duration": 30,
        "available_periods": [{"start": at(2), "end": at(4)}],
    }

"""pycronofy in the service door: a stored account's calls with the client's secret, and no token anywhere in the app.

The handler below is the one of docs/service-door.md.
"""

import asyncio
from pathlib import Path
from typing import Any

import pycronofy
import pytest
import requests
from pycronofy.exceptions import PyCronofyRequestError
from pycronofy.request_handler import RequestHandler

from tests.journeys.door.browser import SECRET, WEB
from tests.journeys.sdks.python_journey import availability_query, event
from tests.journeys.service.backend import connect, open_service

_BEGIN = "# What follows stands in the documentation" + ".\n"
_END = "# What follows does not" + "."
DOCS = Path(__file__).parents[3] / "docs" / "service-door.md"


# What follows stands in the documentation.
class ForAccount(RequestHandler):  # type: ignore[misc]  # pycronofy has no types
    """Makes a pycronofy client call for one stored account."""

    def __init__(self, client: Any, account: str, gateway: str) -> None:
        super().__init__(client.auth)
        self.base_url = gateway
        self.session = requests.Session()
        self.session.headers["Gateway-Account"] = account

    def _request(
        self, method: str, endpoint: str = "", url: str = "", data: Any = None, params: Any = None, **_more: Any
    ) -> requests.Response:
        headers = {"Authorization": self.auth.get_api_key(), "User-Agent": self.user_agent}
        url = url or f"{self.base_url}/v1/{endpoint}"
        response = self.session.request(method, url, headers=headers, json=data or {}, params=params)
        if response.status_code >= 400:
            raise PyCronofyRequestError(request=response.request, response=response)
        return response


# What follows does not.


def _call(gateway: str, account: str) -> dict[str, Any]:
    client = pycronofy.Client(client_id=WEB, client_secret=SECRET[WEB])
    client.request_handler = ForAccount(client, account, gateway)
    calendar = client.list_calendars()[0]["calendar_id"]
    client.upsert_event(calendar_id=calendar, event=event("talk"))
    written = [one["event_id"] for one in client.read_events(only_managed=True).all()]
    with pytest.raises(PyCronofyRequestError) as caught:
        client.upsert_event(calendar, {**event("other"), "conferencing": {"profile_id": "integrated"}})
    client.delete_event(calendar_id=calendar, event_id="talk")
    query = availability_query(account)
    free = client.availability(
        query["participants"], query["required_duration"], available_periods=query["available_periods"]
    )
    return {"sub": client.userinfo()["sub"], "written": written, "refused": caught.value.response, "free": free}


async def test_pycronofy_calls_for_a_stored_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with open_service(tmp_path) as world:
        sub = await connect(world, "free_busy")
        told = await asyncio.to_thread(_call, world.gateway, sub)

    assert (told["sub"], told["written"]) == (sub, ["talk"])
    assert told["refused"].status_code == 422
    assert told["refused"].headers["Gateway-Error"] == "integrated_conferencing_refused"
    assert told["free"]


def test_the_documentation_shows_this_very_handler() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    handler = source.partition(_BEGIN)[2].partition(_END)[0].strip()
    assert handler.startswith("class ForAccount")
    handler = handler.replace("  # type: ignore[misc]  # pycronofy has no types", "")
    assert handler in DOCS.read_text(encoding="utf-8")

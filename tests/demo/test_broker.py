"""demo-broker, the demo's client for outside tools: handles, any loopback redirect URI, and the scope is added."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.demo.settings import BROKER_CLIENT, SDK_CLIENT, STRICT_CLIENT, secret_of
from tests.demo.values import settings_in
from tests.journeys.tools.httpx_oauth_journey import HttpxOauthJourney
from tests.journeys.tools.table import LIBRARY_CALLS
from tests.journeys.world import World, open_world

_SECRET = "demo-broker-secret"  # as the demo shows it


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A gateway with the demo's own clients."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = settings_in(tmp_path)
    async with open_world(tmp_path, clients=settings["clients"]) as opened:
        yield opened


async def test_an_outside_tool_does_everything_with_handles(world: World) -> None:
    """Connect, exchange, refresh, calls, pages, a wrong secret, revocation; each step asserts for itself."""
    journey = HttpxOauthJourney(world, "gateway", client_id="demo-broker", secret=_SECRET)
    for name in LIBRARY_CALLS:
        await getattr(journey, name)()


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://127.0.0.1:9/callback", "http://localhost:12345/oauth", "http://[::1]:8000/", "http://127.0.0.1/x"],
)
async def test_any_loopback_redirect_uri_is_taken_and_the_scope_is_added(world: World, redirect_uri: str) -> None:
    asked = {"redirect_uri": redirect_uri, "scope": "read_events create_event", "state": "s"}
    onward = parse_qs(urlsplit(await world.location(world.authorize_url(BROKER_CLIENT, **asked))).query)

    assert onward["redirect_uri"] == [redirect_uri]
    assert onward["scope"] == ["read_events create_event free_busy_write"]


async def test_another_redirect_uri_is_a_page(world: World) -> None:
    url = world.authorize_url(BROKER_CLIENT, redirect_uri="https://elsewhere.example.com/callback")
    async with world.session.get(url, allow_redirects=False) as reply:
        assert reply.status == 400


async def test_a_refresh_handle_stays_the_same_and_an_older_access_handle_goes_on(world: World) -> None:
    first = await _tokens(world, grant_type="authorization_code", **await _code(world))
    second = await _tokens(world, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    for handle in (first["access_token"], second["access_token"]):
        status, _, headers = await world.call("GET", "/v1/calendars", handle)
        assert (status, headers["Cronofy-Access-Mode"]) == (200, "no_access")


async def test_a_backend_calls_for_whom_it_connected_and_lets_go_again(world: World) -> None:
    """The service door is open to it: its secret and a `sub` are all that a backend has to keep."""
    told = await _tokens(world, grant_type="authorization_code", **await _code(world))
    for_them = {"Gateway-Account": told["sub"]}
    status, _, headers = await world.call("GET", "/v1/calendars", _SECRET, headers=for_them)
    assert (status, headers["Cronofy-Access-Mode"]) == (200, "no_access")
    status, body, _ = await world.call("GET", "/auth/connections", _SECRET)
    assert [one["sub"] for one in json.loads(body)["connections"]] == [told["sub"]]
    path = f"/auth/connections/{told['sub']}"
    status, body, _ = await world.call("GET", path, _SECRET)
    assert (status, json.loads(body)["access_mode"]) == (200, "no_access")

    assert (await world.call("DELETE", path, _SECRET))[0] == 204
    for again, more, expected in (
        (path, {}, (404, "connection_unknown")),
        ("/v1/calendars", {"headers": for_them}, (404, "connection_unknown")),
    ):
        status, _, headers = await world.call("GET", again, _SECRET, **more)
        assert (status, headers["Gateway-Error"]) == expected
    assert (await world.call("GET", "/v1/calendars", told["access_token"]))[0] == 401


@pytest.mark.parametrize("client", [SDK_CLIENT, STRICT_CLIENT])
async def test_no_other_demo_client_has_the_door_or_the_account(world: World, client: str) -> None:
    told = await _tokens(world, grant_type="authorization_code", **await _code(world))
    for path, more in (("/v1/calendars", {"headers": {"Gateway-Account": told["sub"]}}), ("/auth/connections", {})):
        status, _, headers = await world.call("GET", path, secret_of(client), **more)
        assert (status, headers["Gateway-Error"]) == (403, "service_door_closed")


async def _code(world: World) -> dict[str, str]:
    await world.consent("no_access")
    return {"code": await world.code(BROKER_CLIENT), "redirect_uri": "http://127.0.0.1:9/callback"}


async def _tokens(world: World, **fields: str) -> dict[str, Any]:
    form = {"client_id": BROKER_CLIENT, "client_secret": _SECRET, **fields}
    async with world.session.post(f"{world.gateway}/oauth/token", data=form) as reply:
        assert reply.status == 200, await reply.text()
        told: dict[str, Any] = await reply.json()
        return told

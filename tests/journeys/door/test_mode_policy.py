"""A page's client that takes one mode only: led to it, and sent back from another."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.door.browser import HOME, SIDE, WEB, Browser, door_clients, open_browser, open_door, query_of
from tests.journeys.world import World

POLICY = {"accepted_modes": ["free_busy"], "preferred_mode": "free_busy", "preferred_provider": "google"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_door(tmp_path, clients=door_clients(**POLICY)) as opened:
        yield opened


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    async with open_browser(world, world.gateway) as opened:
        yield opened


async def test_people_are_led_to_the_preferred_mode(browser: Browser) -> None:
    assert query_of(await browser.begin())["provider_name"] == "google_free_busy"
    assert query_of(await browser.begin(mode="no_access"))["provider_name"] == "cronofy"


async def test_another_mode_comes_back_to_the_page_without_a_session(world: World, browser: Browser) -> None:
    await world.consent("no_access")
    back = await browser.go(await browser.to_callback(mode="no_access"))

    assert back.status == 303
    assert back.location.startswith(HOME[WEB])
    assert (back.told["gateway_error"], back.told["error"]) == ("mode_refused", "access_denied")
    assert (await browser.info())["authenticated"] is False
    (revoked,) = [one["path"] for one in await world.seen_upstream() if one["path"].endswith("/revoke")]
    assert revoked.startswith("/v1/profiles/")


async def test_a_refusal_leaves_the_session_of_another_client_alone(world: World, browser: Browser) -> None:
    await browser.sign_in("no_access", client=SIDE)
    back = await browser.go(await browser.to_callback(mode="no_access"))

    assert back.told["gateway_error"] == "mode_refused"
    assert [one for one in await world.seen_upstream() if one["path"].endswith("/revoke")] == []
    reply = await browser.fetch("GET", "/v1/calendars", client=SIDE)
    assert reply.status == 200


async def test_the_accepted_mode_signs_in(browser: Browser) -> None:
    await browser.sign_in("free_busy")
    assert (await browser.info())["access_mode"] == "free_busy"

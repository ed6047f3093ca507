"""A callback URL lets its client exchange codes, so naming another client's redirect URI as one must gain nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door.browser import door_clients, open_browser, open_door, query_of
from tests.journeys.hooks import exchange, organisation
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world

PATH = "/v1/service_account_authorizations"
THEIRS = "https://theirs.example.com/callback"
MINE = "https://mine.example.com/callback"


def clients(custody: str) -> dict[str, Any]:
    """Return two clients on one application: the one that is robbed, in a custody, and the one that tries to."""
    return {
        ADDING: {
            "secrets": [SECRETS[ADDING]],
            "scope_policy": "add",
            "redirect_uris": [THEIRS],
            "custody": custody,
        },
        STRICT: {"secrets": [SECRETS[STRICT]], "redirect_uris": [MINE, CALLBACK], "custody": "client"},
    }


async def borrow(world: World, url: str) -> None:
    """Name a URL as the callback URL of somebody whom Cronofy is asked for."""
    service = await organisation(world, STRICT)
    entry = {"email": "ada@example.com", "callback_url": url, "scope": "free_busy_write", "state": "s"}
    await world.call("POST", PATH, service["access_token"], json=entry)


@pytest.mark.parametrize("custody", ["client", "gateway"])
async def test_naming_another_clients_redirect_uri_does_not_open_its_codes(tmp_path: Path, custody: str) -> None:
    """Both use one application at Cronofy, which therefore cannot keep their codes apart."""
    async with open_world(tmp_path, clients=clients(custody)) as world:
        await borrow(world, THEIRS)
        await world.consent(email="victim@example.com")
        code = await world.code(ADDING, redirect_uri=THEIRS)
        await world.forget_seen()
        status, told = await exchange(world, STRICT, code, THEIRS)
        assert (status, told.get("error")) == (400, "invalid_grant")
        assert not [one for one in await world.seen_upstream() if one["path"] == "/oauth/token"]
        status, told = await exchange(world, ADDING, code, THEIRS)
        assert status == 200, told


async def test_naming_the_gateways_own_redirect_uri_does_not_open_the_codes_of_its_pages(tmp_path: Path) -> None:
    both = door_clients() | {STRICT: clients("client")[STRICT]}
    async with open_door(tmp_path, clients=both) as world, open_browser(world) as browser:
        await borrow(world, f"{world.gateway}/auth/callback")
        await world.consent(email="victim@example.com")
        code = query_of(await browser.to_callback())["code"]
        status, told = await exchange(world, STRICT, code, f"{world.gateway}/auth/callback")
        assert (status, told.get("error")) == (400, "invalid_grant")

"""A client that takes one mode only, on both doors' token path, beside one that takes them all."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.journeys.world import ADDING, CALLBACK, MODE, SECRETS, STRICT, World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    own = {"any_loopback_redirect": True}
    clients = {
        ADDING: {**own, "secrets": [SECRETS[ADDING]], "scope_policy": "add"},
        STRICT: {
            **own,
            "secrets": [SECRETS[STRICT]],
            "accepted_modes": ["free_busy"],
            "preferred_mode": "free_busy",
            "preferred_provider": "google",
        },
    }
    async with open_world(tmp_path, clients=clients) as opened:
        yield opened


async def test_a_preferred_mode_is_asked_for_unless_the_app_asks_for_another(world: World) -> None:
    for asked, sent in ((None, ["google_free_busy"]), ("", ["google_free_busy"]), ("cronofy", ["cronofy"])):
        more = {} if asked is None else {"provider_name": asked}
        onward = await world.location(world.authorize_url(STRICT, **more))
        assert parse_qs(urlsplit(onward).query)["provider_name"] == sent


async def test_another_mode_gets_no_token_and_its_profile_is_disconnected(world: World) -> None:
    await world.consent("no_access")
    code = await world.code(STRICT, provider_name="cronofy")
    status, body, headers = await world.token(STRICT, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    assert (status, body["error"], headers["Gateway-Error"]) == (400, "invalid_grant", "mode_refused")
    assert "access_token" not in body
    (path,) = [one["path"] for one in await world.seen_upstream() if one["path"].endswith("/revoke")]
    assert path.startswith("/v1/profiles/")


async def test_a_refusal_does_not_touch_the_connection_of_another_client(world: World) -> None:
    """The same person, the same No-Access calendar."""
    theirs = await world.sign_in("no_access", client=ADDING)
    code = await world.code(STRICT, provider_name="cronofy")
    status, _, _ = await world.token(STRICT, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert status == 400

    assert [one for one in await world.seen_upstream() if one["path"].endswith("/revoke")] == []
    status, _, _ = await world.call("GET", "/v1/calendars", theirs["access_token"])
    assert status == 200
    status, _, _ = await world.token(ADDING, grant_type="refresh_token", refresh_token=theirs["refresh_token"])
    assert status == 200


async def test_the_accepted_mode_passes(world: World) -> None:
    await world.consent("free_busy")
    code = await world.code(STRICT)
    status, _, _ = await world.token(STRICT, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert status == 200


async def test_of_a_linked_person_only_the_refused_calendar_is_disconnected(world: World) -> None:
    """Cronofy links calendars that are connected in one browser: one account, one authorization, two profiles."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:

        async def code(client: str, **asked: str) -> str:
            async with browser.get(world.authorize_url(client, **asked), allow_redirects=False) as onward:
                location = onward.headers["Location"]
            async with browser.get(location, allow_redirects=False) as back:
                return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]

        await world.consent("read_write", email="ada@example.com")
        first = await code(ADDING)
        _, theirs, _ = await world.token(ADDING, grant_type="authorization_code", code=first, redirect_uri=CALLBACK)
        second = await code(STRICT, provider_name="cronofy")
        status, body, _ = await world.token(STRICT, grant_type="authorization_code", code=second, redirect_uri=CALLBACK)
    assert (status, body["error"]) == (400, "invalid_grant")

    status, raw, headers = await world.call("GET", "/v1/profiles", theirs["access_token"])
    assert (status, headers[MODE]) == (200, "read_write")
    assert [one["provider_name"] for one in json.loads(raw)["profiles"] if one["profile_connected"]] == ["google"]
    revoked = [one["path"] for one in await world.seen_upstream() if one["path"].endswith("/revoke")]
    assert len(revoked) == 1
    assert revoked[0].startswith("/v1/profiles/")

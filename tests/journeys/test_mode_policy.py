"""A client that takes one mode only, on both doors' token path, beside one that takes them all."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world


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

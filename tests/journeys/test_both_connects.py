"""Both connects, through every redirect, with the modes that a person can choose."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.journeys.world import ADDING, CALLBACK, MODE, STRICT, World


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_every_answer_names_the_mode_the_person_connected_in(world: World, mode: str) -> None:
    tokens = await world.sign_in(mode)

    for path in ("/v1/userinfo", "/v1/account", "/v1/calendars", "/v1/events?tzid=Etc/UTC"):
        status, _, headers = await world.call("GET", path, tokens["access_token"])
        assert (status, headers[MODE]) == (200, mode)


@pytest.mark.parametrize("mode", ["free_busy", "no_access"])
async def test_a_refreshed_token_still_has_its_mode(world: World, mode: str) -> None:
    """A refresh reply holds no linking_profile, so the binding carries the account over."""
    tokens = await world.sign_in(mode)
    status, fresh, _ = await world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200

    _, _, headers = await world.call("GET", "/v1/calendars", fresh["access_token"])
    assert headers[MODE] == mode


async def test_enterprise_connect_judges_delegated_scope(world: World) -> None:
    path = "/enterprise_connect/oauth/authorize"
    own = "service_account/accounts/manage"
    back = await world.location(
        world.authorize_url(STRICT, path=path, scope=own, delegated_scope="read_only", state="s1")
    )
    query = parse_qs(urlsplit(back).query)
    assert back.startswith(CALLBACK)
    assert (query["error"], query["state"]) == (["invalid_scope"], ["s1"])

    onward = await world.location(world.authorize_url(ADDING, path=path, scope=own, delegated_scope="read_only"))
    query = parse_qs(urlsplit(onward).query)
    assert query["scope"] == [own]
    assert query["delegated_scope"] == ["read_only free_busy_write"]


async def test_a_service_account_connects_and_has_no_mode_of_its_own(world: World) -> None:
    tokens = await world.sign_in(
        path="/enterprise_connect/oauth/authorize",
        scope="service_account/accounts/manage",
        delegated_scope="free_busy_write",
    )
    assert tokens["service_account_id"].startswith("ser_")

    status, body, headers = await world.call("GET", "/v1/userinfo", tokens["access_token"])
    assert (status, headers[MODE]) == (200, "not_applicable")
    assert json.loads(body)["sub"].startswith("ser_")


async def test_paging_never_leaves_the_gateway(world: World) -> None:
    tokens = await world.sign_in()
    url, pages, total, events = "/v1/events?tzid=Etc/UTC", 0, 0, []
    while url:
        status, body, headers = await world.call("GET", url, tokens["access_token"])
        assert (status, headers[MODE]) == (200, "read_write")
        page = json.loads(body)
        events += page["events"]
        pages, total = pages + 1, page["pages"]["total"]
        url = page["pages"].get("next_page", "")
        assert not url or url.startswith(f"{world.gateway}/v1/events/pages/")

    assert pages == total >= 3
    assert len({event["event_uid"] for event in events}) == len(events)

"""Clients that may do less than their application: judged before Cronofy is asked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door.browser import door_clients, open_browser, open_door
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world, world_settings

FEW = ["userinfo", "calendars", "batch", "upsert_event"]
EVENT = {"event_id": "e", "summary": "Talk", "start": "2030-01-07T09:00:00Z", "end": "2030-01-07T12:00:00Z"}


def settings(folder: Path, **strict: Any) -> dict[str, Any]:
    clients: dict[str, Any] = world_settings(store=folder / "x", port=1, cronofy_url="")["clients"]
    clients[STRICT] |= strict
    return clients


@pytest.fixture
async def few(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, clients=settings(tmp_path, operations=FEW)) as opened:
        yield opened


@pytest.fixture
async def narrow(tmp_path: Path) -> AsyncIterator[World]:
    """A client that may ask for free-busy only, beside one that may ask for everything."""
    clients = settings(tmp_path, allowed_scopes=["free_busy_write"])
    async with open_world(tmp_path, clients=clients) as opened:
        yield opened


async def test_what_a_client_may_not_call_never_leaves(few: World) -> None:
    mine = await few.sign_in(client=STRICT)
    await few.forget_seen()
    for method, path, token in (
        ("GET", "/v1/events?tzid=Etc/UTC", mine["access_token"]),
        ("DELETE", "/v1/events", mine["access_token"]),
        ("POST", "/v1/smart_invites", SECRETS[STRICT]),
        ("POST", "/v1/element_tokens", SECRETS[STRICT]),
    ):
        status, raw, headers = await few.call(method, path, token)
        assert (status, headers["Gateway-Error"]) == (403, "operation_refused")
        assert "clients.app-strict.operations" in json.loads(raw)["detail"]
    assert await few.seen_upstream() == []
    assert (await few.call("GET", "/v1/calendars", mine["access_token"]))[0] == 200


async def test_each_item_of_a_batch_is_judged_alone(few: World) -> None:
    mine = await few.sign_in(client=STRICT)
    _, raw, _ = await few.call("GET", "/v1/calendars", mine["access_token"])
    url = f"/v1/calendars/{json.loads(raw)['calendars'][0]['calendar_id']}/events"
    items = [
        {"method": "POST", "relative_url": url, "data": EVENT},
        {"method": "DELETE", "relative_url": url, "data": {"event_id": "e"}},
        {"method": "POST", "relative_url": url, "data": {**EVENT, "event_id": "f"}},
    ]
    status, raw, _ = await few.call("POST", "/v1/batch", mine["access_token"], json={"batch": items})
    answers = json.loads(raw)["batch"]
    assert (status, [one["status"] for one in answers]) == (207, [202, 403, 202])
    assert "delete_event" in answers[1]["data"]["errors"]["relative_url"][0]["description"]

    await few.forget_seen()
    status, raw, _ = await few.call("POST", "/v1/batch", mine["access_token"], json={"batch": items[1:2]})
    assert (status, [one["status"] for one in json.loads(raw)["batch"]]) == (207, [403])
    assert "/v1/batch" not in [one["path"] for one in await few.seen_upstream()]


async def test_a_token_of_two_clients_may_what_both_of_them_may(few: World) -> None:
    """Cronofy may hand one token to both; the one with fewer rights must not use the other's."""
    first = await few.sign_in(client=ADDING, email="one@example.com")
    await few.sign_in(client=STRICT, email="one@example.com")
    status, shared, _ = await few.token(ADDING, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200
    status, again, _ = await few.token(STRICT, grant_type="refresh_token", refresh_token=shared["refresh_token"])
    assert status == 200
    expected = 403 if again["access_token"] == shared["access_token"] else 200
    assert (await few.call("GET", "/v1/channels", shared["access_token"]))[0] == expected
    assert (await few.call("GET", "/v1/channels", again["access_token"]))[0] == 403


async def test_scopes_that_may_not_be_asked_for_are_not_used_either(narrow: World) -> None:
    """The application was granted read_events through another client; Cronofy would let the token read."""
    mine = await narrow.sign_in(client=STRICT, scope="free_busy_write")
    await narrow.forget_seen()
    status, raw, headers = await narrow.call("GET", "/v1/events?tzid=Etc/UTC", mine["access_token"])
    assert (status, headers["Gateway-Error"]) == (403, "operation_refused")
    assert "read_events" in json.loads(raw)["detail"]
    assert await narrow.seen_upstream() == []
    path = "/v1/events?tzid=Etc/UTC&only_managed=true"
    assert (await narrow.call("GET", path, mine["access_token"]))[0] == 200


@pytest.mark.parametrize(("on_ungranted", "status"), [("refuse", 400), ("warn", 200)])
async def test_a_link_past_the_gateway_brings_no_more_than_may_be_asked_for(
    tmp_path: Path, on_ungranted: str, status: int
) -> None:
    clients = settings(tmp_path, allowed_scopes=["free_busy_write"], on_ungranted=on_ungranted)
    async with open_world(tmp_path, clients=clients) as world:
        await world.consent()
        code = await world.code(ADDING, scope="read_events free_busy_write")
        found, body, headers = await world.token(
            STRICT, grant_type="authorization_code", code=code, redirect_uri=CALLBACK
        )
        assert found == status
        if status != 200:
            assert (body["error"], headers["Gateway-Error"]) == ("invalid_scope", "invalid_scope")
            assert "read_events" in body["error_description"]


async def test_a_page_may_no_more_than_its_client(tmp_path: Path) -> None:
    """The browser door takes the same way to Cronofy."""
    async with (
        open_door(tmp_path, clients=door_clients(operations=["calendars"])) as world,
        open_browser(world) as browser,
    ):
        await browser.sign_in()
        await world.forget_seen()
        refused = await browser.fetch("GET", "/v1/events?tzid=Etc/UTC")
        assert (refused.status, refused.code) == (403, "operation_refused")
        assert await world.seen_upstream() == []
        assert (await browser.fetch("GET", "/v1/calendars")).status == 200


async def test_an_element_reads_no_more_than_its_client_may_ask_for(tmp_path: Path) -> None:
    """Its token can be for several people, whom another client of the application connected with more."""
    page = "https://pages.example"
    clients = settings(tmp_path, allowed_scopes=["free_busy_write"], origins=[page])
    async with open_world(tmp_path, clients=clients) as world:
        subs = []
        for email in ("one@example.com", "two@example.com"):
            await world.sign_in(client=ADDING, email=email)
            subs.append((await world.sign_in(client=STRICT, email=email, scope="free_busy_write"))["sub"])
        for named in (subs, subs[:1]):
            body = {"version": "1", "permissions": ["agenda"], "subs": named, "origin": page}
            _, raw, _ = await world.call("POST", "/v1/element_tokens", SECRETS[STRICT], json=body)
            token = json.loads(raw)["element_token"]["token"]
            await world.forget_seen()
            status, _, headers = await world.call("GET", f"/v1/events?et={token}", headers={"Origin": page})
            assert (status, headers.get("Gateway-Error")) == (403, "operation_refused"), named
            assert await world.seen_upstream() == []


IMPERSONATE = "Cronofy-Impersonate"


async def test_a_person_at_a_page_impersonates_nobody(tmp_path: Path) -> None:
    """The client may, its backend that is; whoever holds a cookie or an element token is not the client."""
    page = "https://pages.example"
    clients = door_clients(may_impersonate=True)
    loose = {"secrets": [SECRETS[STRICT]], "any_loopback_redirect": True}
    clients[STRICT] = {**loose, "origins": [page], "may_impersonate": True}
    async with open_door(tmp_path, clients=clients) as world, open_browser(world) as browser:
        await browser.sign_in()
        sub = (await world.sign_in(client=STRICT))["sub"]
        body = {"version": "1", "permissions": ["agenda"], "subs": [sub], "origin": page}
        _, raw, _ = await world.call("POST", "/v1/element_tokens", SECRETS[STRICT], json=body)
        await world.forget_seen()
        refused = await browser.fetch("GET", "/v1/calendars", headers=[(IMPERSONATE, "acc_other")])
        assert (refused.status, refused.code) == (403, "impersonation_refused")
        token = json.loads(raw)["element_token"]["token"]
        status, raw, _ = await world.call(
            "GET", f"/v1/userinfo?et={token}", headers={"Origin": page, IMPERSONATE: "acc_other"}
        )
        assert (status, json.loads(raw)["code"]) == (403, "impersonation_refused")
        assert await world.seen_upstream() == []

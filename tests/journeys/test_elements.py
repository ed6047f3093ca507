"""UI Elements over real sockets: their token in the query, their pages of whatever site."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.journeys.records import bytes_stored
from tests.journeys.stub_upstream import StubUpstream, json_reply
from tests.journeys.world import ADDING, MODE, SECRETS, STRICT, World, open_world

PAGE, OTHER_PAGE = "https://elements.example", "https://others.example"
AGENDA = {"tzid": "Etc/UTC", "include_userinfo": "true", "include_managed": "true"}
CLIENTS = {
    ADDING: {
        "any_loopback_redirect": True,
        "secrets": [SECRETS[ADDING]],
        "scope_policy": "add",
        "origins": [PAGE],
    },
    STRICT: {"any_loopback_redirect": True, "secrets": [SECRETS[STRICT]], "origins": [OTHER_PAGE]},
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, clients=CLIENTS) as opened:
        yield opened


async def element_token(world: World, *permissions: str, sub: str) -> str:
    """Ask for an element token as a client's backend does."""
    body = {"version": "1", "permissions": list(permissions), "subs": [sub], "origin": PAGE}
    status, told, _ = await world.call("POST", "/v1/element_tokens", SECRETS[ADDING], json=body)
    assert status == 200, told
    token = json.loads(told)["element_token"]
    assert (token["origin"], token["expires_in"]) == (PAGE, 64_800)
    return str(token["token"])


async def connected(world: World, *permissions: str, mode: str = "read_write") -> str:
    """Connect a person and return an element token for them."""
    return await element_token(world, *permissions, sub=(await world.sign_in(mode))["sub"])


def asked(token: str, **query: str) -> str:
    return urlencode({"et": token, **query})


async def code_of(world: World, method: str, path: str, **headers: str) -> tuple[int, str]:
    status, _, told = await world.call(method, path, headers=headers)
    return status, told.get("Gateway-Error", "")


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_an_agenda_is_read_page_by_page(world: World, mode: str) -> None:
    """The way Cronofy's script does it: the token is added to `next_page` too."""
    token, pages = await connected(world, "agenda", mode=mode), 0
    link = f"{world.gateway}/v1/events?{asked(token, **AGENDA)}"
    while link:
        status, body, headers = await world.call("GET", link, headers={"Origin": PAGE, "Cronofy-Element": "v1, agenda"})
        assert status == 200, body
        assert (headers[MODE], headers["Cache-Control"]) == (mode, "no-store")
        assert headers["Access-Control-Allow-Origin"] == PAGE
        assert "Origin" in headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in headers
        onward: str = json.loads(body)["pages"].get("next_page", "")
        assert not onward or onward.startswith(f"{world.gateway}/v1/events/pages/")
        link, pages = f"{onward}?{asked(token)}" if onward else "", pages + 1

    seen = [one for one in await world.seen_upstream() if one["path"].startswith("/v1/events")]
    assert len(seen) == pages
    assert pages > 1 or mode == "no_access"  # where there are no events of others
    assert all("et" in one["query_names"] and "origin" in one["header_names"] for one in seen)
    assert all("authorization" not in one["header_names"] for one in seen)


@pytest.mark.parametrize("origin", [OTHER_PAGE, "https://evil.example", "null"])
async def test_a_page_of_another_origin_is_refused(world: World, origin: str) -> None:
    token = await connected(world, "agenda")
    await world.forget_seen()
    assert await code_of(world, "GET", f"/v1/userinfo?{asked(token)}", Origin=origin) == (403, "origin_refused")
    assert await world.seen_upstream() == []


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/v1/availability?et={token}", (403, "operation_refused")),
        ("GET", "/v1/calendars?et={token}", (403, "operation_refused")),
        ("POST", "/v1/element_tokens?et={token}", (403, "operation_refused")),
        ("GET", "/v1/userinfo?et={token}&et={token}", (400, "parameter_repeated")),
        ("GET", "/v1/userinfo?et[]={token}", (400, "parameter_repeated")),
        ("GET", "/v1/userinfo?et=", (401, "credentials_missing")),
        ("GET", "/v1/userinfo?et=x{token}", (401, "credentials_unknown")),
        ("GET", "/v1/nothing?et={token}", (404, "operation_unknown")),
    ],
)
async def test_what_no_element_asks_is_refused(world: World, method: str, path: str, answer: tuple[int, str]) -> None:
    token = await connected(world, "agenda")
    await world.forget_seen()
    assert await code_of(world, method, path.format(token=token), Origin=PAGE) == answer
    assert await world.seen_upstream() == []


async def test_another_credential_beside_it_is_refused(world: World) -> None:
    tokens = await world.sign_in()
    token = await element_token(world, "agenda", sub=tokens["sub"])
    for other in (tokens["access_token"], SECRETS[ADDING], "unseen-token"):
        answer = await code_of(world, "GET", f"/v1/userinfo?{asked(token)}", Authorization=f"Bearer {other}")
        assert answer == (400, "authorization_repeated")
    assert (await code_of(world, "GET", f"/v1/userinfo?{asked(token)}", Authorization="Bearer undefined"))[0] == 200


async def test_an_unseen_token_is_for_cronofy_where_one_client_is_all_there_is(tmp_path: Path) -> None:
    """One from before the gateway, of the eighteen hours that it lives."""
    async with open_world(tmp_path, clients={ADDING: CLIENTS[ADDING]}) as world:
        body: dict[str, Any] = {"permissions": ["agenda"], "subs": [(await world.sign_in())["sub"]], "origin": PAGE}
        key = {"Authorization": "Bearer CRN_emulator_first_secret_0123456789abcdef"}
        async with world.session.post(f"{world.emulator}/v1/element_tokens", json=body, headers=key) as reply:
            token = (await reply.json())["element_token"]["token"]
        status, _, headers = await world.call("GET", f"/v1/userinfo?{asked(token)}", headers={"Origin": PAGE})
        assert (status, headers[MODE]) == (200, "not_applicable")
        assert (await code_of(world, "GET", f"/v1/userinfo?{asked(token)}", Origin=OTHER_PAGE))[0] == 403
        status, _, headers = await world.call("GET", f"/v1/userinfo?{asked('nobodys')}", headers={"Origin": PAGE})
        assert (status, headers.get("Gateway-Error")) == (401, None)  # Cronofy's own word


async def test_a_revoked_account_takes_its_element_tokens_along(world: World) -> None:
    """The client's authorization is over, so its pages have nothing left here either."""
    tokens = await world.sign_in()
    token = await element_token(world, "account_management", sub=tokens["sub"])
    fields = {"client_id": ADDING, "client_secret": SECRETS[ADDING], "token": tokens["refresh_token"]}
    async with world.session.post(f"{world.gateway}/oauth/token/revoke", json=fields) as reply:
        assert reply.status == 200
    assert await code_of(world, "GET", f"/v1/userinfo?{asked(token)}", Origin=PAGE) == (401, "credentials_unknown")


async def test_the_store_has_no_element_token(world: World) -> None:
    token = await connected(world, "agenda")
    stored = bytes_stored(world)
    assert b"element-token" in stored
    assert token.encode() not in stored


async def test_a_link_that_brought_the_token_back_is_rid_of_it(tmp_path: Path, stub: StubUpstream) -> None:
    stub.on("/v1/events", json_reply(200, {"pages": {"next_page": f"{stub.url}/v1/events/pages/x?et=t-1&a=1"}}))
    async with open_world(tmp_path, cronofy_url=stub.url, clients={ADDING: CLIENTS[ADDING]}) as world:
        _, body, _ = await world.call("GET", "/v1/events?et=t-1")
        assert json.loads(body)["pages"]["next_page"] == f"{world.gateway}/v1/events/pages/x?a=1"
        assert stub.calls[-1].target == "/v1/events?et=t-1"

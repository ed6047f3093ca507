"""Every operation of the route table with another client's credentials and accounts: nothing of it reaches Cronofy.

The rows are read from the table, so a new operation is attacked as well. Objects and names in bodies have journeys of
their own beside this one.
"""

import json
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.rules.operations import OPERATIONS, Credential, Operation
from tests.journeys.door.browser import (
    HOME,
    ORIGIN,
    SECRET,
    SESSION,
    SIDE,
    WEB,
    Reply,
    open_browser,
    open_door,
    page_headers,
    send,
)
from tests.journeys.service.backend import Backend, connect
from tests.journeys.world import World

ELEMENT_REFUSALS = {"origin_refused", "operation_refused", "authorization_repeated", "account_header_refused"}
OF_ACCOUNTS = {Credential.USER, Credential.SERVICE_ACCOUNT}


def two_clients() -> dict[str, Any]:
    """Return two clients of one application with every door open, in custody `gateway`."""
    both = {}
    for name in (WEB, SIDE):
        both[name] = {
            "secrets": [SECRET[name]],
            "home": HOME[name],
            "custody": "gateway",
            "service_door": True,
            "any_loopback_redirect": True,
            "scope_policy": "add",
        }
    return both


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_door(tmp_path, clients=two_clients()) as opened:
        yield opened


def path_of(operation: Operation) -> str:
    return operation.template.replace("{", "x-").replace("}", "")


async def attack(world: World, operation: Operation, *headers: tuple[str, str], query: str = "", **body: Any) -> Reply:
    """Call an operation, with a JSON body where it has one."""
    url = world.gateway + path_of(operation) + (f"?{query}" if query else "")
    sent = {"json": body} if operation.method == "POST" else {}
    return await send(world.session, operation.method, url, headers, **sent)


async def handles(world: World, client: str, email: str) -> dict[str, Any]:
    """Connect a person in the drop-in door and return the handles."""
    await world.consent(email=email)
    code = await world.code(client)
    status, body = await token_call(
        world, client, grant_type="authorization_code", code=code, redirect_uri="http://127.0.0.1:9/callback"
    )
    assert status == 200, body
    return body


async def token_call(
    world: World, client: str, path: str = "/oauth/token", **fields: str
) -> tuple[int, dict[str, Any]]:
    credentials = {"client_id": client, "client_secret": SECRET[client]}
    async with world.session.post(world.gateway + path, json={**credentials, **fields}) as reply:
        raw = await reply.read()
        return reply.status, json.loads(raw) if raw else {}


async def test_another_clients_account_has_no_connection_in_the_service_door(world: World) -> None:
    theirs = await connect(world, client=WEB, email="one@example.com")
    await world.forget_seen()
    for operation, account in product(OPERATIONS, (theirs, "acc_nobody")):
        refused = await Backend(world, SIDE).call(operation.method, path_of(operation), account)
        expected = "connection_unknown" if operation.credentials & OF_ACCOUNTS else "account_header_refused"
        assert refused.code == expected, operation.name
    assert await world.seen_upstream() == []


async def test_credentials_of_two_clients_open_nothing_together(world: World) -> None:
    """Where Cronofy takes two kinds at one place, one of them must not lend the other its rights."""
    held = await handles(world, WEB, "one@example.com")
    await world.forget_seen()
    for operation in OPERATIONS:
        for one in await mixtures(world, operation, held):
            assert one.code, (operation.name, one.status, one.body)
            assert 400 <= one.status < 500
    assert await world.seen_upstream() == []


async def mixtures(world: World, operation: Operation, held: dict[str, Any]) -> list[Reply]:
    """Call an operation with one client's handles and the other's secret, side by side in every way."""
    theirs, mine = held["access_token"], SECRET[SIDE]
    bearer = ("Authorization", f"Bearer {theirs}")
    mixed = {"client_id": WEB, "client_secret": mine}
    tries = [
        await attack(world, operation, bearer, ("Gateway-Account", held["sub"])),
        await attack(world, operation, bearer, ("Authorization", f"Bearer {mine}")),
        await attack(world, operation, ("Authorization", f"Bearer {held['refresh_token']}")),
        await attack(world, operation, ("Authorization", f"Bearer {theirs.swapcase()}"), **mixed),
    ]
    if operation.bearer_parameter:
        tries += [
            await attack(world, operation, bearer, query=f"bearer_token={mine}"),
            await attack(world, operation, ("Authorization", f"Bearer {SECRET[WEB]}"), query=f"bearer_token={mine}"),
        ]
    if Credential.BODY in operation.credentials:
        tries.append(await attack(world, operation, **mixed))
    return tries


async def test_another_clients_cookie_is_nobodys_under_ones_own_name(world: World) -> None:
    async with open_browser(world) as browser:
        await browser.sign_in(client=WEB)
        await world.forget_seen()
        stolen = ("Cookie", f"{SESSION[SIDE]}={browser.handle(WEB)}")
        shown = (page_headers(SIDE), [*page_headers(WEB), ("Gateway-Client", SIDE)])
        for operation, lines in product(OPERATIONS, shown):
            refused = await attack(world, operation, *lines, stolen)
            assert refused.code in {"not_signed_in", "origin_refused"}, operation.name
    assert await world.seen_upstream() == []


async def test_an_element_token_is_for_its_clients_pages_alone(world: World) -> None:
    held = await handles(world, WEB, "one@example.com")
    body = {"version": "1", "permissions": ["agenda"], "subs": [held["sub"]], "origin": ORIGIN[WEB]}
    made = await Backend(world, WEB).call("POST", "/v1/element_tokens", json=body)
    token = json.loads(made.body)["element_token"]["token"]
    await world.forget_seen()
    own = ("Origin", ORIGIN[WEB])
    odd = (ORIGIN[SIDE], "null", ORIGIN[WEB].upper(), ORIGIN[WEB] + ".", ORIGIN[WEB] + "/")
    shown = (
        *([("Origin", one)] for one in odd),
        [own, ("Origin", ORIGIN[SIDE])],
        [own, ("Authorization", f"Bearer {SECRET[SIDE]}")],
        [own, ("Gateway-Account", held["sub"])],
    )
    for operation, lines in product(OPERATIONS, shown):
        refused = await attack(world, operation, *lines, query=f"et={token}")
        assert refused.code in ELEMENT_REFUSALS, operation.name
        assert refused.headers.get("Access-Control-Allow-Origin") in {None, ORIGIN[SIDE], ORIGIN[WEB]}
        assert "Access-Control-Allow-Credentials" not in refused.headers
        assert token not in refused.body.decode() + str(refused.headers)
    assert await world.seen_upstream() == []


async def test_handles_and_subs_of_another_client_refresh_and_revoke_nothing(world: World) -> None:
    theirs = await handles(world, WEB, "one@example.com")
    await handles(world, SIDE, "two@example.com")
    await world.forget_seen()
    for token in (theirs["refresh_token"], theirs["access_token"], theirs["refresh_token"].swapcase(), "x"):
        status, body = await token_call(world, SIDE, grant_type="refresh_token", refresh_token=token)
        assert (status, body["error"]) == (400, "invalid_grant")
    for field, value in (
        ("token", theirs["refresh_token"]),
        ("token", theirs["access_token"]),
        ("refresh_token", theirs["refresh_token"]),
        ("sub", theirs["sub"]),
    ):
        status, _ = await token_call(world, SIDE, "/oauth/token/revoke", **{field: value})
        assert status == 200
    assert await world.seen_upstream() == []
    status, _, _ = await world.call("GET", "/v1/calendars", theirs["access_token"])
    assert status == 200


@pytest.mark.parametrize("shape", ["{}", "{}/", "%61{}", "{}%20", "{}%00", "../{}", "{}?sub=x"])
async def test_another_clients_connection_is_neither_shown_nor_ended(world: World, shape: str) -> None:
    theirs = await connect(world, client=WEB, email="one@example.com")
    await world.forget_seen()
    for method in ("GET", "HEAD", "DELETE"):
        reply = await Backend(world, SIDE).call(method, "/auth/connections/" + shape.format(theirs))
        assert reply.status in {400, 404, 405}, reply.body
    assert await world.seen_upstream() == []
    assert [one["sub"] for one in await Backend(world, WEB).connections()] == [theirs]
    assert await Backend(world, SIDE).connections() == []

"""Every row of the route table, tried with what is another client's: nothing of it reaches Cronofy."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.rules.operations import OPERATIONS, Credential, Operation
from tests.journeys.stub_upstream import TOKENS, StubUpstream
from tests.journeys.test_custody import KEEPING, exchanged
from tests.journeys.world import ADDING, SECRETS, STRICT, World, open_world

BOTH: Final = {name: {**one, "service_door": True} for name, one in KEEPING.items()}
PERSONS: Final = {Credential.USER, Credential.SERVICE_ACCOUNT}


@pytest.fixture
async def shared(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    """Two clients on one application, which both leave their tokens here and have backends."""
    async with open_world(tmp_path, cronofy_url=stub.url, clients=BOTH) as opened:
        yield opened


def path_of(row: Operation) -> str:
    return "/".join("x" if part.startswith("{") else part for part in row.template.split("/"))


async def refused(world: World, row: Operation, bearer: str, **headers: str) -> tuple[int, str]:
    more: dict[str, Any] = {} if row.method == "GET" else {"json": {}}
    status, raw, told = await world.call(row.method, path_of(row), bearer, headers=headers, **more)
    assert TOKENS["access_token"] not in raw.decode()
    return status, told.get("Gateway-Error", "")


async def test_another_clients_account_is_unknown_to_every_operation(shared: World, stub: StubUpstream) -> None:
    """The service door opens a client's own connections, though Cronofy would take the application's token for any."""
    await exchanged(shared, ADDING)
    before = len(stub.calls)
    for row in OPERATIONS:
        answer = await refused(shared, row, SECRETS[STRICT], **{"Gateway-Account": TOKENS["sub"]})
        expected = (404, "connection_unknown") if row.credentials & PERSONS else (400, "account_header_refused")
        assert answer == expected, row.name
    assert stub.calls[before:] == []


@pytest.mark.parametrize("what", ["refresh_token", "ended", "never", "cronofys_own"])
async def test_what_is_no_access_handle_opens_no_operation(shared: World, stub: StubUpstream, what: str) -> None:
    """A refresh handle opens nothing by itself, and in custody gateway Cronofy's own token is a stranger's, too."""
    held = await exchanged(shared, ADDING)
    bearer = {
        "refresh_token": held["refresh_token"],
        "ended": held["access_token"],
        "never": f"cga_{'x' * 43}",
        "cronofys_own": TOKENS["access_token"],
    }[what]
    if what == "ended":
        fields = {"client_id": ADDING, "client_secret": SECRETS[ADDING], "token": held["access_token"]}
        assert (await shared.call("POST", "/oauth/token/revoke", json=fields))[0] == 200
    before = len(stub.calls)
    for row in OPERATIONS:
        status, code = await refused(shared, row, bearer)
        assert status in {400, 401, 403}, (row.name, status)
        assert code, row.name
    assert stub.calls[before:] == []


async def test_another_clients_credentials_refresh_and_end_nothing(shared: World, stub: StubUpstream) -> None:
    held = await exchanged(shared, ADDING)
    before = len(stub.calls)
    status, body, _ = await shared.token(STRICT, grant_type="refresh_token", refresh_token=held["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    for field in ({"token": held["refresh_token"]}, {"token": held["access_token"]}, {"sub": TOKENS["sub"]}):
        fields = {"client_id": STRICT, "client_secret": SECRETS[STRICT], **field}
        assert (await shared.call("POST", "/oauth/token/revoke", json=fields))[:2] == (200, b"")
    for method in ("GET", "DELETE"):
        path = f"/auth/connections/{TOKENS['sub']}"
        status, _, headers = await shared.call(method, path, SECRETS[STRICT])
        assert (status, headers["Gateway-Error"]) == (404, "connection_unknown")
    assert json.loads((await shared.call("GET", "/auth/connections", SECRETS[STRICT]))[1]) == {"connections": []}
    assert stub.calls[before:] == []
    assert (await shared.call("GET", "/v1/calendars", held["access_token"]))[0] == 200

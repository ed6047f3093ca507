"""Two Cronofy applications behind one gateway: each client reaches its own, with its own secret, and no other."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.journeys.custody import CUSTODIES
from tests.journeys.stub_upstream import TOKENS, StubUpstream, json_reply, open_stub
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world

APPLICATIONS: Final = {
    name: {"client_id": f"cronofy-id-{name}", "client_secret": f"CRN_secret_of_{name}_0123456789abcdef"}
    for name in ("german", "american")
}
OF: Final = {ADDING: "german", STRICT: "american"}


@pytest.fixture
async def stubs() -> AsyncIterator[dict[str, StubUpstream]]:
    """Cronofy's data centres, by application; each has tokens of its own."""
    async with open_stub() as german, open_stub() as american:
        found = {"german": german, "american": american}
        for name, stub in found.items():
            pair = {token: f"{token}-of-{name}" for token in ("access_token", "refresh_token")}
            stub.on("/oauth/token", json_reply(200, {**TOKENS, **pair}))
        yield found


def settings(stubs: dict[str, StubUpstream], custody: str) -> dict[str, Any]:
    client = {"any_loopback_redirect": True, "scope_policy": "add", "custody": custody, "service_door": True}
    return {
        "applications": {name: {**one, "emulator_url": stubs[name].url} for name, one in APPLICATIONS.items()},
        "clients": {name: {**client, "secrets": [SECRETS[name]], "application": OF[name]} for name in OF},
    }


async def signed_in(world: World, client: str) -> dict[str, Any]:
    fields = {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
    status, body, _ = await world.token(client, **fields)
    assert status == 200, body
    return body


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_each_client_reaches_its_own_application(
    tmp_path: Path, stubs: dict[str, StubUpstream], custody: str
) -> None:
    async with open_world(tmp_path, **settings(stubs, custody)) as world:
        for client, name in OF.items():
            onward = await world.location(world.authorize_url(client))
            assert onward.startswith(stubs[name].url)
            assert parse_qs(urlsplit(onward).query)["client_id"] == [APPLICATIONS[name]["client_id"]]
            held = await signed_in(world, client)
            assert (await world.call("GET", "/v1/calendars", held["access_token"]))[0] == 200
            assert (await world.call("POST", "/v1/smart_invites", SECRETS[client], json={"smart_invite_id": "i"}))[
                0
            ] == 200

            told = json.loads(bytes(stubs[name].calls_to("/oauth/token")[0].body))
            assert {key: told[key] for key in APPLICATIONS[name]} == APPLICATIONS[name]
            bearers = [
                stubs[name].calls_to(path)[0].header("authorization") for path in ("/v1/calendars", "/v1/smart_invites")
            ]
            assert bearers == [f"Bearer access_token-of-{name}", f"Bearer {APPLICATIONS[name]['client_secret']}"]
    for name, stub in stubs.items():
        (other,) = set(APPLICATIONS) - {name}
        said = b"".join(one.head + bytes(one.body) for one in stub.calls)
        for secret in (*APPLICATIONS[other].values(), f"access_token-of-{other}", *SECRETS.values()):
            assert secret.encode() not in said


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_one_sub_at_two_applications_is_two_accounts(
    tmp_path: Path, stubs: dict[str, StubUpstream], custody: str
) -> None:
    """Data centres give names by themselves, so the same one means nothing."""
    async with open_world(tmp_path, **settings(stubs, custody)) as world:
        held = {client: await signed_in(world, client) for client in OF}
        assert len({one["sub"] for one in held.values()}) == 1
        fields = {"client_id": STRICT, "client_secret": SECRETS[STRICT], "token": held[ADDING]["refresh_token"]}
        assert (await world.call("POST", "/oauth/token/revoke", json=fields))[0] == 200
        del fields["token"]
        assert (await world.call("POST", "/oauth/token/revoke", json={**fields, "sub": TOKENS["sub"]}))[0] == 200

        assert stubs["german"].calls_to("/oauth/token/revoke") == []
        assert len(stubs["american"].calls_to("/oauth/token/revoke")) == 1
        refreshed = {"grant_type": "refresh_token", "refresh_token": held[ADDING]["refresh_token"]}
        assert (await world.token(ADDING, **refreshed))[0] == 200
        assert (await world.token(STRICT, **refreshed))[0] == 400
        assert (await world.call("GET", "/v1/calendars", held[ADDING]["access_token"]))[0] == 200

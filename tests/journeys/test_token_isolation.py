"""Clients that share an application: whose code, refresh token, access token and account is it?"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.records import bytes_stored, kinds_stored
from tests.journeys.stub_upstream import TOKENS, StubUpstream, json_reply
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world, world_settings

OWN = "https://strict.example.com/callback"


async def revoke(world: World, client: str, **fields: str) -> tuple[int, bytes]:
    body = {"client_id": client, "client_secret": SECRETS[client], **fields}
    async with world.session.post(f"{world.gateway}/oauth/token/revoke", json=body) as reply:
        return reply.status, await reply.read()


@pytest.fixture
async def apart(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    """Two clients with redirect URIs of their own."""
    clients = world_settings(store=tmp_path / "x", port=1, cronofy_url=stub.url)["clients"]
    clients[STRICT] |= {"any_loopback_redirect": False, "redirect_uris": [OWN]}
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients) as opened:
        yield opened


@pytest.fixture
async def alone(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    """One client only."""
    clients = world_settings(store=tmp_path / "x", port=1, cronofy_url=stub.url)["clients"]
    async with open_world(tmp_path, cronofy_url=stub.url, clients={ADDING: clients[ADDING]}) as opened:
        yield opened


async def test_a_code_of_another_clients_redirect_uri_is_refused(apart: World, stub: StubUpstream) -> None:
    """Cronofy ties a code to its redirect URI, and the gateway a redirect URI to its client."""
    code = {"grant_type": "authorization_code", "code": "stolen"}
    for client, uri in ((ADDING, OWN), (STRICT, CALLBACK)):
        status, body, headers = await apart.token(client, **code, redirect_uri=uri)
        assert (status, body["error"], headers["Gateway-Error"]) == (400, "invalid_grant", "invalid_grant")
    assert stub.calls == []

    status, _, _ = await apart.token(STRICT, **code, redirect_uri=OWN)
    assert status == 200


async def test_a_refresh_token_of_another_client_is_refused(stubbed: World, stub: StubUpstream) -> None:
    await stubbed.token(ADDING, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    sent = len(stub.calls)
    status, body, _ = await stubbed.token(STRICT, grant_type="refresh_token", refresh_token=TOKENS["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert len(stub.calls) == sent

    status, _, _ = await stubbed.token(ADDING, grant_type="refresh_token", refresh_token=TOKENS["refresh_token"])
    assert status == 200


@pytest.mark.parametrize("field", ["access_token", "code"])
async def test_another_field_is_no_refresh_token(stubbed: World, stub: StubUpstream, field: str) -> None:
    fields = {"grant_type": "refresh_token", field: TOKENS["refresh_token"]}
    status, body, _ = await stubbed.token(ADDING, **fields)
    assert (status, body["error"]) == (400, "invalid_request")
    assert stub.calls == []


async def test_an_unknown_refresh_token_is_refused_where_clients_share_an_application(
    stubbed: World, stub: StubUpstream
) -> None:
    status, body, _ = await stubbed.token(ADDING, grant_type="refresh_token", refresh_token="from before the gateway")
    assert (status, body["error"]) == (400, "invalid_grant")
    assert stub.calls == []
    assert kinds_stored(stubbed) == []


async def test_an_unknown_refresh_token_is_adopted_by_the_only_client(alone: World, stub: StubUpstream) -> None:
    """An app that moves behind the gateway brings its refresh tokens along."""
    stub.on("/oauth/token", json_reply(200, {key: TOKENS[key] for key in TOKENS if key not in {"sub", "account_id"}}))
    status, body, _ = await alone.token(ADDING, grant_type="refresh_token", refresh_token="from-before")
    assert (status, body["refresh_token"]) == (200, TOKENS["refresh_token"])
    assert json.loads(stub.calls[0].body)["refresh_token"] == "from-before"
    assert kinds_stored(alone) == ["binding", "binding", "refresh"]


async def test_one_account_connected_by_two_clients_can_be_refreshed_by_both(world: World) -> None:
    """Cronofy hands the same refresh token to everybody who connects the same account through one application."""
    first = await world.sign_in(client=ADDING, email="one@example.com")
    second = await world.sign_in(client=STRICT, email="one@example.com")
    assert first["refresh_token"] == second["refresh_token"]
    for client in (ADDING, STRICT, ADDING):
        status, fresh, _ = await world.token(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert status == 200
        status, _, headers = await world.call("GET", "/v1/calendars", fresh["access_token"])
        assert (status, headers["Cronofy-Access-Mode"]) == (200, "read_write")


async def test_a_revocation_of_what_is_not_ones_own_is_a_200_that_does_nothing(
    stubbed: World, stub: StubUpstream
) -> None:
    """RFC 7009 section 2.2 answers 200 for unknown tokens; whether a token exists elsewhere is not told either."""
    await stubbed.token(ADDING, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    foreign = [
        {"token": TOKENS["access_token"]},
        {"token": TOKENS["refresh_token"]},
        {"refresh_token": TOKENS["refresh_token"]},
        {"sub": "acc_stub"},
        {"sub": "acc_nobody"},
        {"token": "unknown"},
        {"token": "unknown", "sub": "acc_stub"},
    ]
    for fields in foreign:
        assert await revoke(stubbed, STRICT, **fields) == (200, b"")
    assert stub.calls_to("/oauth/token/revoke") == []

    own = {"sub": "acc_stub"}
    status, _ = await revoke(stubbed, ADDING, **own)
    assert status == 200
    sent = json.loads(stub.calls_to("/oauth/token/revoke")[0].body)
    assert {key: sent[key] for key in sent if key != "client_secret"} == {"client_id": "emulator-application", **own}


async def test_a_token_and_a_foreign_sub_revoke_the_token_only(stubbed: World, stub: StubUpstream) -> None:
    """Who holds one token may not end another account by naming both."""
    await stubbed.token(STRICT, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    await revoke(stubbed, STRICT, token=TOKENS["access_token"], sub="acc_victim")
    (sent,) = stub.calls_to("/oauth/token/revoke")
    assert "acc_victim" not in sent.body.decode()
    assert json.loads(sent.body)["token"] == TOKENS["access_token"]


async def test_a_revoked_account_is_forgotten(stubbed: World, stub: StubUpstream) -> None:
    await stubbed.token(ADDING, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    await revoke(stubbed, ADDING, token=TOKENS["refresh_token"])
    sent = len(stub.calls)
    status, body, _ = await stubbed.token(ADDING, grant_type="refresh_token", refresh_token=TOKENS["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert len(stub.calls) == sent
    assert "binding" not in kinds_stored(stubbed)


async def test_nothing_to_revoke_is_an_invalid_request(stubbed: World) -> None:
    status, body = await revoke(stubbed, ADDING)
    assert (status, json.loads(body)["error"]) == (400, "invalid_request")


async def test_the_store_holds_no_token_and_no_account(stubbed: World) -> None:
    """A copy of the store's file signs nobody in and names nobody."""
    await stubbed.token(ADDING, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    await stubbed.call("GET", "/v1/calendars", TOKENS["access_token"])
    stored = bytes_stored(stubbed)
    assert len(stored) > 1_000
    for secret in (TOKENS["access_token"], TOKENS["refresh_token"], "acc_stub", "pro_stub", SECRETS[ADDING], "CRN_"):
        assert str(secret).encode() not in stored

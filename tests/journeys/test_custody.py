"""Custody gateway over real sockets: handles out, tokens in; many callers, two clients, an account that is left."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.key_ring import generate_key
from tests.clock import FakeClock
from tests.journeys.records import bytes_stored, kinds_stored
from tests.journeys.stub_upstream import TOKENS, StubUpstream, json_reply, reply
from tests.journeys.test_token_isolation import revoke
from tests.journeys.world import ADDING, CALLBACK, MODE, SECRETS, STRICT, World, open_world

START = 1_800_000_000.0
CLIENT = {"any_loopback_redirect": True, "custody": "gateway"}
KEEPING = {
    ADDING: {**CLIENT, "secrets": [SECRETS[ADDING]], "scope_policy": "add"},
    STRICT: {**CLIENT, "secrets": [SECRETS[STRICT]]},
}
MIXED = {**KEEPING, STRICT: {**KEEPING[STRICT], "custody": "client"}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[World]:
    """Emulator and gateway; the gateway keeps both clients' tokens."""
    async with open_world(tmp_path, clients=KEEPING) as opened:
        yield opened


@pytest.fixture
async def on_stub(tmp_path: Path, stub: StubUpstream, clock: FakeClock) -> AsyncIterator[World]:
    """The same over the stub, at a time of the test's own."""
    async with open_world(tmp_path, cronofy_url=stub.url, clients=KEEPING, clock=clock) as opened:
        yield opened


async def exchanged(world: World, client: str = ADDING) -> dict[str, Any]:
    status, body, _ = await world.token(client, grant_type="authorization_code", code="c", redirect_uri=CALLBACK)
    assert status == 200, body
    return body


async def refreshed(world: World, token: str, client: str = ADDING) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    return await world.token(client, grant_type="refresh_token", refresh_token=token)


async def rotate(world: World) -> None:
    """Let the emulator replace each refresh token at its use."""
    async with world.session.post(f"{world.emulator}/_emulator/tokens/rotate", json={"on": True}) as answer:
        assert answer.status < 300, await answer.text()


async def expire(world: World) -> None:
    """End every access token at the emulator; only Cronofy knows."""
    async with world.session.post(f"{world.emulator}/_emulator/tokens/expire") as answer:
        assert answer.status < 300


async def test_a_person_is_connected_called_for_refreshed_and_let_go(keeping: World) -> None:
    tokens = await keeping.sign_in("free_busy")
    assert tokens["access_token"].startswith("cga_")
    assert tokens["refresh_token"].startswith("cgr_")
    assert tokens["linking_profile"]["profile_id"].startswith("pro_")
    status, body, headers = await keeping.call("GET", "/v1/userinfo", tokens["access_token"])
    assert (status, json.loads(body)["sub"]) == (200, tokens["sub"])
    assert (headers[MODE], headers["Cache-Control"]) == ("free_busy", "no-store")

    status, fresh, headers = await refreshed(keeping, tokens["refresh_token"])
    assert (status, fresh["refresh_token"], headers["Cache-Control"]) == (200, tokens["refresh_token"], "no-store")
    assert 3_500 < fresh["expires_in"] <= 3_600
    for handle in (tokens["access_token"], fresh["access_token"]):
        assert (await keeping.call("GET", "/v1/calendars", handle))[0] == 200

    assert await revoke(keeping, ADDING, token=tokens["refresh_token"]) == (200, b"")
    for handle in (tokens["access_token"], fresh["access_token"]):
        status, body, headers = await keeping.call("GET", "/v1/calendars", handle)
        assert (status, headers["Gateway-Error"]) == (401, "credentials_unknown")
    status, body_, _ = await refreshed(keeping, tokens["refresh_token"])
    assert (status, body_["error"]) == (400, "invalid_grant")
    assert set(kinds_stored(keeping)) <= {"modes"}


async def test_cronofy_never_sees_a_handle(on_stub: World, stub: StubUpstream) -> None:
    tokens = await exchanged(on_stub)
    await on_stub.call("GET", "/v1/calendars", tokens["access_token"])
    await on_stub.call("GET", "/v1/calendars", "cga_" + "x" * 43)
    await on_stub.call("GET", "/v1/calendars", tokens["refresh_token"])
    assert stub.calls_to("/v1/calendars")[0].header("authorization") == f"Bearer {TOKENS['access_token']}"
    assert len(stub.calls_to("/v1/calendars")) == 1
    assert not any(b"cga_" in one.head + one.body or b"cgr_" in one.head + one.body for one in stub.calls)


async def test_a_hundred_calls_on_an_expired_token_are_one_refresh(
    on_stub: World, stub: StubUpstream, clock: FakeClock
) -> None:
    tokens = await exchanged(on_stub)
    clock.pass_time(TOKENS["expires_in"] - 10)
    stub.on("/oauth/token", json_reply(200, {**TOKENS, "access_token": "second", "refresh_token": "rotated"}))
    calls = [on_stub.call("GET", "/v1/calendars", tokens["access_token"]) for _ in range(100)]
    assert {status for status, _, _ in await asyncio.gather(*calls)} == {200}

    first, second = stub.calls_to("/oauth/token")
    assert json.loads(second.body)["refresh_token"] == TOKENS["refresh_token"]
    bearers = {one.header("authorization") for one in stub.calls_to("/v1/calendars")}
    assert (len(first.body) > 0, bearers) == (True, {"Bearer second"})


async def test_a_hundred_refreshes_at_once_are_one_at_cronofy(
    on_stub: World, stub: StubUpstream, clock: FakeClock
) -> None:
    tokens = await exchanged(on_stub)
    clock.pass_time(TOKENS["expires_in"] + 10)
    answers = await asyncio.gather(*(refreshed(on_stub, tokens["refresh_token"]) for _ in range(100)))
    assert {(status, body["refresh_token"]) for status, body, _ in answers} == {(200, tokens["refresh_token"])}
    assert len({body["access_token"] for _, body, _ in answers}) == 100
    assert len(stub.calls_to("/oauth/token")) == 2


async def test_a_401_from_cronofy_is_one_refresh_and_one_more_try(
    on_stub: World, stub: StubUpstream, clock: FakeClock
) -> None:
    tokens = await exchanged(on_stub)
    clock.pass_time(600)
    stub.on("/oauth/token", json_reply(200, {**TOKENS, "access_token": "second"}))

    async def by_token(call: Any) -> None:
        body = await call.read()
        good = call.header("authorization") == "Bearer second"
        await call.send(json_reply(202, {}) if good and body == b'{"event_id":"1"}' else reply(401))

    stub.on("/v1/calendars/c/events", by_token)
    event = {"data": b'{"event_id":"1"}', "headers": {"Content-Type": "application/json"}}
    status, _, _ = await on_stub.call("POST", "/v1/calendars/c/events", tokens["access_token"], **event)
    assert (status, len(stub.calls_to("/v1/calendars/c/events"))) == (202, 2)


@pytest.mark.parametrize("clients", [KEEPING, MIXED], ids=["both kept", "one keeps its own"])
async def test_two_clients_on_one_account_stay_apart_under_rotation(
    tmp_path: Path, clients: dict[str, Any], clock: FakeClock
) -> None:
    """Cronofy hands both the same refresh token and replaces it at each use: nobody may be left with a dead one."""
    async with open_world(tmp_path, clients=clients, clock=clock) as world:
        held = {name: await world.sign_in(client=name, email="one@example.com") for name in (ADDING, STRICT)}
        await rotate(world)
        for _ in range(3):
            for name in (ADDING, STRICT):
                clock.pass_time(3_600)
                await expire(world)
                status, fresh, _ = await refreshed(world, held[name]["refresh_token"], name)
                assert status == 200, (name, fresh)
                held[name] = held[name] | fresh
                assert (await world.call("GET", "/v1/calendars", fresh["access_token"]))[0] == 200
        _, fresh, _ = await refreshed(world, held[ADDING]["refresh_token"], ADDING)
        held[ADDING] |= fresh

        for name, other in ((ADDING, STRICT), (STRICT, ADDING)):
            for token in (held[other]["access_token"], held[other]["refresh_token"]):
                status, body, _ = await refreshed(world, token, name)
                assert (status, body["error"]) == (400, "invalid_grant")
                assert await revoke(world, name, token=token) == (200, b"")
            assert (await world.call("GET", "/v1/calendars", held[other]["access_token"]))[0] == 200


async def test_a_client_that_leaves_an_account_leaves_the_other_on_it(keeping: World) -> None:
    """Both connected another calendar; only the one that left is disconnected at Cronofy."""
    first = await keeping.sign_in(client=ADDING, email="one@example.com")
    second = await keeping.sign_in(client=STRICT, email="one@example.com")
    assert first["sub"] == second["sub"]
    await keeping.forget_seen()
    await revoke(keeping, ADDING, sub=first["sub"])
    asked = [one["path"] for one in await keeping.seen_upstream()]
    assert not any(path.startswith("/oauth") for path in asked)
    assert [path for path in asked if path.endswith("/revoke")] == [
        f"/v1/profiles/{first['linking_profile']['profile_id']}/revoke"
    ]

    assert (await keeping.call("GET", "/v1/calendars", first["access_token"]))[0] == 401
    assert (await keeping.call("GET", "/v1/userinfo", second["access_token"]))[0] == 200


async def test_a_client_moves_to_custody_gateway_and_back_with_its_people(tmp_path: Path) -> None:
    keys, before = {"ring": generate_key()}, {**KEEPING, ADDING: {**KEEPING[ADDING], "custody": "client"}}
    async with open_world(tmp_path, clients=before, keys=keys) as world:
        own = await world.sign_in()
        assert not own["refresh_token"].startswith("cgr_")
        async with open_world(tmp_path, cronofy_url=world.emulator, clients=KEEPING, keys=keys) as kept:
            status, handles, _ = await refreshed(kept, own["refresh_token"])
            assert (status, handles["refresh_token"][:4]) == (200, "cgr_")
            assert (await kept.call("GET", "/v1/calendars", handles["access_token"]))[0] == 200
        status, back, _ = await refreshed(world, handles["refresh_token"])
        assert status == 200
        assert not back["refresh_token"].startswith("cgr_")
        assert (await world.call("GET", "/v1/calendars", back["access_token"]))[0] == 200


async def test_the_store_holds_neither_a_token_nor_a_handle(on_stub: World) -> None:
    tokens = await exchanged(on_stub)
    await refreshed(on_stub, tokens["refresh_token"])
    stored = bytes_stored(on_stub)
    assert len(stored) > 1_000
    for secret in (tokens["access_token"], tokens["refresh_token"], TOKENS["access_token"], "acc_stub", "pro_stub"):
        assert secret.encode() not in stored

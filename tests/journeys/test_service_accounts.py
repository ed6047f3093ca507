"""Service accounts through each door: their shorter tokens, no mode of their own, and what ends with them."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.emulator.app import EmulatorSettings
from tests.clock import FakeClock
from tests.journeys.door.browser import WEB, Browser, door_clients, open_browser, open_door
from tests.journeys.hooks import Hook, clients, organisation, person
from tests.journeys.world import ADDING, MODE, SECRETS, STRICT, World, open_world

CUSTODIES = ["client", "gateway"]
HALF_AN_HOUR = 1800


async def status_of(world: World, token: str, path: str = "/v1/userinfo") -> int:
    status, _, _ = await world.call("GET", path, token)
    return status


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_its_tokens_live_for_half_an_hour_and_are_refreshed(tmp_path: Path, custody: str) -> None:
    clock = FakeClock(time.time())
    emulated = EmulatorSettings(clock=clock.now)
    async with open_world(tmp_path, clock=clock, emulated=emulated, clients=clients(custody)) as world:
        tokens = await organisation(world)
        assert tokens["service_account_id"].startswith("ser_")
        assert tokens["scope"] == "service_account/accounts/manage"
        assert HALF_AN_HOUR - 5 <= tokens["expires_in"] <= HALF_AN_HOUR
        for path in ("/v1/userinfo", "/v1/account"):
            status, _, headers = await world.call("GET", path, tokens["access_token"])
            assert (status, headers[MODE]) == (200, "not_applicable")
        clock.pass_time(HALF_AN_HOUR)
        assert await status_of(world, tokens["access_token"]) == 401

        status, fresh, _ = await world.token(ADDING, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert status == 200
        assert HALF_AN_HOUR - 5 <= fresh["expires_in"] <= HALF_AN_HOUR
        assert await status_of(world, fresh["access_token"]) == 200


async def test_its_mode_costs_no_look_up(tmp_path: Path) -> None:
    async with open_world(tmp_path, clients=clients("client")) as world:
        tokens = await organisation(world)
        await world.forget_seen()
        _, _, headers = await world.call("GET", "/v1/account", tokens["access_token"])
        assert headers[MODE] == "not_applicable"
        assert [one["path"] for one in await world.seen_upstream()] == ["/v1/account"]


@pytest.mark.parametrize("custody", CUSTODIES)
@pytest.mark.parametrize("by", ["refresh_token", "access_token", "sub"])
async def test_revoking_it_ends_the_people_it_let_in(tmp_path: Path, hook: Hook, custody: str, by: str) -> None:
    """As Cronofy does; another organisation's people, and those who came by themselves, stay."""
    async with open_world(tmp_path, clients=clients(custody)) as world:
        service = await organisation(world)
        other = await organisation(world, email="admin@other.example.com")
        ended = await person(world, service, hook)
        left = await person(world, other, hook, name="bob")
        alone = await world.sign_in("read_write", email="eve@example.com")
        credentials = {"client_id": ADDING, "client_secret": SECRETS[ADDING]}
        named = {"sub": service["service_account_id"]} if by == "sub" else {"token": service[by]}
        async with world.session.post(f"{world.gateway}/oauth/token/revoke", json={**credentials, **named}) as reply:
            assert reply.status == 200

        assert await status_of(world, ended["access_token"]) == 401
        status, told, _ = await world.token(ADDING, grant_type="refresh_token", refresh_token=ended["refresh_token"])
        assert (status, told["error"]) == (400, "invalid_grant")
        for tokens in (left, alone):
            assert await status_of(world, tokens["access_token"]) == 200
            fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            assert (await world.token(ADDING, **fields))[0] == 200


async def test_the_people_of_another_client_end_as_well(tmp_path: Path, hook: Hook) -> None:
    """The authorization at Cronofy is the application's, so it has ended for both."""
    async with open_world(tmp_path, clients=clients("client")) as world:
        service = await organisation(world)
        await person(world, service, hook)
        theirs = await person(world, await organisation(world, STRICT), hook, STRICT, name="bob")
        credentials = {"client_id": ADDING, "client_secret": SECRETS[ADDING]}
        body = {**credentials, "token": service["refresh_token"]}
        async with world.session.post(f"{world.gateway}/oauth/token/revoke", json=body) as reply:
            assert reply.status == 200
        status, told, _ = await world.token(STRICT, grant_type="refresh_token", refresh_token=theirs["refresh_token"])
        assert (status, told["error"]) == (400, "invalid_grant")


async def test_where_the_gateway_keeps_the_tokens_another_clients_people_stay(tmp_path: Path, hook: Hook) -> None:
    """It ends nothing at Cronofy that another client hangs on; the one that leaves loses its own people."""
    async with open_world(tmp_path, clients=clients("gateway")) as world:
        service = await organisation(world)
        mine = await person(world, service, hook)
        theirs = await person(world, await organisation(world, STRICT), hook, STRICT, name="bob")
        credentials = {"client_id": ADDING, "client_secret": SECRETS[ADDING]}
        body = {**credentials, "token": service["refresh_token"]}
        async with world.session.post(f"{world.gateway}/oauth/token/revoke", json=body) as reply:
            assert reply.status == 200
        assert await status_of(world, mine["access_token"]) == 401
        assert await status_of(world, theirs["access_token"]) == 200


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(time.time())  # aiohttp-session looks at the system's clock as well


@pytest.fixture
async def paged(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Browser]:
    """A browser in a world whose clients have pages; the first one has an app as well."""
    known = door_clients(any_loopback_redirect=True, custody="client")
    async with open_door(tmp_path, clock, clients=known) as world, open_browser(world) as browser:
        yield browser


async def test_an_administrator_signs_in_with_a_browser(paged: Browser, clock: FakeClock) -> None:
    await paged.sign_in("free_busy", email="admin@example.com", connect="enterprise")
    info = await paged.info()
    assert info["sub"].startswith("ser_")
    assert (info["access_mode"], info["profile"], info["reconnect_required"]) == ("not_applicable", None, False)

    for _ in range(2):  # with its first token, and with the one that follows
        reply = await paged.fetch("GET", "/v1/userinfo")
        assert (reply.status, reply.headers[MODE]) == (200, "not_applicable")
        assert reply.json()["sub"] == info["sub"]
        clock.pass_time(HALF_AN_HOUR + 1)


async def test_a_page_lets_people_in_and_leaving_with_revoke_ends_them(paged: Browser, hook: Hook) -> None:
    """The page asks by its session; the code goes to its backend, which holds no token of the organisation."""
    world = paged.world
    await paged.sign_in("free_busy", email="admin@example.com", connect="enterprise")
    entry = {"email": "ada@example.com", "callback_url": hook.url, "scope": "free_busy_write"}
    reply = await paged.fetch("POST", "/v1/service_account_authorizations", json=entry)
    assert (reply.status, reply.headers[MODE]) == (202, "not_applicable")
    code = (await hook.next()).authorization["code"]
    credentials = {"client_id": WEB, "client_secret": "web-client-secret-0123456789abcdef"}
    fields = {**credentials, "grant_type": "authorization_code", "code": code, "redirect_uri": hook.url}
    async with world.session.post(f"{world.gateway}/oauth/token", json=fields) as answer:
        assert answer.status == 200
        tokens = await answer.json()
    assert await status_of(world, tokens["access_token"]) == 200

    assert (await paged.post("/auth/logout", {"revoke": True})).status == 200
    assert await status_of(world, tokens["access_token"]) == 401
    again = {**credentials, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    async with world.session.post(f"{world.gateway}/oauth/token", json=again) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_grant")

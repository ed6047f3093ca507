"""Changing the mode and disconnecting: no more is ended than was asked for, and no session is left behind."""

from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_sqlite import SqliteStore
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import Sessions
from gateway.rules.client import Client, ClientId
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.journeys.door.browser import (
    HOME,
    ORIGIN,
    SESSION,
    SIDE,
    WEB,
    Browser,
    control,
    door_clients,
    open_browser,
    open_door,
    page_headers,
    query_of,
    send,
)
from tests.journeys.records import kinds_stored
from tests.journeys.world import ADDING, SECRETS, World

ADA = "ada@example.com"
REVOKE = "/oauth/token/revoke"


async def revocations(world: World) -> list[str]:
    """Return what was revoked upstream: `token`, `profile`."""
    paths = [str(one["path"]) for one in await world.seen_upstream() if one["status"] < 300]
    return [
        "token" if path == REVOKE else "profile" for path in paths if path == REVOKE or path.startswith("/v1/profiles/")
    ]


async def test_a_person_reconnects_in_another_mode(world: World, browser: Browser) -> None:
    """The old authorization ends, the hint leads to the mode, and the new session takes the old one's place."""
    await browser.sign_in(email=ADA)
    old = browser.handle()
    wish = {"mode": "free_busy", "provider": "google", "return_to": "/app?again"}
    login_url = (await browser.post("/auth/reconnect", wish)).json()["login_url"]
    ended = await browser.info()
    begun = await browser.go(login_url)
    back = await browser.go(await browser.consent(begun.location))
    info = await browser.info()

    assert login_url.startswith(f"{world.gateway}/auth/login?client={WEB}&reconnect=")
    assert ended["reconnect_required"] is True
    assert query_of(begun.location)["provider_name"] == "google_free_busy"
    assert back.location == f"{ORIGIN[WEB]}/app?again"
    assert (info["access_mode"], info["reconnect_required"]) == ("free_busy", False)
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200
    assert kinds_stored(world).count("session") == 1
    lines = [("Cookie", f"{SESSION[WEB]}={old}"), *page_headers()]
    assert (await send(world.session, "GET", f"{world.gateway}/v1/calendars", lines)).status == 401
    assert await revocations(world) == ["token"]


async def test_the_login_url_is_good_once_and_for_its_client(world: World, browser: Browser, clock: FakeClock) -> None:
    await browser.sign_in()
    login_url = (await browser.post("/auth/reconnect")).json()["login_url"]
    foreign = await browser.go(login_url.replace(f"client={WEB}", f"client={SIDE}"))
    first, second = await browser.go(login_url), await browser.go(login_url)
    late = (await browser.post("/auth/reconnect")).json()["login_url"]
    clock.pass_time(600)

    assert (foreign.status, foreign.code) == (400, "ticket_invalid")
    assert (first.status, second.status, second.code) == (302, 400, "ticket_invalid")
    assert second.cookies == []
    assert (await browser.go(late)).code == "ticket_invalid"


async def test_what_the_session_held_is_carried_over(tmp_path: Path, clock: FakeClock) -> None:
    key, client = generate_key(), Client(ClientId(WEB), frozenset(), "main")
    async with open_door(tmp_path, clock, keys={"ring": key}) as world, open_browser(world) as browser:
        store = await SqliteStore.open(str(world.store), clock)
        records = SealedRecords(store, AesGcmSealer(parse_key_ring(key)))
        sessions = Sessions(records, clock, Lifetimes(8 * 3600.0, 86_400.0))
        await browser.sign_in("no_access", email=ADA)
        before = await sessions.find(client, browser.handle())
        assert before is not None
        await sessions.replace(client, browser.handle(), {**before.data, "basket": ["a", "b"]})
        clock.pass_time(3)  # another process sees it within two seconds
        login_url = (await browser.post("/auth/reconnect", {"mode": "read_write"})).json()["login_url"]
        await world.consent("read_write", email=ADA)
        await browser.go(await browser.consent((await browser.go(login_url)).location))
        after = await sessions.find(client, browser.handle())
        await store.close()

    assert after is not None
    assert after.data["basket"] == ["a", "b"]
    assert after.data["profile"]["provider_name"] == "google"


async def test_an_organisation_reconnects_as_one(world: World, browser: Browser) -> None:
    await browser.sign_in(email="admin@example.com", connect="enterprise")
    login_url = (await browser.post("/auth/reconnect", {"mode": "free_busy"})).json()["login_url"]
    location = (await browser.go(login_url)).location

    assert "/enterprise_connect/" in location
    assert "provider_name" not in query_of(location)


async def share(world: World, browser: Browser, how: str) -> None:
    """Let something else hang on ada's account."""
    if how == "browser door":
        await browser.sign_in(client=SIDE, email=ADA)
    elif how == "drop-in door":
        await world.sign_in(client=ADDING, email=ADA)
    elif how == "second profile":
        await browser.sign_in("no_access", email=ADA)


async def end(browser: Browser, path: str) -> None:
    body: dict[str, Any] = {"revoke": True} if path == "/auth/logout" else {}
    reply = await browser.post(path, body)
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/reconnect"])
@pytest.mark.parametrize("how", ["", "browser door", "drop-in door", "second profile"])
async def test_only_the_profile_is_revoked_where_the_account_is_shared(
    tmp_path: Path, clock: FakeClock, path: str, how: str
) -> None:
    """Cronofy's authorization is the application's: revoking the token would end every other client's too."""
    adding = {"any_loopback_redirect": True, "secrets": [SECRETS[ADDING]], "scope_policy": "add"}
    clients = {**door_clients(), ADDING: adding}
    async with open_door(tmp_path, clock, clients=clients) as world, open_browser(world) as browser:
        await share(world, browser, how)
        await browser.sign_in(email=ADA)
        await world.forget_seen()
        await end(browser, path)

        assert await revocations(world) == (["profile"] if how else ["token"])
        if how == "browser door":
            assert (await browser.fetch("GET", "/v1/userinfo", client=SIDE)).status == 200
        if path == "/auth/logout":
            assert (await browser.info())["authenticated"] is False
            assert SESSION[WEB] not in browser.cookies


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/reconnect"])
async def test_what_cronofy_did_not_end_stands(world: World, browser: Browser, path: str) -> None:
    """A sign-out with revoke that failed half-way must not look done."""
    await browser.sign_in()
    await control(world, "faults", path=REVOKE, status=500)
    reply = await browser.post(path, {"revoke": True})

    assert (reply.status, reply.cookies) == (502, [])
    assert int(reply.headers["Retry-After"]) >= 1
    assert (await browser.info())["reconnect_required"] is False
    assert (await browser.fetch("GET", "/v1/calendars")).status == 200
    assert (await browser.post(path, {"revoke": True})).status == 200


async def test_signing_out_with_revoke_forgets_the_connection(world: World, browser: Browser, other: Browser) -> None:
    """The person's other browser is told to connect again."""
    for one in (browser, other):
        await one.sign_in(email=ADA)
    await end(browser, "/auth/logout")

    assert "connection" not in kinds_stored(world)
    assert (await other.info())["reconnect_required"] is True
    assert (await other.fetch("GET", "/v1/calendars")).code == "reconnect_required"
    assert (await other.post("/auth/logout", {"revoke": True})).status == 200


async def test_signing_out_alone_revokes_nothing(world: World, browser: Browser) -> None:
    await browser.sign_in()
    for spelling in ({}, {"revoke": False}, {"revoke": "true"}, {"revoke": 1}):
        await browser.sign_in()
        assert (await browser.post("/auth/logout", spelling)).json()["return_to"] == HOME[WEB]

    assert await revocations(world) == []
    assert "connection" in kinds_stored(world)


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/reconnect", "/auth/ticket", "/auth/tickets/redeem"])
async def test_odd_bodies_never_fail(browser: Browser, path: str) -> None:
    """CVE-2025-3891: an empty POST is no crash."""
    as_json = [("Content-Type", "application/json")]
    bodies: list[tuple[bytes, list[tuple[str, str]]]] = [
        (b"", []),
        (b"", as_json),
        (b"a=b", []),
        (b"[]", as_json),
        (b"null", as_json),
        (b'{"return_to": 1, "ticket": []}', as_json),
        (b'{"a": 1, "a": 2}', as_json),
        (b"\xff", as_json),
        (b"[" * 9_000, as_json),
        (b" " * 20_000, as_json),
    ]
    for body, lines in bodies:
        await browser.sign_in()
        reply = await browser.fetch("POST", path, data=body, headers=lines)
        assert reply.status in {200, 400, 401, 413, 415, 422}, (body[:20], reply.body)


async def test_the_login_url_is_nothing_in_another_browser(browser: Browser, other: Browser) -> None:
    """Whoever else opens the link must not go on with the first browser's session."""
    await browser.sign_in(email=ADA)
    await other.sign_in(email="eve@example.com")
    login_url = (await browser.post("/auth/reconnect", {"mode": "no_access"})).json()["login_url"]
    stolen = await other.go(login_url)

    assert stolen.status == 400
    assert stolen.headers["Gateway-Error"] == "ticket_invalid"

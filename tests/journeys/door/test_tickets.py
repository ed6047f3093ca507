"""Tickets: once, for a minute, to the client's own backend; and never a token in what is told."""

import asyncio
import base64
import json
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import SECRET, SIDE, WEB, Browser, Reply, page_headers, send
from tests.journeys.world import World


async def ticket_of(browser: Browser) -> str:
    told = (await browser.post("/auth/ticket")).json()
    assert told["expires_in"] == 60
    return str(told["ticket"])


async def redeem(world: World, ticket: Any, *, client: str = WEB, how: str = "bearer") -> Reply:
    """Redeem a ticket as a backend, which shows its secret in one of three ways."""
    basic = base64.b64encode(f"{client}:{SECRET[client]}".encode()).decode()
    lines = {"bearer": f"Bearer {SECRET[client]}", "basic": f"Basic {basic}"}
    body = {"ticket": ticket, **({"client_id": client, "client_secret": SECRET[client]} if how == "body" else {})}
    headers = [("Authorization", lines[how])] if how in lines else []
    return await send(world.session, "POST", f"{world.gateway}/auth/tickets/redeem", headers, json=body)


@pytest.mark.parametrize("how", ["bearer", "basic", "body"])
async def test_a_backend_learns_who_sits_behind_the_browser(world: World, browser: Browser, how: str) -> None:
    await browser.sign_in("free_busy", email="ada@example.com")
    info, ticket = await browser.info(), await ticket_of(browser)
    reply = await redeem(world, ticket, how=how)

    assert reply.json() == {
        "sub": info["sub"],
        "profile_id": info["profile"]["profile_id"],
        "access_mode": "free_busy",
        "scope": info["scope"],
        "client": WEB,
    }
    assert reply.headers["Cache-Control"] == "no-store"
    again = await redeem(world, ticket, how=how)
    assert (again.status, again.code) == (400, "ticket_invalid")


async def test_of_twenty_at_the_same_time_one_is_first(world: World, browser: Browser) -> None:
    await browser.sign_in()
    for _ in range(3):
        ticket = await ticket_of(browser)
        replies = await asyncio.gather(*(redeem(world, ticket) for _ in range(20)))
        assert sorted(reply.status for reply in replies) == [200] + [400] * 19


async def test_another_clients_secret_is_refused_and_uses_nothing_up(world: World, browser: Browser) -> None:
    await browser.sign_in()
    ticket = await ticket_of(browser)
    foreign = await redeem(world, ticket, client=SIDE)
    assert (foreign.status, foreign.code) == (400, "ticket_invalid")
    url = f"{world.gateway}/auth/tickets/redeem"
    for header in ("Bearer nobody", f"Bearer {ticket}", "Basic x", "", f"Bearer {browser.handle()}"):
        reply = await send(world.session, "POST", url, [("Authorization", header)], json={"ticket": ticket})
        assert (reply.status, reply.code) == (401, "credentials_unknown")
        assert "WWW-Authenticate" in reply.headers
    page = await send(browser.http, "POST", url, page_headers(), json={"ticket": ticket})
    mixed = {"ticket": ticket, "client_id": SIDE, "client_secret": SECRET[WEB]}

    assert page.status == 401
    assert (await send(world.session, "POST", url, json=mixed)).status == 401
    assert (await redeem(world, ticket)).status == 200


async def test_it_is_good_for_a_minute(world: World, browser: Browser, clock: FakeClock) -> None:
    await browser.sign_in()
    early, late = await ticket_of(browser), await ticket_of(browser)
    clock.pass_time(59)
    assert (await redeem(world, early)).status == 200
    clock.pass_time(1)
    assert (await redeem(world, late)).code == "ticket_invalid"


@pytest.mark.parametrize("value", ["", "x", None, "A" * 43, "A" * 5_000, "%s", "'; --", "\x00"])
async def test_what_is_no_ticket_is_one_refusal(world: World, browser: Browser, value: str | None) -> None:
    reply = await redeem(world, value)

    assert (reply.status, reply.code) == (400, "ticket_invalid")


@pytest.mark.parametrize("value", [1, ["x"], {"a": "b"}, True])
async def test_a_ticket_is_a_string(world: World, value: Any) -> None:
    assert (await redeem(world, value)).status == 422


async def test_a_ticket_is_no_permission_to_reconnect_and_the_reverse(world: World, browser: Browser) -> None:
    """Each is sealed and named for its own purpose."""
    await browser.sign_in()
    ticket = await ticket_of(browser)
    login = await browser.go(f"/auth/login?client={WEB}&reconnect={ticket}")
    permission = (await browser.post("/auth/reconnect")).json()["login_url"].partition("reconnect=")[2]

    assert (login.status, login.code) == (400, "ticket_invalid")
    assert (await redeem(world, permission)).code == "ticket_invalid"
    assert (await redeem(world, ticket)).status == 200


async def test_only_who_is_signed_in_gets_one(browser: Browser) -> None:
    reply = await browser.post("/auth/ticket")

    assert (reply.status, reply.code) == (401, "not_signed_in")
    assert json.loads(reply.body)["login_url"]

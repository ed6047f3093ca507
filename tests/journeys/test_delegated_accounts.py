"""Enterprise Connect to its end: an administrator authorizes somebody, the code comes back, the mode is told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.journeys.world import ADDING, MODE, STRICT, World

ENTERPRISE = {
    "path": "/enterprise_connect/oauth/authorize",
    "scope": "service_account/accounts/manage",
    "delegated_scope": "free_busy_write read_events",
}
ACCEPTED = 202


class Mailbox:
    """Takes what Cronofy posts to the callback URL."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        await self.came.put(await request.json())
        return web.Response()

    async def authorization(self) -> dict[str, Any]:
        posted = await asyncio.wait_for(self.came.get(), 5)
        authorization: dict[str, Any] = posted["authorization"]
        return authorization


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    box, app = Mailbox(), web.Application()
    app.router.add_post("/hook", box.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?account=7&kind=x"
    yield box
    await runner.cleanup()


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_a_delegated_account_has_the_administrators_mode(world: World, mailbox: Mailbox, mode: str) -> None:
    service = await world.sign_in(mode, **ENTERPRISE)
    asked = {"email": "ada@example.com", "callback_url": mailbox.url, "scope": "read_events", "state": "s"}
    status, body, _ = await world.call(
        "POST", "/v1/service_account_authorizations", service["access_token"], json=asked
    )
    assert (status, body) == (ACCEPTED, b"")
    code = (await mailbox.authorization())["code"]

    status, refused, _ = await world.token(
        STRICT, grant_type="authorization_code", code=code, redirect_uri=mailbox.url + "x"
    )
    assert status == 400
    status, tokens, _ = await world.token(ADDING, grant_type="authorization_code", code=code, redirect_uri=mailbox.url)
    assert (status, refused["error"]) == (200, "invalid_grant")
    assert "free_busy_write" in tokens["scope"]
    _, _, headers = await world.call("GET", "/v1/calendars", tokens["access_token"])
    assert headers[MODE] == mode


async def test_under_the_strict_policy_each_account_has_to_ask(world: World, mailbox: Mailbox) -> None:
    service = await world.sign_in("free_busy", client=STRICT, **ENTERPRISE)
    await world.forget_seen()
    entries = [
        {"email": f"{name}@example.com", "callback_url": mailbox.url, "scope": scope}
        for name, scope in (("ada", "free_busy_write"), ("bob", "read_events"))
    ]
    body = {"service_account_authorizations": entries}
    status, raw, headers = await world.call(
        "POST", "/v1/service_account_authorizations", service["access_token"], json=body
    )
    assert (status, headers["Gateway-Error"]) == (422, "scope_required")
    assert b"service_account_authorizations[1].scope" in raw
    assert b"[0]" not in raw
    assert [one["path"] for one in await world.seen_upstream()] == []

"""What an app held of a connection that was ended opens nothing of what the same person connects later."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.emulator.app import EmulatorSettings
from tests.clock import FakeClock
from tests.journeys.door.browser import SECRET, WEB, Browser, door_clients, open_browser, open_door
from tests.journeys.world import CALLBACK, World

ADA = "ada@example.com"
KEPT = {"custody": "gateway", "any_loopback_redirect": True, "service_door": True, "scope_policy": "add"}


@dataclass
class Scene:
    """A client with pages, an app that holds handles and a backend; one browser."""

    world: World
    browser: Browser
    clock: FakeClock

    async def app_signs_in(self) -> dict[str, Any]:
        await self.world.consent(email=ADA)
        code = await self.world.code(WEB)
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        status, body = await self.oauth("/oauth/token", **fields)
        assert status == 200, body
        tokens: dict[str, Any] = json.loads(body)
        return tokens

    async def oauth(self, path: str, **fields: str) -> tuple[int, bytes]:
        body = {"client_id": WEB, "client_secret": SECRET[WEB], **fields}
        async with self.world.session.post(f"{self.world.gateway}{path}", json=body) as reply:
            return reply.status, await reply.read()

    async def status(self, tokens: dict[str, Any]) -> tuple[int, int]:
        """Return what a call and a refresh with these handles get."""
        called, _, _ = await self.world.call("GET", "/v1/calendars", tokens["access_token"])
        refreshed, _ = await self.oauth(
            "/oauth/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
        )
        return called, refreshed


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Scene]:
    async with (
        open_door(tmp_path, clock, clients=door_clients(**KEPT)) as world,
        open_browser(world) as browser,
    ):
        yield Scene(world, browser, clock)


async def by_logout(scene: Scene, tokens: dict[str, Any]) -> None:
    assert (await scene.browser.post("/auth/logout", {"revoke": True})).status == 200


async def by_reconnect(scene: Scene, tokens: dict[str, Any]) -> None:
    assert (await scene.browser.post("/auth/reconnect", {})).status == 200


async def by_backend(scene: Scene, tokens: dict[str, Any]) -> None:
    url = f"/auth/connections/{tokens['sub']}"
    assert (await scene.world.call("DELETE", url, SECRET[WEB]))[0] == 204


async def by_revocation(scene: Scene, tokens: dict[str, Any]) -> None:
    assert (await scene.oauth("/oauth/token/revoke", sub=tokens["sub"]))[0] == 200


async def at_cronofy(scene: Scene, tokens: dict[str, Any]) -> None:
    """The person, or an administrator, ended it at Cronofy itself; a refresh finds out."""
    application = EmulatorSettings()
    named = {"client_id": application.client_id, "client_secret": application.client_secrets[0], "sub": tokens["sub"]}
    async with scene.world.session.post(f"{scene.world.emulator}/oauth/token/revoke", json=named) as reply:
        assert reply.status == 200
    scene.clock.pass_time(3_700)
    await scene.status(tokens)


ENDING: dict[str, Callable[[Scene, dict[str, Any]], Awaitable[None]]] = {
    "logout": by_logout,
    "reconnect": by_reconnect,
    "backend": by_backend,
    "revocation": by_revocation,
    "at Cronofy": at_cronofy,
}


@pytest.mark.parametrize("ending", ENDING)
async def test_a_handle_dies_with_its_connection_for_good(scene: Scene, ending: str) -> None:
    """The same person comes again, in another browser perhaps: what was let go before must not come alive with it."""
    held = await scene.app_signs_in()
    await scene.browser.sign_in(email=ADA)
    assert await scene.status(held) == (200, 200)
    await ENDING[ending](scene, held)
    assert await scene.status(held) == (401, 400)

    async with open_browser(scene.world) as later:
        await later.sign_in(email=ADA)
        assert await scene.status(held) == (401, 400)
        fresh = await scene.app_signs_in()
        assert (await scene.status(fresh), await scene.status(held)) == ((200, 200), (401, 400))


async def test_revoking_a_handle_of_before_ends_nothing_of_now(scene: Scene) -> None:
    """Apps clean up late: Cronofy answers 200 to a dead token, and so does the gateway, and neither does anything."""
    held = await scene.app_signs_in()
    await scene.browser.sign_in(email=ADA)
    await by_logout(scene, held)
    await scene.browser.sign_in(email=ADA)
    for token in (held["access_token"], held["refresh_token"]):
        assert await scene.oauth("/oauth/token/revoke", token=token) == (200, b"")
    assert (await scene.browser.fetch("GET", "/v1/calendars")).status == 200


async def test_signing_in_again_without_an_end_leaves_the_handles_alone(scene: Scene) -> None:
    """A second browser of the same person must not sign the app out."""
    held = await scene.app_signs_in()
    await scene.browser.sign_in(email=ADA)
    await scene.app_signs_in()
    assert await scene.status(held) == (200, 200)

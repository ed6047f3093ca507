"""A client that was taken out of the settings: whatever it and its people hold opens no door any more."""

from pathlib import Path
from typing import Any

from gateway.adapters.key_ring import generate_key
from gateway.emulator.app import EmulatorSettings
from gateway.rules.callback_signatures import SIGNATURE_HEADER, sign
from tests.journeys.door.browser import SECRET, SESSION, SIDE, WEB, door_clients, open_browser, open_door, page_headers
from tests.journeys.hooks import ENTERPRISE, ask, asking, deliveries, open_hook
from tests.journeys.waiting import until_told
from tests.journeys.world import CALLBACK, World

KEPT = {"custody": "gateway", "any_loopback_redirect": True, "service_door": True, "scope_policy": "add"}
CREDENTIALS = {"client_id": WEB, "client_secret": SECRET[WEB]}


async def oauth(world: World, path: str, **fields: str) -> tuple[int, dict[str, Any]]:
    async with world.session.post(f"{world.gateway}/oauth/{path}", json={**CREDENTIALS, **fields}) as reply:
        return reply.status, await reply.json()


async def signed_in(world: World, **parameters: str) -> dict[str, Any]:
    await world.consent(email="ada@example.com")
    code = await world.code(WEB, **parameters)
    status, tokens = await oauth(world, "token", grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert status == 200, tokens
    return tokens


async def test_what_a_client_held_opens_nothing_without_it(tmp_path: Path) -> None:
    keys, both = {"ring": generate_key()}, door_clients(**KEPT)
    async with (
        open_door(tmp_path, clients=both, keys=keys) as before,
        open_browser(before) as browser,
        open_hook() as hook,
    ):
        await browser.sign_in(email="ada@example.com")
        held, service = await signed_in(before), await signed_in(before, **ENTERPRISE)
        status, raw, _ = await ask(before, service, asking(hook))
        assert status == 202, raw
        came = await hook.next()

        async def is_delivered() -> bool:
            return bool(await deliveries(before))

        await until_told(is_delivered)
        callback = str((await deliveries(before))[-1]["url"]).removeprefix(before.gateway)
        async with open_door(tmp_path, clients={SIDE: both[SIDE]}, keys=keys, cronofy_url=before.emulator) as after:
            await before.forget_seen()
            account, secret = {"Gateway-Account": held["sub"]}, SECRET[WEB]
            assert (await after.call("GET", "/v1/calendars", held["access_token"]))[0] == 401
            assert (await after.call("GET", "/v1/calendars", secret, headers=account))[0] == 400
            for path in ("/auth/connections", f"/auth/connections/{held['sub']}"):
                assert (await after.call("GET", path, secret))[0] == 401
            assert (await after.call("DELETE", f"/auth/connections/{held['sub']}", secret))[0] == 401
            for path, fields in (
                ("token", {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}),
                ("token", {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}),
                ("token/revoke", {"token": held["refresh_token"]}),
                ("token/revoke", {"sub": held["sub"]}),
            ):
                status, told = await oauth(after, path, **fields)
                assert (status, told["error"]) == (400, "invalid_client")
            cookie = {**dict(page_headers(WEB)), "Cookie": f"{SESSION[WEB]}={browser.handle()}"}
            for method, path in (("GET", "/v1/calendars"), ("GET", "/auth/session"), ("POST", "/auth/ticket")):
                status, raw, headers = await after.call(method, path, headers=cookie)
                assert status in {400, 401, 403, 404} or b'"authenticated": false' in raw, (path, status, raw)
                assert "Set-Cookie" not in headers
            signed = {SIGNATURE_HEADER: sign(came.raw, EmulatorSettings().client_secrets)}
            status, _, headers = await after.call("POST", callback, data=came.raw, headers=signed)
            assert (status, headers["Gateway-Error"]) == (404, "callback_unknown")
            assert hook.arrived.empty()
            assert await before.seen_upstream() == []

        assert (await before.call("GET", "/v1/calendars", held["access_token"]))[0] == 200

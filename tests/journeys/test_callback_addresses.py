"""Where the gateway does not post, whatever an app asks for: into its own network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.emulator.app import EmulatorSettings
from gateway.rules.callback_signatures import sign
from tests.journeys.hooks import (
    SIGNATURE,
    Hook,
    ask,
    asking,
    callback_outcomes,
    clients,
    deliveries,
    organisation,
)
from tests.journeys.waiting import until_told
from tests.journeys.world import World, open_world

PUBLIC_URL = "https://gateway.example.com"
RAW = b'{"authorization":{"code":"code-1"}}'
# Everything but a name: the app is told at once.
REFUSED = [
    "https://169.254.169.254/latest/meta-data/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://10.0.0.1/",
    "https://172.16.3.4/",
    "https://192.168.1.1:8443/",
    "https://100.64.0.1/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://127.1/",
    "https://user@app.example.com/",
    "http://app.example.com/",
    "http://localhost/",
    "http://127.0.0.1/",
]


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose gateway believes to be on the open internet; Cronofy's callbacks are posted by the test."""
    emulated = EmulatorSettings(callback_pauses=())
    async with open_world(tmp_path, emulated=emulated, public_url=PUBLIC_URL, clients=clients("gateway")) as world:
        yield world


async def secret_for(world: World, hook: Hook, url: str) -> str:
    """Ask for somebody at a callback URL, and return the secret of the gateway's that Cronofy was given."""
    status, raw, _ = await ask(world, await organisation(world), asking(hook, callback_url=url))
    assert status == 202, raw

    async def is_tried() -> bool:
        return bool(await deliveries(world))

    await until_told(is_tried)
    return str((await deliveries(world))[-1]["url"]).removeprefix(f"{PUBLIC_URL}/auth/callbacks/")


async def deliver(world: World, secret: str) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", SIGNATURE: sign(RAW, EmulatorSettings().client_secrets)}
    async with world.session.post(f"{world.gateway}/auth/callbacks/{secret}", data=RAW, headers=headers) as reply:
        return reply.status, reply.headers.get("Gateway-Error", "")


async def test_an_address_inside_is_refused_when_it_is_asked_for(public: World, hook: Hook) -> None:
    service = await organisation(public)
    await public.forget_seen()
    for url in REFUSED:
        status, raw, headers = await ask(public, service, asking(hook, callback_url=url))
        assert (url, status, headers.get("Gateway-Error")) == (url, 422, "invalid_field")
        assert b"callback_url" in raw
    assert await public.seen_upstream() == []


async def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(public: World, hook: Hook) -> None:
    """`localhost` stands for any name that resolves to this machine, today or by the next look-up."""
    port = hook.url.split(":")[2].partition("/")[0]
    secret = await secret_for(public, hook, f"https://localhost:{port}/hook")
    assert await deliver(public, secret) == (502, "callback_undelivered")
    assert await callback_outcomes(public) == {"address_refused": 1}
    assert hook.arrived.empty()


async def test_a_setting_lets_it_post_inside(tmp_path: Path, hook: Hook) -> None:
    """For apps in the company's own network. The hook speaks no TLS, so the attempt itself is what shows."""
    port = hook.url.split(":")[2].partition("/")[0]
    emulated = EmulatorSettings(callback_pauses=())
    allowed = {"private_addresses": True}
    async with open_world(
        tmp_path, emulated=emulated, public_url=PUBLIC_URL, clients=clients("gateway"), callbacks=allowed
    ) as world:
        secret = await secret_for(world, hook, f"https://127.0.0.1:{port}/hook")
        assert await deliver(world, secret) == (502, "callback_undelivered")
        assert await callback_outcomes(world) == {"unreachable": 1}

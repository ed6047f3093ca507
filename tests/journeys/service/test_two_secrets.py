"""An application whose first secret Cronofy takes no more: everything goes on with the other one."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.emulator.app import EmulatorSettings
from tests.journeys.stub_upstream import TOKENS, Call, Script, StubUpstream, json_reply, reply
from tests.journeys.world import ADDING, SECRETS, World, open_world

# Alone on its application, so that objects from before the gateway are its own.
ALONE: Final[dict[str, Any]] = {
    ADDING: {"secrets": [SECRETS[ADDING]], "scope_policy": "add", "any_loopback_redirect": True}
}

DEAD, ALIVE = EmulatorSettings().client_secrets
SMART: Final = "/v1/smart_invites"
LARGE: Final = 200_000  # bytes: more than is kept to be sent twice


def application(cronofy_url: str, *, secret: str = DEAD, other: str | None = ALIVE) -> dict[str, Any]:
    more = {"other_client_secret": other} if other else {}
    client_id = EmulatorSettings().client_id
    return {"main": {"client_id": client_id, "client_secret": secret, "emulator_url": cronofy_url, **more}}


def taking(secret: str, answer: bytes) -> Script:
    """Make a script that takes one secret, as Bearer or in the body, and refuses every other as Cronofy does."""

    async def script(call: Call) -> None:
        body = await call.read()
        shown = call.header("authorization") == f"Bearer {secret}" or secret.encode() in body
        refusal = json_reply(400, {"error": "invalid_client"}) if "/oauth/" in call.target else reply(401)
        await call.send(answer if shown else refusal)

    return script


@pytest.fixture
async def changing(stub: StubUpstream, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose Cronofy takes the second secret only."""
    stub.on("/oauth/token", taking(ALIVE, json_reply(200, TOKENS)))
    stub.on("/oauth/token/revoke", taking(ALIVE, reply(200)))
    for path in (SMART, "/v1/real_time_scheduling", "/v1/attachments"):
        stub.on(path, taking(ALIVE, json_reply(200, {})))
    # With the usual patience: a hundred calls at once may take a busy machine longer than a test of timeouts waits.
    async with open_world(tmp_path, cronofy_url=stub.url, applications=application(stub.url), clients=ALONE) as opened:
        yield opened


async def by_key(world: World, method: str, path: str, **more: Any) -> tuple[int, str]:
    status, _, headers = await world.call(method, path, SECRETS[ADDING], **more)
    return status, headers.get("Gateway-Error", "")


@pytest.mark.parametrize(
    ("secret", "other", "works"),
    [(DEAD, ALIVE, True), (ALIVE, DEAD, True), (DEAD, None, False), (DEAD, "x" * 30, False)],
)
async def test_a_whole_journey_goes_on_with_the_secret_that_works(
    tmp_path: Path, secret: str, other: str | None, *, works: bool
) -> None:
    emulated = EmulatorSettings(client_secrets=(ALIVE,))
    async with open_world(tmp_path, emulated=emulated) as first:
        applications = application(first.emulator, secret=secret, other=other)
        (tmp_path / "second").mkdir()
        async with open_world(
            tmp_path / "second", cronofy_url=first.emulator, applications=applications, clients=ALONE
        ) as world:
            await first.consent()
            code = await world.code()
            fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:9/callback"}
            status, body, headers = await world.token(**fields)
            refused = "application_credentials_refused"
            if not works:
                assert (status, headers["Gateway-Error"]) == (502, refused)
                assert await by_key(world, "GET", SMART) == (502, refused)
                return
            assert status == 200, body
            status, body, _ = await world.token(grant_type="refresh_token", refresh_token=body["refresh_token"])
            assert status == 200
            assert (await by_key(world, "GET", f"{SMART}?smart_invite_id=none&recipient_email=a@example.com"))[0] == 404
            sent = {"client_id": ADDING, "client_secret": SECRETS[ADDING], "token": body["refresh_token"]}
            async with world.session.post(f"{world.gateway}/oauth/token/revoke", json=sent) as answer:
                assert answer.status == 200


async def test_a_call_with_the_api_key_is_sent_once_more_and_then_never_again(
    changing: World, stub: StubUpstream
) -> None:
    for _ in range(3):
        assert await by_key(changing, "POST", SMART, json={"smart_invite_id": "x"}) == (200, "")
    shown = [one.header("authorization") for one in stub.calls_to(SMART)]
    assert shown == [f"Bearer {one}" for one in (DEAD, ALIVE, ALIVE, ALIVE)]
    assert {bytes(one.body) for one in stub.calls_to(SMART)} == {b'{"smart_invite_id": "x"}'}


async def test_what_one_call_found_out_the_others_know(changing: World, stub: StubUpstream) -> None:
    status, _, _ = await changing.token(grant_type="authorization_code", code="c", redirect_uri="http://127.0.0.1:9/cb")
    assert status == 200
    assert await by_key(changing, "GET", SMART) == (200, "")
    assert len(stub.calls_to(SMART)) == 1


async def test_credentials_in_a_body_are_tried_with_the_other_secret_too(changing: World, stub: StubUpstream) -> None:
    body = {"client_id": ADDING, "client_secret": SECRETS[ADDING], "event": {"summary": "\u00e9"}}
    status, _, _ = await changing.call("POST", "/v1/real_time_scheduling", json=body)
    assert status == 200
    sent = [json.loads(bytes(one.body)) for one in stub.calls_to("/v1/real_time_scheduling")]
    assert [one.pop("client_secret") for one in sent] == [DEAD, ALIVE]
    assert sent == [{"client_id": "emulator-application", "event": {"summary": "\u00e9"}}] * 2


async def test_a_body_too_large_to_keep_is_sent_by_the_next_call(changing: World, stub: StubUpstream) -> None:
    large = {"data": b"x" * LARGE, "headers": {"Content-Type": "application/json"}}
    assert await by_key(changing, "POST", "/v1/attachments", **large) == (502, "application_credentials_refused")
    assert await by_key(changing, "POST", "/v1/attachments", **large) == (200, "")
    assert len(stub.calls_to("/v1/attachments")) == 2


async def test_a_hundred_callers_agree_on_one_change(changing: World, stub: StubUpstream) -> None:
    told = await asyncio.gather(*(by_key(changing, "GET", SMART) for _ in range(100)))
    assert set(told) == {(200, "")}
    shown = [one.header("authorization") for one in stub.calls_to(SMART)]
    assert shown.count(f"Bearer {ALIVE}") == 100
    before = len(shown)
    assert await by_key(changing, "GET", SMART) == (200, "")
    assert len(stub.calls_to(SMART)) == before + 1
    async with changing.session.get(f"{changing.operations}/metrics") as page:
        metrics = await page.text()
    assert 'gateway_application_secrets_total{application="main",outcome="changed"} 1.0' in metrics
    assert DEAD not in metrics
    assert ALIVE not in metrics


async def test_an_extra_operation_keeps_cronofys_own_401(stub: StubUpstream, tmp_path: Path) -> None:
    """It may want a person's token, and then the secret is not to blame."""
    stub.on("/v1/new_things", reply(401))
    extra = {"extra_operations": ["GET /v1/new_things"]}
    async with open_world(
        tmp_path,
        cronofy_url=stub.url,
        applications=application(stub.url),
        clients=ALONE,
        proxy=extra,
    ) as world:
        assert await by_key(world, "GET", "/v1/new_things") == (401, "")
        assert len(stub.calls_to("/v1/new_things")) == 2

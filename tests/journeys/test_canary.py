"""No token, code, state, secret, key, credential or cookie is ever said: not in a log, error, header or metric.

CVE-2022-23469, CVE-2022-29266 and CVE-2024-39315 were such words.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from gateway.adapters.key_ring import generate_key
from tests.journeys.canaries import Ears, ears, spellings
from tests.journeys.conftest import IMPATIENT
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import TOKENS, StubUpstream, json_reply, never, reply
from tests.journeys.test_bad_framing import FRAMINGS
from tests.journeys.test_broken_upstream import BROKEN_BODIES, ODD_HEADS, sending
from tests.journeys.test_token_replies import UNUSABLE
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World, open_world, world_settings

APPLICATION = "emulator-application"
APPLICATION_SECRET = "CRN_emulator_first_secret_0123456789abcdef"


@pytest.fixture
def listening() -> Iterator[Ears]:
    with ears() as opened:
        opened.keep(application_secret=APPLICATION_SECRET, adding=SECRETS[ADDING], strict=SECRETS[STRICT])
        opened.keep(basic=base64.b64encode(f"{ADDING}:{SECRETS[ADDING]}".encode()).decode())
        yield opened


def canary(name: str) -> str:
    return f"canary-{name}-{secrets.token_hex(12)}"


def note(heard: Ears, status: int, body: bytes | str, headers: Mapping[str, str] | list[tuple[str, str]]) -> None:
    """Keep what an answer said; a redirect's target has to carry the state, a token set its tokens."""
    pairs = headers if isinstance(headers, list) else list(headers.items())
    heard.told += [f"{name}: {value}" for name, value in pairs if not (status == 302 and name.lower() == "location")]
    if status >= 400:
        heard.told.append(body if isinstance(body, str) else body.decode("utf-8", "replace"))


async def raw(heard: Ears, world: World, data: bytes) -> None:
    """Send bytes, note the answer if one comes."""
    async with connect(world.gateway) as wire:
        try:
            await wire.send(data)
            answer = await wire.reply()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
    note(heard, answer.status, answer.body, answer.headers)


async def assert_silence(
    heard: Ears, world: World, capfd: pytest.CaptureFixture[str], *, library: str = "aiosqlite"
) -> None:
    async with world.session.get(f"{world.operations}/metrics") as page:
        metrics = await page.text()
    out, err = capfd.readouterr()
    assert "request.finished" in heard.log.getvalue()
    assert library in heard.libraries.getvalue()
    assert len(heard.told) > 100
    assert heard.heard(metrics=metrics, stdout=out, stderr=err) == []


def test_the_ears_hear() -> None:
    """A listener that hears nothing would make the tests below green."""
    secret = canary("self")
    for said in (secret, quote(f"a={secret}&"), base64.b64encode(f"user:{secret}".encode()).decode()):
        with ears() as opened:
            opened.keep(secret=secret)
            opened.told.append(f"xx{said}yy")
        assert opened.heard() == ["secret in answers"]
    assert len(spellings(secret)) >= 5


async def test_good_journeys_say_no_secret(tmp_path: Path, listening: Ears, capfd: pytest.CaptureFixture[str]) -> None:
    key = generate_key()
    listening.keep(key=key)
    async with open_world(tmp_path, keys={"ring": key}) as world:
        for mode in ("read_write", "free_busy", "no_access"):
            state = canary("state")
            await world.consent(mode)
            onward = await world.location(world.authorize_url(ADDING, state=state))
            code = parse_qs(urlsplit(await world.location(onward)).query)["code"][0]
            _, tokens, headers = await world.token(
                ADDING, grant_type="authorization_code", code=code, redirect_uri=CALLBACK
            )
            note(listening, 200, "", headers)
            listening.keep(**{f"state {mode}": state, f"code {mode}": code})
            listening.keep(**{f"access {mode}": tokens["access_token"], f"refresh {mode}": tokens["refresh_token"]})
            for path in ("/v1/userinfo", "/v1/events?tzid=Etc/UTC", "/v1/nothing", f"/v1/{tokens['access_token']}"):
                note(
                    listening, *await world.call("GET", path, tokens["access_token"], headers={"Cookie": f"s={state}"})
                )
            status, fresh, headers = await world.token(
                ADDING, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
            )
            note(listening, status, "", headers)
            listening.keep(**{f"fresh {mode}": fresh["access_token"]})
            # Used twice, used by another, unknown, junk.
            for client, field, value in (
                (ADDING, "code", code),
                (STRICT, "refresh_token", tokens["refresh_token"]),
                (ADDING, "refresh_token", state),
            ):
                grant = "refresh_token" if field == "refresh_token" else "authorization_code"
                fields = {"grant_type": grant, field: value, "redirect_uri": CALLBACK}
                status, body, headers = await world.token(client, **fields)
                note(listening, status, json.dumps(body), headers)
                assert status == 400
            event = {"event_id": state, "conferencing": {"profile_id": "integrated"}, "summary": state}
            note(
                listening,
                *await world.call("POST", f"/v1/calendars/{code}/events", tokens["access_token"], json=event),
            )
        await assert_silence(listening, world, capfd)


async def test_bad_requests_say_no_secret(
    stubbed: World, stub: StubUpstream, listening: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    token, state, cookie = canary("token"), canary("state"), canary("cookie")
    listening.keep(token=token, state=state, cookie=cookie)
    lines = f"Authorization: Bearer {token}\r\nCookie: session={cookie}\r\n"
    for framing in FRAMINGS.values():
        await raw(listening, stubbed, framing.replace("Host: x\r\n", f"Host: x\r\n{lines}", 1).encode())
        await raw(listening, stubbed, framing.replace("canary", token).encode())
    basic = base64.b64encode(f"{ADDING}:{token}".encode()).decode()
    listening.keep(basic_value=basic)
    for target in (
        f"/v1/{token}",
        f"/v1/calendars?et={token}",
        f"/{token}#",
        f"//{token}",
        f"/oauth/authorize?{token}",
    ):
        for line in (f"Authorization: Bearer {token}", f"Authorization: Basic {basic}", f"Expect: {token}", f"{token}"):
            for method in ("GET", "POST", "BREW", token.upper()):
                await raw(listening, stubbed, request_bytes(method, target, "Connection: close", line))
    for field in ("client_id", "redirect_uri", "scope", "response_type", "code_challenge"):
        for query in (f"{field}={token}&state={state}", f"client_id={ADDING}&{field}[]={token}&state={state}"):
            await raw(listening, stubbed, request_bytes("GET", f"/oauth/authorize?{query}", "Connection: close"))
    form, as_json = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"
    for line, body in (
        (form, f"client_id={ADDING}&client_secret={token}"),
        (form, f"{token}&{token}"),
        (form, f"code={token}&code={token}"),
        (form, f"grant_type={token}&client_id={ADDING}&client_secret={SECRETS[ADDING]}"),
        (as_json, f'{{"{token}": [], "code": "{token}"}}'),
        (as_json, f'{{"code": "{token}", "code": "{state}"}}'),
        (as_json, f'{{"code": "{token}'),
        (as_json, json.dumps({"code": token * 3_000})),
        (f"Content-Type: {token}", token),
        (f"Content-Type: application/json\r\nContent-Encoding: {token}", token),
    ):
        for target in ("/oauth/token", "/oauth/token/revoke", "/v1/add_to_calendar", "/v1/calendars/c/events"):
            lines = f"Connection: close\r\nAuthorization: Bearer {token}\r\n{line}"
            await raw(listening, stubbed, request_bytes("POST", target, lines, body=body.encode()))
    await assert_silence(listening, stubbed, capfd)


async def test_element_tokens_are_said_nowhere(
    tmp_path: Path, stub: StubUpstream, listening: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    """They stand in the query, where whoever writes down a URL writes down the credential."""
    page, token, unseen = "https://elements.example", canary("element"), canary("unseen")
    listening.keep(token=token, unseen=unseen)
    client = {"secrets": [SECRETS[ADDING]], "origins": [page]}
    # Each has its application to itself, so that the accounts of the page may be named.
    known = world_settings(store=tmp_path, port=1, cronofy_url=stub.url)["applications"]["main"]
    changes: dict[str, Any] = {"applications": {"main": known, "other": {**known, "client_id": "another"}}}
    changes["clients"] = {
        ADDING: {**client, "application": "main"},
        STRICT: {"secrets": [SECRETS[STRICT]], "application": "other"},
    }
    origins = [f"Origin: {page}", "Origin: https://evil.example", f"Origin: {token}", f"Referer: {page}/?et={token}"]
    async with open_world(
        tmp_path, cronofy_url=stub.url, upstream={**IMPATIENT, "read_timeout": 0.2}, **changes
    ) as world:
        stub.on("/v1/element_tokens", json_reply(200, {"element_token": {"token": token, "origin": page}}))
        body = {"permissions": ["agenda", "availability"], "subs": ["acc_1"], "origin": page}
        status, _, headers = await world.call("POST", "/v1/element_tokens", SECRETS[ADDING], json=body)
        assert status == 200
        note(listening, 200, "", headers)
        onward = {"pages": {"next_page": f"{stub.url}/v1/events/pages/x?et={token}"}}
        stub.on("/v1/userinfo", json_reply(200, {}))
        stub.on("/v1/events", json_reply(200, onward))
        # Good, refused by each rule, malformed.
        for query in (
            f"et={token}",
            f"et={unseen}",
            f"et={token}&et={unseen}",
            f"et[]={token}",
            f"x={token};et={token}",
        ):
            for path in ("/v1/userinfo", "/v1/events", "/v1/calendars", "/v1/nothing", f"/v1/{token}", "/auth/session"):
                for line in (
                    *origins,
                    f"Authorization: Bearer {token}",
                    f"Expect: {token}",
                    f"Gateway-Account: {token}",
                ):
                    for method in ("GET", "POST", "OPTIONS", "BREW"):
                        asks = "Access-Control-Request-Method: GET"
                        data = request_bytes(method, f"{path}?{query}", "Connection: close", asks, line)
                        await raw(listening, world, data)
        for target in (
            f"/v1/userinfo?et={token} x",
            f"/v1/userinfo?et={token}#",
            f"/v1/..?et={token}",
            f"//x?et={token}",
        ):
            await raw(listening, world, request_bytes("GET", target, "Connection: close"))
        long = f"/v1/userinfo?et={token}&x=" + "x" * 20_000
        await raw(listening, world, request_bytes("GET", long, "Connection: close"))
        # Cronofy answers badly, sends elsewhere, is away.
        heads = {name: sending(head.replace(b"canary", token.encode())) for name, head in ODD_HEADS.items()}
        elsewhere = sending(reply(302, b"", f"Location: https://x/?et={token}"))
        stub.on("/v1/free_busy", json_reply(200, {"pages": {"next_page": f"https://evil.example/?et={token}"}}))
        await raw(listening, world, request_bytes("GET", f"/v1/free_busy?et={token}", "Connection: close"))
        for script in (*heads.values(), *BROKEN_BODIES.values(), never, elsewhere):
            for path in ("/v1/events", "/v1/userinfo"):
                stub.on(path, script)
                await raw(listening, world, request_bytes("GET", f"{path}?et={token}", "Connection: close", origins[0]))
        stub.on("/v1/element_tokens", json_reply(200, {"token": token}))
        note(listening, *await world.call("POST", "/v1/element_tokens", SECRETS[ADDING], json=body))
        await stub.stop()
        await raw(listening, world, request_bytes("GET", f"/v1/events?et={token}", origins[0]))
        await assert_silence(listening, world, capfd)


async def test_upstream_failures_say_no_secret(
    tmp_path: Path, stub: StubUpstream, listening: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    token, code, refresh = canary("token"), canary("code"), canary("refresh")
    listening.keep(token=token, code=code, access=TOKENS["access_token"], sent_refresh=refresh)
    listening.keep(refresh=TOKENS["refresh_token"])
    silent = {"never", "stalling", "trickling", "stalled"}
    async with open_world(tmp_path, cronofy_url=stub.url, upstream={**IMPATIENT, "read_timeout": 0.2}) as world:
        for how, (script, _, _) in UNUSABLE.items():
            if how in silent - {"never"}:
                continue  # one silence is like another
            stub.on("/oauth/token", script)
            fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
            status, body, headers = await world.token(ADDING, **fields)
            note(listening, status, json.dumps(body), headers)
        heads = {name: sending(head.replace(b"canary", token.encode())) for name, head in ODD_HEADS.items()}
        redirect = sending(reply(302, b"", f"Location: https://x/?{token}"))
        for script in (*heads.values(), *BROKEN_BODIES.values(), never, redirect):
            for path in ("/v1/calendars", "/v1/events", "/v1/userinfo"):
                stub.on(path, script)
                line = f"Authorization: Bearer {token}"
                await raw(listening, world, request_bytes("GET", f"{path}?x={token}", "Connection: close", line))
        foreign = {"pages": {"next_page": f"https://evil.example/{token}"}}
        stub.on("/v1/events", json_reply(200, foreign))
        await raw(listening, world, request_bytes("GET", "/v1/events", f"Authorization: Bearer {token}"))
        await stub.stop()
        await assert_silence(listening, world, capfd)

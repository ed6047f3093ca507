"""What crosses between nginx and Cronofy, where Cronofy is a stub that says anything; and who is taken for Cronofy."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import trustme

from tests.journeys.door.browser import ORIGIN, WEB, Browser, open_browser, sign_in_at_stub
from tests.journeys.engines.conftest import open_engine_world, places
from tests.journeys.engines.nginx import open_nginx
from tests.journeys.stub_upstream import StubUpstream, json_reply, open_stub, reply
from tests.journeys.world import MODE, World

CALENDARS: Final = "/v1/calendars"
CRONOFY: Final = "api.cronofy.com"
HOSTILE: Final = (
    "Set-Cookie: gateway-web=planted",
    "Cronofy-Access-Mode: forged",
    "Cronofy_Access_Mode: forged",
    "X-Accel-Redirect: /_gateway_check",
    "X-Accel-Expires: 3600",
    "X-Request-Id: forged-0123456789",
    "Gateway-Error: forged",
    "Access-Control-Allow-Origin: *",
    "Cache-Control: public, max-age=3600",
    "Expires: Thu, 01 Jan 2099 00:00:00 GMT",
    "Vary: *",
    "Via: 1.1 elsewhere",
    "Strict-Transport-Security: max-age=1",
    "Alt-Svc: h3=evil.example",
    "Clear-Site-Data: cookies",
    "Keep-Alive: timeout=5",
    "Upgrade: websocket",
    "Trailer: X-Late",
    "Status: 200 OK",
    "X-RateLimit-Remaining: 49",
)


@pytest.fixture
async def world(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    async with open_engine_world(tmp_path, cronofy_url=stub.url) as opened:
        yield opened


@pytest.fixture
async def browser(world: World, stub: StubUpstream, tmp_path: Path) -> AsyncIterator[Browser]:
    found = places(world, cronofy=stub.url.removeprefix("http://"))
    async with open_nginx(tmp_path / "engine", found) as nginx, open_browser(world, nginx) as opened:
        await sign_in_at_stub(opened)
        yield opened


async def test_only_what_cronofy_may_say_comes_back(browser: Browser, stub: StubUpstream) -> None:
    stub.on(CALENDARS, json_reply(200, {"calendars": []}, *HOSTILE))
    answer = await browser.fetch("GET", CALENDARS)
    assert (answer.status, answer.json()) == (200, {"calendars": []})
    told = {name.lower(): answer.headers.getall(name) for name in answer.headers}
    request_id = told.pop("x-request-id")
    assert len(request_id[0]) == 32
    assert {name: values for name, values in told.items() if name not in {"date", "server", "connection"}} == {
        "content-type": ["application/json; charset=utf-8"],
        "content-length": [str(len(answer.body))],
        "status": ["200 OK"],
        "x-ratelimit-remaining": ["49"],
        MODE.lower(): ["read_write"],
        "via": ["1.1 cronofy-gateway"],
        "x-content-type-options": ["nosniff"],
        "cache-control": ["no-store"],
        "vary": ["Cookie, Origin"],
        "access-control-allow-origin": [ORIGIN[WEB]],
        "access-control-allow-credentials": ["true"],
        "access-control-expose-headers": ["Cronofy-Access-Mode, Gateway-Error, X-Request-Id, Retry-After"],
    }


async def test_only_what_cronofy_may_hear_goes_there(browser: Browser, stub: StubUpstream) -> None:
    browser.plant("other", "cookie")
    lines = [
        ("Referer", f"{ORIGIN[WEB]}/secret"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
        ("baggage", "user=1"),
        ("Gateway-Client", WEB),
        ("Sec-Fetch-Site", "same-site"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade, X-Request-Id"),
        ("Expect", "100-continue"),
        ("Accept-Language", "de"),
        ("X_CSRF", "1"),
    ]
    assert (await browser.fetch("POST", CALENDARS, headers=lines, json={"name": "x"})).status == 200
    call = await stub.wait_for_call(CALENDARS)
    sent = dict(call.headers)
    assert sent.pop("x-request-id")
    assert sent.pop("user-agent")
    assert sent == {
        "host": CRONOFY,
        "authorization": "Bearer stub-access-token",
        "accept": "*/*",
        "accept-encoding": sent["accept-encoding"],
        "accept-language": "de",
        "content-type": "application/json",
        "content-length": "13",
        "via": "1.1 cronofy-gateway",
    }
    assert bytes(call.body) == b'{"name": "x"}'


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_leads_nowhere(browser: Browser, stub: StubUpstream, status: int) -> None:
    stub.on(CALENDARS, reply(status, b"", "Location: https://evil.example/"))
    answer = await browser.fetch("GET", CALENDARS)
    assert (answer.status, answer.code, answer.headers.get("Location")) == (502, "upstream_redirected", None)
    assert len(stub.calls_to(CALENDARS)) == 1


@pytest.mark.parametrize("status", [404, 422, 429, 500, 503])
async def test_cronofys_errors_come_back_as_they_are(browser: Browser, stub: StubUpstream, status: int) -> None:
    """Nothing but 401 and 403 is asked again: a write may have happened."""
    stub.on(CALENDARS, json_reply(status, {"errors": {}}, "Retry-After: 7"))
    answer = await browser.fetch("POST", CALENDARS, json={})
    assert (answer.status, answer.json()) == (status, {"errors": {}})
    assert (answer.headers["Retry-After"], answer.headers[MODE]) == ("7", "read_write")
    assert len(stub.calls_to(CALENDARS)) == 1


@pytest.mark.parametrize(("host", "status"), [(CRONOFY, 200), ("evil.example", 502)])
async def test_a_token_goes_to_cronofys_certificate_only(
    tmp_path: Path, stub: StubUpstream, host: str, status: int
) -> None:
    """The shipped TLS lines, with an authority of the test's own."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with (
        open_stub(tls=context) as cronofy,
        open_engine_world(tmp_path, cronofy_url=stub.url) as world,
        open_nginx(
            tmp_path / "engine",
            places(world, cronofy=cronofy.url.removeprefix("https://"), authority=tmp_path / "authority.pem"),
        ) as nginx,
        open_browser(world, nginx) as browser,
    ):
        await sign_in_at_stub(browser)
        assert (await browser.fetch("GET", CALENDARS)).status == status
        assert asked == [CRONOFY]
        assert len(cronofy.calls) == (1 if status == 200 else 0)
    assert stub.calls_to(CALENDARS) == []

"""Calls by cookie: whose page wrote them, and which client is meant."""

import asyncio

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import (
    ORIGIN,
    SESSION,
    SIDE,
    WEB,
    Browser,
    page_headers,
    send,
)
from tests.journeys.records import kinds_stored
from tests.journeys.world import World

CSRF = ("X-CSRF", "1")
Lines = list[tuple[str, str]]
OURS: Lines = [("Origin", ORIGIN[WEB])]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("csrf", [[], ["0"], [""], ["1", "1"], ["1, 1"], ["true"]])
async def test_without_the_csrf_header_nothing_goes_upstream(browser: Browser, method: str, csrf: list[str]) -> None:
    """CVE-2025-31492: no byte reaches Cronofy before the call is judged, a plain GET's neither."""
    await browser.sign_in()
    await browser.world.forget_seen()
    lines = [*OURS, *(("X-CSRF", value) for value in csrf)]
    answers = [await send(browser.http, method, f"{browser.gateway}/v1/events?tzid=Etc/UTC", lines)]
    if method == "POST":
        answers += [
            await send(browser.http, method, f"{browser.gateway}/auth/{path}", lines)
            for path in ("logout", "reconnect", "ticket")
        ]

    assert {(one.status, one.code) for one in answers} == {(403, "csrf_missing")}
    assert await browser.world.seen_upstream() == []
    assert (await browser.info())["authenticated"] is True


@pytest.mark.parametrize(
    "lines",
    [
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "")],
        [("Origin", ORIGIN[WEB].upper())],
        [("Origin", f"{ORIGIN[WEB]}/")],
        [("Origin", f"{ORIGIN[WEB]}.evil.example")],
        [*OURS, *OURS],
        [*OURS, ("Origin", "https://evil.example")],
        [("Sec-Fetch-Site", "cross-site")],
        [*OURS, ("Sec-Fetch-Site", "cross-site")],
        [("Origin", ORIGIN[SIDE]), ("Gateway-Client", WEB)],
    ],
)
async def test_another_sites_page_is_refused(browser: Browser, lines: Lines) -> None:
    await browser.sign_in()
    await browser.world.forget_seen()
    for method, path in (("GET", "/v1/calendars"), ("POST", "/auth/logout"), ("POST", "/auth/ticket")):
        answer = await send(browser.http, method, browser.gateway + path, [*lines, CSRF])
        assert (answer.status, answer.code) == (403, "origin_refused"), path

    assert await browser.world.seen_upstream() == []
    assert (await browser.info())["authenticated"] is True


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", ""])
async def test_own_pages_may_call(browser: Browser, site: str) -> None:
    """With their Origin, with none (a same-origin GET has none), and from the gateway's own."""
    await browser.sign_in()
    for origin in ([], OURS, [("Origin", browser.gateway)]):
        lines = [*origin, CSRF, ("Sec-Fetch-Site", site)]
        assert (await send(browser.http, "GET", f"{browser.gateway}/v1/calendars", lines)).status == 200


@pytest.mark.parametrize("credential", ["Bearer nobody", "Basic eDp5", "", "Bearer"])
async def test_an_authorization_header_wins_and_the_cookie_is_ignored(browser: Browser, credential: str) -> None:
    """Neither accepted nor complained about: with a Bearer no page is behind the call, so no CSRF header is asked."""
    await browser.sign_in()
    lines = [("Authorization", credential), *page_headers()]
    answer = await send(browser.http, "GET", f"{browser.gateway}/v1/calendars", lines)

    assert answer.status == 401
    assert answer.code != "not_signed_in"


async def test_the_client_is_named_by_header_then_origin_then_the_only_cookie(browser: Browser) -> None:
    await browser.sign_in(email="ada@example.com")
    path = f"{browser.gateway}/auth/session"
    assert (await send(browser.http, "GET", path)).json()["client"] == WEB

    await browser.sign_in(client=SIDE, email="bob@example.com")
    ambiguous = await send(browser.http, "GET", f"{browser.gateway}/v1/calendars", [CSRF])
    assert (ambiguous.status, ambiguous.code) == (400, "client_ambiguous")
    for client, email in ((WEB, "ada@example.com"), (SIDE, "bob@example.com")):
        for lines in ([("Gateway-Client", client)], [("Origin", ORIGIN[client])]):
            info = (await send(browser.http, "GET", path, [*lines, CSRF])).json()
            assert (info["client"], info["profile"]["profile_name"]) == (client, email)
    unknown = await send(browser.http, "GET", path, [("Gateway-Client", "nobody"), CSRF])
    assert (unknown.status, unknown.code) == (400, "client_unknown")


async def test_two_clients_side_by_side_in_one_browser(browser: Browser) -> None:
    """Signing out of one leaves the other."""
    await browser.sign_in(email="ada@example.com")
    await browser.sign_in(client=SIDE, email="ada@example.com")
    assert (await browser.post("/auth/logout")).status == 200

    assert list(browser.cookies) == [SESSION[SIDE]]
    assert (await browser.fetch("GET", "/v1/calendars")).status == 401
    assert (await browser.fetch("GET", "/v1/calendars", client=SIDE)).status == 200


@pytest.mark.parametrize("path", ["/v1/events", "/auth/logout", "/auth/session", "/v1/nothing"])
async def test_preflights_are_answered_for_registered_origins(world: World, path: str) -> None:
    asks = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-csrf,content-type")]
    for client in (WEB, SIDE):
        answer = await send(world.session, "OPTIONS", world.gateway + path, [("Origin", ORIGIN[client]), *asks])
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN[client]
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert {"x-csrf", "content-type", "gateway-client"} <= set(allowed)
        assert answer.headers.getall("Vary") == ["Origin"]
    for origin in ("https://evil.example", "null", "*", ""):
        answer = await send(world.session, "OPTIONS", world.gateway + path, [("Origin", origin), *asks])
        assert answer.status >= 400
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    assert await world.seen_upstream() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/smart_invites"), ("POST", "/v1/element_tokens"), ("POST", "/v1/real_time_scheduling")],
)
async def test_operations_of_the_api_key_are_not_for_pages(browser: Browser, method: str, path: str) -> None:
    await browser.sign_in()
    await browser.world.forget_seen()
    answer = await browser.fetch(method, path)

    assert (answer.status, answer.code) == (403, "operation_refused")
    assert await browser.world.seen_upstream() == []


async def test_api_paths_never_redirect(browser: Browser) -> None:
    """A page's fetch cannot follow a redirect to a login page; it gets the URL to navigate to."""
    for lines in (page_headers(), [CSRF, ("Cookie", f"{SESSION[WEB]}=x")]):
        answer = await send(browser.world.session, "POST", f"{browser.gateway}/v1/calendars", lines, json={})
        assert (answer.status, answer.code) == (401, "not_signed_in")
        assert answer.json()["login_url"] == f"{browser.gateway}/auth/login?client={WEB}"
        assert answer.cookies == []


async def test_signing_out(world: World, browser: Browser) -> None:
    """CVE-2025-55162 and CVE-2026-34454: the cookie is really deleted, the record too; the back button gets a 401."""
    await browser.sign_in()
    kept, born = browser.cookie_header, next(line for line in browser.set_cookies if line.startswith(SESSION[WEB]))
    assert (await browser.post("/auth/logout")).json() == {"signed_out": True, "return_to": f"{ORIGIN[WEB]}/app"}
    died = browser.set_cookies[-1]

    assert browser.cookies == {}
    assert attributes(died) == attributes(born)
    assert "session" not in kinds_stored(world)
    assert "connection" in kinds_stored(world)
    for _ in range(2):
        lines = [("Cookie", kept), *page_headers()]
        assert (await send(world.session, "GET", f"{world.gateway}/v1/calendars", lines)).status == 401
    assert (await browser.info())["authenticated"] is False
    assert (await browser.post("/auth/logout")).status == 200


async def test_a_use_beside_a_sign_out_does_not_bring_the_session_back(browser: Browser, clock: FakeClock) -> None:
    """Each use of an idle session writes it anew, which must not write over its end."""
    for _ in range(15):
        await browser.sign_in()
        kept, url = browser.cookie_header, f"{browser.gateway}/auth/session"
        lines = [("Cookie", kept), *page_headers()]
        clock.pass_time(120)
        http = browser.world.session
        uses = [send(http, "GET", url, lines) for _ in range(4)]
        await asyncio.gather(*uses[:2], browser.post("/auth/logout"), *uses[2:])
        assert (await send(http, "GET", url, lines)).json()["authenticated"] is False


@pytest.mark.parametrize("mode", ["free_busy", "no_access"])
async def test_rules_hold_for_pages_too(browser: Browser, mode: str) -> None:
    """A body that a rule reads is judged, and what was judged arrives whole."""
    await browser.sign_in(mode)
    calendars = (await browser.fetch("GET", "/v1/calendars")).json()["calendars"]
    path = f"/v1/calendars/{calendars[0]['calendar_id']}/events"
    times = {"start": "2030-01-01T10:00:00Z", "end": "2030-01-01T11:00:00Z"}
    event = {"event_id": "of-a-page", "summary": "Tea", "description": "", **times}
    refused = await browser.fetch("POST", path, json={**event, "conferencing": {"profile_id": "integrated"}})
    taken = await browser.fetch("POST", path, json=event)

    assert refused.status == 422
    assert "conferencing.profile_id" in str(refused.json()["errors"])
    assert taken.status == 202, taken.body
    assert (await browser.fetch("DELETE", path, json={"event_id": "of-a-page"})).status == 202


def attributes(line: str) -> set[str]:
    """Return a Set-Cookie line's attributes, without those that say when it ends."""
    parts = {part.strip().lower() for part in line.split(";")[1:]}
    return {part for part in parts if not part.startswith(("max-age", "expires"))}

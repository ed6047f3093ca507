"""The shipped nginx files with the real nginx, through its memory of checks: who gets through, and as whom."""

import json
import time
from pathlib import Path
from typing import Final

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import ORIGIN, SIDE, WEB, Browser, control, door_clients, open_browser, send, statuses
from tests.journeys.engines.conftest import KEY, open_engine_world, places
from tests.journeys.engines.nginx import open_nginx
from tests.journeys.waiting import until_told
from tests.journeys.world import World
from tests.ports import free_port

CALENDARS: Final = "/v1/calendars"
CSRF: Final = ("X-CSRF", "1")
OURS: Final = ("Origin", ORIGIN[WEB])
# Two seconds are what is promised; the rest is for a machine that is busy with other tests.
WITHIN: Final = 2.0 + 1.5
Lines = list[tuple[str, str]]


async def seen(world: World, path: str = CALENDARS) -> int:
    """Return how many calls to a path have reached Cronofy."""
    return len(await statuses(world, path))


def checks(world: World, outcome: str) -> float:
    """Return how many checks ended in some way."""
    samples = [one for metric in world.running.metrics.checks.collect() for one in metric.samples]
    return sum(one.value for one in samples if one.name.endswith("_total") and one.labels["outcome"] == outcome)


async def test_a_call_by_cookie_is_carried_past_the_gateway(browser: Browser, world: World, tmp_path: Path) -> None:
    """One check serves the calls of a second; what crosses is as the gateway would have it."""
    await browser.sign_in("free_busy")
    replies = [await browser.fetch("GET", CALENDARS, headers=[("X-Request-Id", "mine-0123456789")]) for _ in range(2)]

    direct = await send(browser.http, "GET", world.gateway + CALENDARS, [OURS, CSRF, ("Cookie", browser.cookie_header)])
    told = ("Cronofy-Access-Mode", "Cache-Control", "Vary", "X-Content-Type-Options", "Via", "Content-Type")
    cors = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")
    for one in replies:
        assert (one.status, one.body) == (200, direct.body)
        assert {name: one.headers.getall(name) for name in told + cors} == {
            name: direct.headers.getall(name) for name in told + cors
        }
        assert one.headers["X-Request-Id"] == "mine-0123456789"
    assert replies[0].headers["Cronofy-Access-Mode"] == "free_busy"
    assert checks(world, "allowed") <= 2  # a second may have ended between the two
    assert await seen(world) == 3
    shown = browser.handle()
    for log in (tmp_path / "engine").glob("*.log"):
        assert shown not in log.read_text()


async def test_two_people_never_see_each_others_data(browser: Browser, other: Browser) -> None:
    """CVE-2025-68113's kind: a cache of what one may see answers another."""
    people = {browser: "one@example.com", other: "two@example.com"}
    subs = {}
    for one, email in people.items():
        await one.sign_in(email=email)
        subs[one] = (await one.info())["sub"]
    assert len(set(subs.values())) == 2
    for _ in range(5):
        for one in people:
            reply = await one.fetch("GET", "/v1/account")
            assert reply.json()["account"]["account_id"] == subs[one]


@pytest.mark.parametrize(
    ("cookie", "lines", "answer"),
    [
        ("", [OURS, CSRF], (401, "not_signed_in")),
        ("", [CSRF], (401, "credentials_missing")),
        ("{own}; {own}", [OURS, CSRF], (400, "cookie_repeated")),
        ("{own}; gateway-web=other", [OURS, CSRF], (400, "cookie_repeated")),
        ("{own}; gateway-side=other", [CSRF], (400, "client_ambiguous")),
        ("gateway-web=", [OURS, CSRF], (401, "not_signed_in")),
        ("{own}x", [OURS, CSRF], (401, "not_signed_in")),
        ("{own}", [OURS], (403, "csrf_missing")),
        ("{own}", [OURS, ("X-CSRF", "0")], (403, "csrf_missing")),
        ("{own}", [("Origin", "https://evil.example"), CSRF], (403, "origin_refused")),
        ("{own}", [("Origin", "null"), CSRF], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Sec-Fetch-Site", "cross-site")], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Gateway-Client", SIDE)], (403, "origin_refused")),
        ("{own}", [OURS, CSRF, ("Gateway-Account", "acc_1")], (400, "account_header_refused")),
        ("{own}", [OURS, CSRF, ("Cronofy-Impersonate", "acc_1")], (403, "impersonation_refused")),
        ("{own}", [OURS, CSRF, ("Authorization", "Bearer nobodys-token")], (401, "")),
        ("{own}", [OURS, CSRF, ("Authorization", "Basic YTpi")], (401, "credentials_missing")),
    ],
)
async def test_a_good_call_before_it_answers_for_no_other(
    browser: Browser, world: World, cookie: str, lines: Lines, answer: tuple[int, str]
) -> None:
    """Whatever the check judges is in the key of its answer, or the call goes to the gateway, which refuses it."""
    await browser.sign_in()
    own = f"gateway-web={browser.handle()}"
    good = [OURS, CSRF, ("Cookie", own)]
    async with open_browser(world) as stranger:  # without a jar of its own
        for _ in range(2):
            assert (await send(stranger.http, "GET", browser.gateway + CALENDARS, good)).status == 200
            given = [*lines, ("Cookie", cookie.format(own=own))] if cookie else lines
            reply = await send(stranger.http, "GET", browser.gateway + CALENDARS, given)
            direct = await send(stranger.http, "GET", world.gateway + CALENDARS, given)
            assert (reply.status, reply.code) == (direct.status, direct.code)
            assert reply.status == answer[0]
            assert answer[1] in reply.code
            # nginx copies that of Cronofy's 401 beside it.
            wanted = direct.headers.getall("WWW-Authenticate", [])
            assert reply.headers.getall("WWW-Authenticate", [])[-len(wanted) or 9 :] == wanted


async def test_who_signs_out_is_out_within_two_seconds(browser: Browser, world: World) -> None:
    """Here in another browser's hands: the cookie is good until then, and not a moment longer than is promised."""
    await browser.sign_in()
    cookie = browser.cookie_header
    lines = [OURS, CSRF, ("Cookie", cookie)]
    async with open_browser(world) as thief:

        async def calls() -> int:
            return (await send(thief.http, "GET", browser.gateway + CALENDARS, lines)).status

        assert await calls() == 200
        assert (await browser.post("/auth/logout")).status == 200
        began = time.monotonic()

        async def is_out() -> bool:
            return await calls() == 401

        await until_told(is_out, patience=WITHIN)
        assert time.monotonic() - began < WITHIN
        await world.forget_seen()
        assert await calls() == 401
        assert await seen(world) == 0


async def test_another_operation_with_the_same_cookie_is_judged_anew(tmp_path: Path) -> None:
    clients = door_clients(operations=["calendars", "channels"])
    async with (
        open_engine_world(tmp_path, clients=clients) as world,
        open_nginx(tmp_path / "engine", places(world)) as nginx,
        open_browser(world, nginx) as browser,
    ):
        await browser.sign_in()
        assert (await browser.fetch("GET", CALENDARS)).status == 200
        await world.forget_seen()
        for method, path in (("POST", CALENDARS), ("GET", "/v1/profiles"), ("DELETE", "/v1/channels/chn_1")):
            reply = await browser.fetch(method, path, headers=[("Content-Type", "application/json")])
            assert (reply.status, reply.code) == (403, "operation_refused")
        assert await world.seen_upstream() == []


async def test_the_method_and_the_target_are_carried_as_they_came(browser: Browser, world: World) -> None:
    await browser.sign_in()
    await browser.fetch("GET", CALENDARS)
    await world.forget_seen()
    for method in ("DELETE", "POST", "HEAD"):
        path = "/v1/availability_rules/a%40b%3Dc" if method == "DELETE" else "/v1/availability_rules?b=%2F&a=1"
        await browser.fetch(method, path, headers=[("Content-Type", "application/json")])
    found = [(one["method"], one["path"]) for one in await world.seen_upstream()]
    assert [method for method, _ in found] == ["DELETE", "POST", "HEAD"]
    assert checks(world, "allowed") == 4


@pytest.mark.parametrize(
    "target",
    [
        "/v1/../v1/calendars",
        "/v1/%2e%2e/v1/calendars",
        "/v1//calendars",
        "/v1/calendars;x",
        "/v1/c%61lendars",
        "//v1/x",
    ],
)
async def test_an_odd_spelling_is_the_gateways_to_refuse(browser: Browser, world: World, target: str) -> None:
    """CVE-2021-29492: a proxy makes a path normal that another judged as it was."""
    await browser.sign_in()
    await world.forget_seen()
    reply = await browser.fetch("GET", target)
    assert reply.code in {"bad_target", "operation_unknown", "not_found"}
    assert await world.seen_upstream() == []


async def test_what_a_client_says_in_the_engines_headers_counts_for_nothing(browser: Browser, world: World) -> None:
    """CVE-2026-40575: a header that the client chose decided what was judged."""
    await browser.sign_in()
    await world.forget_seen()
    forged = [
        ("Gateway-Engine-Key", KEY),
        ("Gateway-Checked-Method", "DELETE"),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Uri", "/v1/userinfo"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Original-URL", "/v1/profiles"),
    ]
    assert (await browser.fetch("GET", CALENDARS, headers=forged)).status == 200
    (one,) = [call for call in await world.seen_upstream() if call["path"] == CALENDARS]
    assert one["method"] == "GET"
    crossed = {"host", "authorization", "accept", "accept-encoding", "user-agent", "via", "x-request-id"}
    assert set(one["header_names"]) <= crossed
    for path in ("/check/v1/calendars", "/check", "/_gateway_check"):
        reply = await browser.fetch("GET", path, headers=forged)
        assert reply.status in {403, 404}
        assert "Authorization" not in reply.headers


async def test_a_body_that_a_rule_reads_goes_through_the_gateway(browser: Browser, world: World) -> None:
    """A mode forbids integrated conferencing: the refusal is the gateway's, and the call that is fine goes through."""
    await browser.sign_in("free_busy")
    calendar = (await browser.fetch("GET", CALENDARS)).json()["calendars"][0]["calendar_id"]
    path = f"{CALENDARS}/{calendar}/events"
    event = {"event_id": "e1", "summary": "S", "start": "2030-01-01", "end": "2030-01-02", "tzid": "Etc/UTC"}
    limited = await browser.fetch("POST", path, json={**event, "conferencing": {"profile_id": "integrated"}})
    assert (limited.status, limited.code) == (422, "integrated_conferencing_refused")
    assert (await browser.fetch("POST", path, json=event)).status == 202
    assert await statuses(world, path) == [202]


async def test_a_page_leads_back_here(browser: Browser, world: World) -> None:
    await browser.sign_in()
    reply = await browser.fetch("GET", "/v1/events?tzid=Etc/UTC")
    assert reply.json()["pages"]["next_page"].startswith(f"{world.gateway}/v1/events/pages/")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_a_form_is_refused_by_the_gateway(browser: Browser, world: World, kind: str) -> None:
    """Rack would take `_method` out of it for the method of the call."""
    await browser.sign_in()
    await world.forget_seen()
    reply = await browser.fetch("POST", CALENDARS, data=b"_method=delete", headers=[("Content-Type", kind)])
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    assert await world.seen_upstream() == []


async def test_a_body_is_carried_and_sent_again_after_a_renewal(tmp_path: Path) -> None:
    """Cronofy's 401 is the gateway's to cure; nginx still has the body."""
    clock = FakeClock(time.time())
    async with (
        open_engine_world(tmp_path, clock=clock) as world,
        open_nginx(tmp_path / "engine", places(world)) as nginx,
        open_browser(world, nginx) as browser,
    ):
        await browser.sign_in()
        known = (await browser.fetch("GET", CALENDARS)).json()["calendars"][0]
        clock.pass_time(120)
        await control(world, "tokens/expire")
        await world.forget_seen()
        body = {"name": "New", "profile_id": known["profile_id"]}
        reply = await browser.fetch("POST", CALENDARS, json=body)
        assert reply.status == 200, reply.body
        assert json.loads(reply.body)["calendar"]["calendar_name"] == "New"
        # nginx', the gateway's with the same token, and the gateway's with the new one.
        assert await statuses(world, CALENDARS) == [401, 401, 200]
        assert await statuses(world, "/oauth/token") == [200]


async def test_a_bound_token_is_carried_and_a_secret_is_not(browser: Browser, world: World) -> None:
    await world.consent("no_access")
    async with open_browser(world) as backend:
        await backend.sign_in("no_access")
        lines = [OURS, CSRF, ("Cookie", backend.cookie_header)]
        reply = await send(browser.http, "GET", browser.gateway + "/v1/account", lines)
        assert reply.headers["Cronofy-Access-Mode"] == "no_access"
    secret = [("Authorization", "Bearer web-client-secret-0123456789abcdef")]
    reply = await send(browser.http, "GET", browser.gateway + CALENDARS, secret)
    assert (reply.status, reply.code) == (400, "account_required")


async def test_without_the_gateway_the_way_is_closed(browser: Browser, world: World, tmp_path: Path) -> None:
    await browser.sign_in()
    gone = places(world, public=free_port(), engine=free_port())
    await world.forget_seen()
    async with open_nginx(tmp_path / "closed", gone) as closed, open_browser(world) as any_one:
        lines = [OURS, CSRF, ("Cookie", browser.cookie_header)]
        reply = await send(any_one.http, "GET", closed + CALENDARS, lines)
        assert reply.status in {502, 503}
    assert await world.seen_upstream() == []


async def test_without_the_engine_listener_the_gateway_carries_all(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    """So does a key that is not the engine's: no call goes unasked."""
    await browser.sign_in()
    lines = [OURS, CSRF, ("Cookie", browser.cookie_header)]
    wrong = places(world, engine=free_port()), places(world, key="another-key-0123456789abcdefghijkl")
    for number, found in enumerate(wrong):
        async with open_nginx(tmp_path / f"wrong-{number}", found) as nginx, open_browser(world) as one:
            reply = await send(one.http, "GET", nginx + CALENDARS, lines)
            assert (reply.status, reply.headers["Server"]) == (200, "nginx")
    assert checks(world, "allowed") == 0
    assert checks(world, "engine_key_refused") == 1

"""The callback's state: good once, in the browser that began it, for ten minutes, and in no other way.

CVE-2025-68158, CVE-2026-81888, CVE-2026-61687 and CVE-2023-27496 were callbacks that took what they should not.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import FLOW, HOME, SESSION, SIDE, WEB, Browser, Reply, query_of, send
from tests.journeys.records import kinds_stored
from tests.journeys.world import World

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def damaged(value: str) -> Iterator[str]:
    """Yield a cookie's value with each character changed in its highest bit, cut at each place, and made longer."""
    for at, sign in enumerate(value):
        yield value[:at] + BASE64URL[BASE64URL.index(sign) ^ 32] + value[at + 1 :]
    yield from (value[:at] for at in range(len(value)))
    yield from (value + "A", value + "AAAA", f"%{value}", value * 2)


def same(reply: Reply) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return an answer without what is of this very request."""
    told = sorted((name, value) for name, value in reply.headers.items() if name not in {"X-Request-Id", "Date"})
    mark = reply.headers["X-Request-Id"].encode()
    assert mark in reply.body
    return reply.status, reply.body.replace(mark, b""), [pair for pair in told if pair[0] != "X-Request-ID"]


def assert_page(reply: Reply, code: str = "state_refused") -> None:
    assert (reply.status, reply.code) == (400, code), reply.body
    assert reply.headers["Content-Type"].startswith("text/html")
    assert f'href="{HOME[WEB]}"'.encode() in reply.body
    assert reply.cookies == []


async def with_cookie(world: World, url: str, cookie: str) -> Reply:
    """Call with a Cookie header byte for byte."""
    return await send(world.session, "GET", url, [("Cookie", cookie), ("X-CSRF", "1")])


def callback(browser: Browser, *pairs: tuple[str, str]) -> str:
    return f"{browser.gateway}/auth/callback?{urlencode(pairs)}"


@pytest.mark.parametrize(
    "shape",
    ["nothing", "code", "code=C&state=", "code=C&state", "state=.", "state=x.", "state=.x", "state=F.", "state=F"],
)
async def test_no_state_is_no_sign_in(browser: Browser, shape: str) -> None:
    await browser.world.consent()
    answer = query_of(await browser.to_callback())
    flow_id, query = answer["state"].partition(".")[0], shape.replace("C", answer["code"])
    assert_page(await browser.go(f"/auth/callback?{query.replace('F', flow_id)}"))


@pytest.mark.parametrize("name", ["state", "code", "error", "state[]", "code[]"])
async def test_a_doubled_parameter_is_refused_and_uses_nothing_up(browser: Browser, name: str) -> None:
    """Two readers would take two different ones; the same callback without the second still works."""
    await browser.world.consent()
    url = await browser.to_callback()
    for value in (query_of(url).get(name, "x"), ""):
        doubled = f"{url}&error=&{urlencode({name: value})}"
        assert_page(await browser.go(doubled), "parameter_repeated")

    assert (await browser.go(url)).location == HOME[WEB]


async def test_another_browsers_callback_is_refused(world: World, browser: Browser, other: Browser) -> None:
    """The attacker's code and state in the victim's browser sign nobody in as the attacker."""
    await world.consent(email="mallory@example.com")
    lure = await other.to_callback()
    await world.consent(email="ada@example.com")
    own = await browser.to_callback()
    assert_page(await browser.go(lure))
    mixed = callback(browser, ("code", query_of(lure)["code"]), ("state", query_of(own)["state"] + "x"))
    assert_page(await browser.go(mixed))

    assert (await browser.go(own)).location == HOME[WEB]
    assert (await browser.info())["profile"]["profile_name"] == "ada@example.com"
    assert (await other.go(lure)).location == HOME[WEB]


async def test_a_flow_is_good_for_ten_minutes(browser: Browser, clock: FakeClock) -> None:
    await browser.world.consent()
    early, late = await browser.to_callback(), await browser.to_callback()
    clock.pass_time(599)
    assert (await browser.go(early)).location == HOME[WEB]
    clock.pass_time(1)
    assert len(browser.flows) == 1  # the jar goes by another clock
    assert_page(await browser.go(late))


async def test_a_finished_flow_cannot_be_finished_again(world: World, browser: Browser) -> None:
    """Not with the cookie kept either, and nothing goes upstream: the back button and a replay."""
    await world.consent()
    url = await browser.to_callback()
    kept = browser.cookie_header
    assert (await browser.go(url)).location == HOME[WEB]
    await world.forget_seen()
    assert_page(await browser.go(url))
    assert_page(await with_cookie(world, url, kept))

    assert await world.seen_upstream() == []
    assert kinds_stored(world).count("session") == 1


async def test_no_code_and_cronofys_errors_go_back_to_the_app(browser: Browser) -> None:
    await browser.world.consent()
    for answer in ((), (("code", ""),), (("error", "server_error"), ("code", "x")), (("error", "<b>"),)):
        state = query_of(await browser.to_callback(return_to="/app?a=b"))["state"]
        back = await browser.go(callback(browser, ("state", state), *answer))
        assert (back.status, back.told["error"], back.told["a"]) == (303, "invalid_request", "b")
        assert "<" not in back.location
    state = query_of(await browser.to_callback())["state"]
    assert (await browser.go(callback(browser, ("state", state), ("code", "unknown")))).told == {
        "error": "server_error",
        "error_description": "Cronofy did not accept the code of this sign-in.",
        "gateway_error": "invalid_grant",
    }
    assert (browser.flows, SESSION[WEB] in browser.cookies) == ([], False)


async def test_another_flows_cookie_under_this_flows_name(world: World, browser: Browser) -> None:
    """Sealed for one flow id, a cookie is nothing under another; neither is a session's handle, nor the reverse."""
    await browser.sign_in()
    await world.consent()
    one, two = await browser.to_callback(), await browser.to_callback()
    first, second = (FLOW + query_of(url)["state"].partition(".")[0] for url in (one, two))
    cookies = browser.cookies
    answers = [
        await with_cookie(world, one, f"{first}={value}") for value in (cookies[second], cookies[SESSION[WEB]], "", "=")
    ]
    as_session = await with_cookie(world, f"{world.gateway}/v1/calendars", f"{SESSION[WEB]}={cookies[first]}")

    assert {same(reply)[:2] for reply in answers} == {same(await with_cookie(world, one, ""))[:2]}
    assert as_session.status == 401
    assert (await browser.go(one)).location == HOME[WEB]


async def test_a_damaged_flow_cookie_is_always_the_same_page(world: World, browser: Browser) -> None:
    """CVE-2026-47775: one answer for every byte, so nothing can be learnt from it; and nothing is used up."""
    await world.consent()
    url = await browser.to_callback()
    name = browser.flows[0]
    value = browser.cookies[name]
    page = same(await with_cookie(world, url, ""))
    for one in damaged(value):
        assert same(await with_cookie(world, url, f"{name}={one}")) == page, one
    state = query_of(url)["state"]
    for at in range(len(state)):
        spoilt = state[:at] + ("0" if state[at] != "0" else "1") + state[at + 1 :]
        reply = await with_cookie(world, callback(browser, ("code", "x"), ("state", spoilt)), f"{name}={value}")
        assert same(reply) == page

    assert page[0] == 400
    assert (await with_cookie(world, url, f"{name}={value}")).status == 303


async def test_a_damaged_session_cookie_is_always_the_same_401(world: World, browser: Browser) -> None:
    await browser.sign_in()
    handle, path = browser.handle(), f"{world.gateway}/v1/calendars"
    quiet = same(await with_cookie(world, path, f"{SESSION[WEB]}={'A' * 43}"))
    await world.forget_seen()
    for one in damaged(handle):
        assert same(await with_cookie(world, path, f"{SESSION[WEB]}={one}")) == quiet, one

    assert quiet[0] == 401
    assert b"login_url" in quiet[1]
    assert ("WWW-Authenticate", 'Bearer realm="cronofy-gateway"') in quiet[2]
    assert not [name for name, _ in quiet[2] if name == "Set-Cookie"]
    assert await world.seen_upstream() == []


async def test_two_cookies_of_a_name_are_refused(world: World, browser: Browser, other: Browser) -> None:
    """Somebody planted one of them; in one header line or in two, whichever comes first."""
    await browser.sign_in(email="ada@example.com")
    await other.sign_in(email="mallory@example.com")
    await world.consent()
    url = await browser.to_callback()
    mine, theirs = (f"{SESSION[WEB]}={one.handle()}" for one in (browser, other))
    flow = f"{browser.flows[0]}={browser.cookies[browser.flows[0]]}"
    await world.forget_seen()
    for first, second in ((mine, theirs), (theirs, mine), (mine, mine)):
        for lines in ([("Cookie", f"{first}; {second}")], [("Cookie", first), ("Cookie", second)]):
            for path in ("/v1/calendars", "/auth/session"):
                reply = await send(world.session, "GET", world.gateway + path, [*lines, ("X-CSRF", "1")])
                assert (reply.status, reply.code, reply.cookies) == (400, "cookie_repeated", [])
    assert_page(await with_cookie(world, url, f"{flow}; {flow}"), "cookie_repeated")

    assert await world.seen_upstream() == []
    assert (await browser.go(url)).location == HOME[WEB]


async def test_a_cookie_of_another_client_renamed_is_nobodys(world: World, browser: Browser) -> None:
    await browser.sign_in(client=SIDE)
    for name, status in ((SESSION[WEB], 401), (SESSION[SIDE], 200)):
        reply = await with_cookie(world, f"{world.gateway}/v1/calendars", f"{name}={browser.handle(SIDE)}")
        assert reply.status == status


async def test_another_persons_cookie_beside_ours_changes_nothing(
    world: World, browser: Browser, other: Browser
) -> None:
    """Under another client's name it is that client's session; ours stays ours."""
    await browser.sign_in(email="ada@example.com")
    await other.sign_in(client=SIDE, email="mallory@example.com")
    browser.plant(SESSION[SIDE], other.handle(SIDE))

    assert (await browser.info())["profile"]["profile_name"] == "ada@example.com"
    assert (await browser.info(SIDE))["profile"]["profile_name"] == "mallory@example.com"


ODD_QUERIES = ("%", "%00=%00", "state=%ff%fe", "=", "&&&", "state=a.b;code=x", "state=" + "x" * 8_000, "a=b&" * 500)
ODD_COOKIES = (
    ";;;",
    "=",
    "gateway-web",
    "gateway-web=",
    "=gateway-web",
    "gateway-web==;gateway-side",
    "gateway-web=\u00e9\u00ff",
    f"gateway-web={'A' * 12_000}",
    "gateway-web=%00; gateway-=1; gateway-nobody=1",
    "gateway-web=a\tb",
    "__Host-gateway-web=x; __Secure-gateway-web=y",
)


async def test_odd_queries_and_cookies_never_fail(world: World) -> None:
    """CVE-2023-28625: whatever the header holds, the answer is a refusal of ours."""
    for query in ODD_QUERIES:
        reply = await send(world.session, "GET", f"{world.gateway}/auth/callback?{query}")
        assert (reply.status, reply.cookies) == (400, []), query
    for cookie in ODD_COOKIES:
        for path in ("/v1/calendars", "/auth/session", f"/auth/login?client={WEB}", "/auth/callback?state=a.b&code=c"):
            reply = await with_cookie(world, world.gateway + path, cookie)
            assert reply.status in {200, 302, 400, 401}, (path, cookie)
            assert re.search(rb"Traceback|\.py", reply.body) is None

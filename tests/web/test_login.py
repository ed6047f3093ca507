"""`/auth/login` and `/auth/callback`: to Cronofy, and back with a session or with the reason why not."""

import asyncio
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.sign_in import FLOW_SECONDS, MOST_FLOW_BYTES, MOST_FLOWS
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, token_reply, userinfo_reply
from tests.web.browsing import PAGE, SESSION, Browser
from tests.web.conftest import Client

APP = "https://a.test/app"


async def test_a_login_goes_to_cronofy_with_the_flow_in_a_cookie(http: Client) -> None:
    async with http.get("/auth/login?client=a&mode=no_access", allow_redirects=False) as answer:
        location, cookie = answer.headers["Location"], answer.headers["Set-Cookie"]
        assert answer.status == 302
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert location.startswith("https://app.test/oauth/authorize?")
    assert parse_qs(urlsplit(location).query)["provider_name"] == ["cronofy"]
    name, _, attributes = cookie.partition("; ")
    assert name.startswith("__Host-gwflow-")
    assert set(attributes.split("; ")) == {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("client=a&return_to=https://evil.test/", "return_target_refused"),
        ("client=a&return_to=/%5Cevil.test", "return_target_refused"),
        ("client=a&return_to=//evil.test", "return_target_refused"),
        ("client=a&return_to=https://a.test.evil.test/", "return_target_refused"),
        ("client=nobody", "client_unknown"),
        ("", "client_unknown"),
        ("client=b", "client_unknown"),  # it has no pages
        ("client=a&client=b", "parameter_repeated"),
        ("client=a&mode=x", "invalid_request"),
        ("client=a&connect=x", "invalid_request"),
        ("client=a&reconnect=unknown", "ticket_invalid"),
    ],
)
async def test_a_refused_login_is_a_page_and_leads_nowhere(http: Client, query: str, code: str) -> None:
    """Nobody is redirected to a target that was refused, nor to Cronofy."""
    async with http.get(f"/auth/login?{query}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (400, code)
        assert answer.content_type == "text/html"
        assert {"Location", "Set-Cookie"} & set(answer.headers) == set()
        assert "evil" not in await answer.text()
        assert "script" not in answer.headers["Content-Security-Policy"]


async def test_coming_back_makes_a_session_and_leads_to_the_page(browser: Browser, one: Kit) -> None:
    one.cronofy.tokens.append(token_reply())
    state = await browser.begin(return_to="/app?week=3#day")
    answer = await browser.come_back(state)

    assert (answer.status, answer.headers["Location"]) == (303, "https://a.test/app?week=3#day")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert list(browser.cookies) == [SESSION]  # the flow's is gone
    assert (await browser.session())["sub"] == "acc_1"
    told = str(answer.headers)
    assert not any(word in told for word in ("access-1", "refresh-1", "code-1", state))


@pytest.mark.parametrize("query", ["", "state=", "state=.", "state=x.y", "state=a&state=b", "state[]=a", "code=c"])
async def test_trouble_with_the_state_is_a_page_with_a_way_to_start_again(http: Client, one: Kit, query: str) -> None:
    async with http.get(f"/auth/callback?{query}", allow_redirects=False) as answer:
        assert answer.status == 400
        assert "Location" not in answer.headers
        assert 'href="https://a.test/app"' in await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Gateway-Error"] in {"state_refused", "parameter_repeated"}
    assert one.cronofy.asked == []


async def test_a_state_is_good_in_the_browser_that_began_it_and_once(browser: Browser, http: Client, one: Kit) -> None:
    """CVE-2025-68158: an attacker's code and state in the victim's browser would sign the victim in as him."""
    state = await browser.begin()
    victim = Browser(http)
    await victim.begin()
    assert (await victim.come_back(state)).status == 400
    assert one.cronofy.asked == []

    replaying = Browser(http, dict(browser.cookies))
    one.cronofy.tokens.append(token_reply())
    assert (await browser.come_back(state)).status == 303
    assert (await replaying.come_back(state)).status == 400
    assert SESSION not in {**victim.cookies, **replaying.cookies}


async def test_a_flow_that_took_too_long_starts_again(browser: Browser, clock: FakeClock) -> None:
    state = await browser.begin()
    clock.pass_time(FLOW_SECONDS)
    assert (await browser.come_back(state)).headers["Gateway-Error"] == "state_refused"


async def test_a_doubled_flow_cookie_is_refused(browser: Browser, http: Client) -> None:
    state = await browser.begin()
    ((name, value),) = browser.cookies.items()
    headers = {"Cookie": f"{name}=x; {name}={value}"}
    async with http.get(f"/auth/callback?state={state}&code=c", headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (400, "cookie_repeated")


@pytest.mark.parametrize(
    ("query", "answer", "error", "code"),
    [
        ({"error": "access_denied"}, None, "access_denied", "access_denied"),
        ({"error": "<script>"}, None, "invalid_request", "invalid_request"),
        ({"code": ""}, None, "invalid_request", "invalid_request"),
        ({}, token_reply(scope="read_events"), "invalid_scope", "invalid_scope"),
        ({}, ApiReply(400, b'{"error":"invalid_grant"}'), "server_error", "invalid_grant"),
        ({}, ApiReply(200, b"?"), "server_error", "upstream_reply_invalid"),
        ({}, CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "Slow."), "server_error", "upstream_timeout"),
    ],
)
async def test_a_sign_in_that_failed_is_told_to_the_page_in_its_query(
    browser: Browser,
    one: Kit,
    query: dict[str, str],
    answer: ApiReply | CronofyUnavailable | None,
    error: str,
    code: str,
) -> None:
    """Before the fragment, after what the page had there; its routes stay as they were."""
    if answer is not None:
        one.cronofy.tokens.append(answer)
    found = await browser.come_back(await browser.begin(return_to="/app?week=3#day"), **query)
    target = urlsplit(found.headers["Location"])
    told = dict(parse_qsl(target.query, strict_parsing=True))

    assert (found.status, target[:3], target.fragment) == (303, ("https", "a.test", "/app"), "day")
    assert (told.pop("week"), told.pop("error"), told.pop("gateway_error")) == ("3", error, code)
    assert list(told) == ["error_description"]
    assert "script%3E" not in found.headers["Location"]  # what Cronofy says is not passed on
    assert browser.cookies == {}


async def test_every_sign_in_has_a_new_handle_and_ends_the_session_before(browser: Browser, one: Kit) -> None:
    """CVE-2021-41246: a handle that was known before the sign-in must be worth nothing after it."""
    browser.cookies[SESSION] = "planted"
    first = await browser.sign_in(one)
    second = await browser.sign_in(one)
    assert len({"planted", first, second}) == 3

    for old in ("planted", first):
        browser.cookies[SESSION] = old
        assert not (await browser.session())["authenticated"]
    assert len(await one.store.list_ids("session")) == 1


async def test_of_many_unfinished_logins_the_oldest_makes_room(browser: Browser, one: Kit, clock: FakeClock) -> None:
    """Else the cookies would pile up until every request is too large."""
    states = []
    for _ in range(MOST_FLOWS + 3):
        states.append(await browser.begin())
        clock.pass_time(1)
    assert len(browser.cookies) == MOST_FLOWS

    one.cronofy.tokens.append(token_reply())
    assert (await browser.come_back(states[2])).status == 400
    assert (await browser.come_back(states[3])).status == 303  # each tab finishes its own


async def test_beside_a_large_session_there_is_room_for_fewer_logins(
    browser: Browser, one: Kit, clock: FakeClock
) -> None:
    """A Cookie line over 8 KB is refused before anybody reads it, and the app's own cookies are in it as well."""
    browser.cookies[SESSION] = "x" * 2_000
    state = ""
    for _ in range(MOST_FLOWS):
        state = await browser.begin(return_to=f"/app?{'x' * 300}")
        clock.pass_time(1)
    line = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert len(line) < MOST_FLOW_BYTES + 200
    assert 2 < len(browser.cookies) < MOST_FLOWS

    one.cronofy.tokens.append(token_reply())
    assert (await browser.come_back(state)).status == 303


async def test_planted_flow_cookies_do_not_stop_a_login(browser: Browser) -> None:
    """Not every name that comes in a Cookie can be written in a Set-Cookie."""
    browser.cookies |= {
        f"__Host-gwflow-{name}": "x" for name in ("(", "a[b]", "é", "@@", "1,2", "a:b", '"', "{}", "<>")
    }
    assert await browser.begin()


async def test_a_store_that_is_away_consumes_no_flow_and_touches_no_cookie(browser: Browser, one: Kit) -> None:
    state = await browser.begin()
    before = dict(browser.cookies)
    away = one.records.store = StoreAway(one.store)
    answer = await browser.come_back(state)
    assert (answer.status, "Set-Cookie" in answer.headers) == (503, False)
    assert answer.headers["Retry-After"]
    assert browser.cookies == before

    away.is_away = False
    one.cronofy.tokens.append(token_reply())
    assert (await browser.come_back(state)).status == 303


async def test_the_code_is_redeemed_although_the_browser_leaves_and_no_session_is_left(
    browser: Browser, http: Client, one: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-48090: the connection stands, since the code is used; a session would be nobody's."""
    state = await browser.begin()
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(token_reply())
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    leaving = asyncio.ensure_future(
        http.get(f"/auth/callback?state={state}&code=c", headers={"Cookie": cookie}, allow_redirects=False).__aenter__()
    )
    await one.cronofy.token_asked.wait()
    noticed = asyncio.Event()
    monkeypatch.setattr(one.metrics.in_flight, "dec", noticed.set)
    leaving.cancel()
    await noticed.wait()
    written, original = asyncio.Event(), one.store.put

    async def put(*arguments: object, **more: object) -> int:
        version = await original(*arguments, **more)  # type: ignore[arg-type]
        written.set()
        return version

    one.store.put = put  # type: ignore[method-assign]
    one.cronofy.token_gate.set()
    await written.wait()
    assert len(await one.store.list_ids("connection")) == 1
    assert await one.store.list_ids("session") == []


async def test_a_reconnection_carries_the_sessions_data_over_and_prefers_its_mode(browser: Browser, one: Kit) -> None:
    handle = await browser.sign_in(one)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google_free_busy"))
    answer = await browser.call("POST", "/auth/reconnect", PAGE, json={"mode": "no_access", "return_to": "/app?again"})
    login = urlsplit((await answer.json())["login_url"])
    assert login.path == "/auth/login"

    to_cronofy = await browser.call("GET", f"/auth/login?{login.query}&return_to=https://evil.test&mode=read_write")
    asked = parse_qs(urlsplit(to_cronofy.headers["Location"]).query)
    assert asked["provider_name"] == ["cronofy"]
    again = await browser.call("GET", f"/auth/login?{login.query}")
    assert again.headers["Gateway-Error"] == "ticket_invalid"

    one.cronofy.tokens.append(token_reply("access-2"))
    back = await browser.come_back(asked["state"][0])
    # The person chose free_busy all the same, and the page is told so.
    assert back.headers["Location"] == "https://a.test/app?again&gateway_notice=other_mode&access_mode=free_busy"
    assert browser.cookies[SESSION] != handle
    assert not (await browser.session())["reconnect_required"]
    assert len(await one.store.list_ids("session")) == 1


@pytest.mark.parametrize("path", ["/auth/login", "/auth/callback"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "DELETE"])
async def test_both_are_navigations_only(http: Client, method: str, path: str) -> None:
    async with http.request(method, path, allow_redirects=False) as answer:
        assert answer.status == 405

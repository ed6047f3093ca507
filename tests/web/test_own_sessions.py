"""`/auth/sessions`: a person sees where they are signed in, and ends it; nobody else's, and never a secret."""

import pytest

from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, token_reply
from tests.web.browsing import PAGE, SESSION, Browser
from tests.web.conftest import Client

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


async def listed(browser: Browser) -> list[dict[str, object]]:
    answer = await browser.call("GET", "/auth/sessions", PAGE)
    assert answer.status == 200, await answer.text()
    found: list[dict[str, object]] = (await answer.json())["sessions"]
    return found


async def own_id(browser: Browser) -> str:
    return str(next(one["id"] for one in await listed(browser) if one["current"]))


async def signed_in(http: Client, one: Kit, account: str = "acc_1", profile: str = "pro_1") -> Browser:
    browser = Browser(http)
    linking = {"provider_name": "google_free_busy", "profile_id": profile}
    await browser.sign_in(one, sub=account, linking_profile=linking)
    return browser


async def test_a_person_sees_their_browsers_the_last_used_first(http: Client, one: Kit, clock: FakeClock) -> None:
    first = await signed_in(http, one)
    clock.pass_time(100)
    second = await signed_in(http, one)
    answer = await second.call("GET", "/auth/sessions", PAGE)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.test"
    newest, oldest = (await answer.json())["sessions"]
    assert newest == {
        "id": newest["id"],
        "created_at": int(clock.now()),
        "seen_at": int(clock.now()),
        "expires_in": 86_400,
        "idle_expires_in": 3_600,
        "current": True,
        "user_agent": newest["user_agent"],
    }
    assert (oldest["current"], oldest["seen_at"], oldest["idle_expires_in"]) == (False, int(clock.now()) - 100, 3_500)
    shown = await answer.text() + str(answer.headers)
    secrets = (*first.cookies.values(), *second.cookies.values(), "access-1", "refresh-1", "acc_1", "pro_1")
    names = await one.store.list_ids("session")
    assert not [word for word in (*secrets, *names) if word in shown]


async def test_a_browser_is_told_apart_by_what_it_says_of_itself(browser: Browser, one: Kit) -> None:
    state = await browser.begin()
    one.cronofy.tokens.append(token_reply())
    sent = {"User-Agent": f"{FIREFOX}\t" + "x" * 500}
    await browser.call("GET", "/auth/callback", sent, params={"state": state, "code": "code-1"})
    (found,) = await listed(browser)

    assert found["user_agent"] == (FIREFOX + "x" * 500)[:200]
    assert "user_agent" not in await browser.session()


async def test_one_browser_ends_another_which_is_signed_out_at_once(http: Client, one: Kit) -> None:
    here, there = [await signed_in(http, one) for _ in range(2)]
    assert (await there.session())["authenticated"]
    answer = await here.call("DELETE", f"/auth/sessions/{await own_id(there)}", PAGE)

    assert (answer.status, "Set-Cookie" in answer.headers) == (204, False)
    assert not (await there.session())["authenticated"]
    assert (await here.session())["authenticated"]
    assert len(await listed(here)) == 1
    assert len(await one.store.list_ids("connection")) == 1
    assert one.cronofy.count("revoke") == 0


async def test_ending_the_asking_session_deletes_its_cookie(browser: Browser, one: Kit) -> None:
    handle = await browser.sign_in(one)
    answer = await browser.call("DELETE", f"/auth/sessions/{await own_id(browser)}", PAGE)

    assert (answer.status, browser.cookies) == (204, {})
    browser.cookies[SESSION] = handle
    assert not (await browser.session())["authenticated"]


@pytest.mark.parametrize("whose", ["another account's", "another profile's"])
async def test_another_persons_session_is_as_unknown_as_one_that_never_was(http: Client, one: Kit, whose: str) -> None:
    """Another profile of the same account is another calendar, whoever connected it."""
    mine = await signed_in(http, one)
    theirs = await signed_in(http, one, *(("acc_2",) if whose == "another account's" else ("acc_1", "pro_2")))
    assert [len(await listed(each)) for each in (mine, theirs)] == [1, 1]
    wanted = await own_id(theirs)
    answer = await mine.call("DELETE", f"/auth/sessions/{wanted}", PAGE)
    never = await mine.call("DELETE", f"/auth/sessions/{'0' * 32}", PAGE)

    told = [await each.json(content_type=None) for each in (answer, never)]
    assert (answer.status, answer.headers["Gateway-Error"]) == (404, "session_unknown")
    assert {**told[0], "request_id": ""} == {**told[1], "request_id": ""}
    assert (await theirs.session())["authenticated"]


@pytest.mark.parametrize("wanted", ["", "x", "a/b", "a+b", "é", "..%2e", "*", "0" * 5_000])
async def test_a_malformed_id_is_unknown_in_the_same_way(browser: Browser, one: Kit, wanted: str) -> None:
    await browser.sign_in(one)
    answer = await browser.call("DELETE", f"/auth/sessions/{wanted}", PAGE)
    assert (answer.status, answer.headers["Gateway-Error"]) == (404, "session_unknown")


async def test_a_handle_or_a_records_name_is_no_id(browser: Browser, one: Kit) -> None:
    handle = await browser.sign_in(one)
    (name,) = await one.store.list_ids("session")
    for wanted in (handle, name):
        answer = await browser.call("DELETE", f"/auth/sessions/{wanted}", PAGE)
        assert answer.headers["Gateway-Error"] == "session_unknown"
    assert (await browser.session())["authenticated"]


async def test_ending_it_twice_is_told_as_unknown(http: Client, one: Kit) -> None:
    here, there = [await signed_in(http, one) for _ in range(2)]
    wanted = await own_id(there)
    answers = [await here.call("DELETE", f"/auth/sessions/{wanted}", PAGE) for _ in range(2)]
    assert [each.status for each in answers] == [204, 404]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://a.test"}, "csrf_missing"),
        ({**PAGE, "X-CSRF": "0"}, "csrf_missing"),
        ({**PAGE, "Origin": "https://evil.test"}, "origin_refused"),
        ({**PAGE, "Origin": "null"}, "origin_refused"),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "cross-site"}, "origin_refused"),
        ({**PAGE, "Gateway-Client": "nobody"}, "client_unknown"),
        ({**PAGE, "Gateway-Client": "b"}, "client_unknown"),  # it has no pages
    ],
)
async def test_only_the_clients_own_page_may_ask(
    browser: Browser, one: Kit, method: str, headers: dict[str, str], code: str
) -> None:
    """The list itself needs the header too: where somebody is signed in is nobody else's business."""
    await browser.sign_in(one)
    wanted = f"/{await own_id(browser)}" if method == "DELETE" else ""
    answer = await browser.call(method, f"/auth/sessions{wanted}", headers)

    assert answer.headers["Gateway-Error"] == code
    assert (await browser.session())["authenticated"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/auth/sessions"), ("DELETE", "/auth/sessions/x")])
async def test_signed_out_it_is_401_with_the_way_in(browser: Browser, method: str, path: str) -> None:
    answer = await browser.call(method, path, PAGE)
    told = await answer.json(content_type=None)

    assert (answer.status, answer.headers["Gateway-Error"]) == (401, "not_signed_in")
    assert told["login_url"] == "https://gw.test/auth/login?client=a"


async def test_a_store_that_is_away_is_503_and_ends_nothing(browser: Browser, one: Kit, clock: FakeClock) -> None:
    await browser.sign_in(one)
    wanted = await own_id(browser)
    cookies = dict(browser.cookies)
    store = one.records.store
    clock.pass_time(3)
    one.records.store = StoreAway(one.store)
    for method, path in (("GET", "/auth/sessions"), ("DELETE", f"/auth/sessions/{wanted}")):
        answer = await browser.call(method, path, PAGE)
        assert (answer.status, answer.headers["Gateway-Error"]) == (503, "store_unavailable")
        assert "Set-Cookie" not in answer.headers
    one.records.store = store

    assert browser.cookies == cookies
    assert (await browser.session())["authenticated"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/auth/sessions"), ("GET", "/auth/sessions/x")])
async def test_other_methods_are_refused(browser: Browser, method: str, path: str) -> None:
    answer = await browser.call(method, path, PAGE)
    assert (answer.status, answer.headers["Gateway-Error"]) == (405, "method_not_allowed")

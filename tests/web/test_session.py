"""`/auth/session`, `/auth/logout`, `/auth/reconnect`, `/auth/ticket` and its redemption."""

import base64
from typing import Any

import pytest

from gateway.flows.one_time import TICKET_SECONDS
from gateway.flows.ports import ApiReply
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, userinfo_reply
from tests.web.browsing import PAGE, SESSION, Browser
from tests.web.conftest import Client

ALONE = userinfo_reply(pro_1="google_free_busy")
LOGIN = "https://gw.test/auth/login?client=a"
CSRF = {"header": "X-CSRF", "value": "1"}


async def test_signed_in_the_page_learns_everything_but_a_token(browser: Browser, one: Kit) -> None:
    handle = await browser.sign_in(
        one,
        linking_profile={"profile_id": "pro_1", "profile_name": "ada@x.test", "provider_name": "google_free_busy"},
    )
    answer = await browser.call("GET", "/auth/session", PAGE)

    assert await answer.json() == {
        "authenticated": True,
        "client": "a",
        "sub": "acc_1",
        "access_mode": "free_busy",
        "profile": {"profile_id": "pro_1", "profile_name": "ada@x.test", "provider_name": "google_free_busy"},
        "profiles": [
            {"profile_id": "pro_1", "profile_name": "ada@x.test", "access_mode": "free_busy", "connected": True}
        ],
        "scope": "free_busy_write",
        "expires_in": 86_400,
        "idle_expires_in": 3_600,
        "reconnect_required": False,
        "csrf": CSRF,
        "login_url": LOGIN,
        "logout_url": "https://gw.test/auth/logout",
    }
    shown = await answer.text() + str(answer.headers)
    assert not any(word in shown for word in ("access-1", "refresh-1", handle))
    assert answer.headers["Cache-Control"] == "no-store"


async def test_signed_out_it_is_200_as_well_and_says_where_to_sign_in(browser: Browser) -> None:
    """A page asks at every start; an error in its console would frighten people."""
    assert await browser.session() == {"authenticated": False, "client": "a", "csrf": CSRF, "login_url": LOGIN}
    browser.cookies[SESSION] = "garbage"
    assert not (await browser.session())["authenticated"]


async def test_to_a_visitor_who_is_no_page_it_says_the_only_login(http: Client) -> None:
    async with http.get("/auth/session") as answer:
        assert (answer.status, await answer.json()) == (200, {"authenticated": False, "csrf": CSRF, "login_url": LOGIN})


@pytest.mark.parametrize(
    ("query", "headers", "left"),
    [
        ("", PAGE, 3_600),
        ("?slide=false", PAGE, 3_000),
        ("", {}, 3_000),  # another site could make the browser ask
        ("", {"Origin": "https://a.test"}, 3_000),
    ],
)
async def test_a_question_is_a_use_only_when_the_page_means_it(
    browser: Browser, one: Kit, clock: FakeClock, query: str, headers: dict[str, str], left: int
) -> None:
    await browser.sign_in(one)
    clock.pass_time(600)
    answer = await browser.call("GET", f"/auth/session{query}", headers)
    assert (await answer.json())["idle_expires_in"] == left


async def test_a_lost_connection_is_told_while_the_session_lives(browser: Browser, one: Kit) -> None:
    await browser.sign_in(one)
    (record_id,) = await one.store.list_ids("connection")
    stored = await one.connections.load(record_id)
    assert stored is not None
    await one.connections.require_reconnect(stored, lost_by="refused")
    assert (await browser.session())["reconnect_required"]

    await one.connections.forget(record_id)
    found = await browser.session()
    assert (found["authenticated"], found["reconnect_required"], found["scope"]) == (True, True, "")


async def test_a_service_account_has_no_mode_of_its_own(browser: Browser, one: Kit) -> None:
    await browser.sign_in(one, sub="ser_1", linking_profile=None)
    found = await browser.session()
    assert (found["access_mode"], found["profile"]) == ("not_applicable", None)


async def test_a_store_that_is_away_is_503_and_no_sign_out(browser: Browser, one: Kit, clock: FakeClock) -> None:
    handle = await browser.sign_in(one)
    clock.pass_time(3)
    one.records.store = StoreAway(one.store)
    for method, path in (("GET", "/auth/session"), ("POST", "/auth/logout"), ("POST", "/auth/ticket")):
        answer = await browser.call(method, path, PAGE)
        assert (answer.status, answer.headers["Gateway-Error"]) == (503, "store_unavailable")
        assert answer.headers["Retry-After"]
        assert "Set-Cookie" not in answer.headers
    assert browser.cookies[SESSION] == handle


async def test_signing_out_ends_the_session_and_its_cookie_and_nothing_else(browser: Browser, one: Kit) -> None:
    handle = await browser.sign_in(one)
    answer = await browser.call("POST", "/auth/logout", PAGE, json={"return_to": "/app?bye"})

    assert await answer.json() == {"signed_out": True, "return_to": "https://a.test/app?bye"}
    assert browser.cookies == {}
    browser.cookies[SESSION] = handle
    assert not (await browser.session())["authenticated"]
    assert one.cronofy.count("revoke") == 0
    assert len(await one.store.list_ids("connection")) == 1


async def test_signing_out_twice_is_no_error(browser: Browser, one: Kit) -> None:
    """The other tab was faster."""
    await browser.sign_in(one)
    for _ in range(2):
        answer = await browser.call("POST", "/auth/logout", PAGE)
        assert (answer.status, (await answer.json())["return_to"]) == (200, "https://a.test/app")


async def test_signing_out_can_end_the_connection_first(browser: Browser, one: Kit) -> None:
    await browser.sign_in(one)
    one.cronofy.userinfos.append(ALONE)
    assert (await browser.call("POST", "/auth/logout", PAGE, json={"revoke": True})).status == 200

    assert one.cronofy.count("revoke") == 1
    assert await one.store.list_ids("connection") == []
    assert browser.cookies == {}


async def test_a_connection_that_could_not_be_ended_leaves_the_session(browser: Browser, one: Kit) -> None:
    """Else the person could not try again."""
    await browser.sign_in(one)
    one.cronofy.userinfos.append(ALONE)
    one.cronofy.revocations.append(ApiReply(500, b""))
    answer = await browser.call("POST", "/auth/logout", PAGE, json={"revoke": True})

    assert (answer.status, "Set-Cookie" in answer.headers) == (502, False)
    assert (await browser.session())["authenticated"]


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/reconnect", "/auth/ticket"])
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://a.test"}, "csrf_missing"),
        ({**PAGE, "X-CSRF": "0"}, "csrf_missing"),
        ({**PAGE, "Origin": "https://evil.test"}, "origin_refused"),
        ({**PAGE, "Origin": "null"}, "origin_refused"),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "cross-site"}, "origin_refused"),
    ],
)
async def test_what_changes_something_comes_from_the_clients_own_page(
    browser: Browser, one: Kit, path: str, headers: dict[str, str], code: str
) -> None:
    await browser.sign_in(one)
    answer = await browser.call("POST", path, headers)

    assert (answer.status, answer.headers["Gateway-Error"]) == (403, code)
    assert (await browser.session())["authenticated"]


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/reconnect"])
@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "/%09/evil.test", "javascript:x"]
)
async def test_a_refused_return_target_ends_nothing(browser: Browser, one: Kit, path: str, target: str) -> None:
    await browser.sign_in(one)
    answer = await browser.call("POST", path, PAGE, json={"return_to": target, "revoke": True})

    assert (answer.status, answer.headers["Gateway-Error"]) == (400, "return_target_refused")
    assert one.cronofy.count("revoke") == 0
    assert (await browser.session())["authenticated"]


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "invalid_field"),
        (b'{"return_to":1}', "application/json", "invalid_field"),
        (b'{"revoke":true,"revoke":false}', "application/json", "duplicate_key"),
        (b"revoke=true", "application/x-www-form-urlencoded", "unsupported_media_type"),
        (b"x" * 20_000, "application/json", "body_too_large"),
    ],
)
async def test_a_body_that_cannot_be_read_ends_nothing(
    browser: Browser, one: Kit, body: bytes, content_type: str, code: str
) -> None:
    await browser.sign_in(one)
    answer = await browser.call("POST", "/auth/logout", {**PAGE, "Content-Type": content_type}, data=body)

    assert answer.headers["Gateway-Error"] == code
    assert (await browser.session())["authenticated"]


async def test_reconnecting_ends_the_authorization_and_gives_a_one_time_login(browser: Browser, one: Kit) -> None:
    await browser.sign_in(one)
    one.cronofy.userinfos.append(ALONE)
    answer = await browser.call("POST", "/auth/reconnect", PAGE, json={"mode": "free_busy", "provider": "google"})

    assert (await answer.json())["login_url"].startswith(f"{LOGIN}&reconnect=")
    assert one.cronofy.count("revoke") == 1
    found = await browser.session()
    assert (found["authenticated"], found["reconnect_required"]) == (True, True)


async def test_a_service_account_reconnects_the_enterprise_way(browser: Browser, one: Kit) -> None:
    await browser.sign_in(one, sub="ser_1", linking_profile=None)
    answer = await browser.call("POST", "/auth/reconnect", PAGE)
    assert "&connect=enterprise&" in (await answer.json())["login_url"]


@pytest.mark.parametrize("wish", [{"mode": "all"}, {"provider": "yahoo"}, {"mode": "free_busy", "provider": "apple"}])
async def test_an_unknown_mode_ends_nothing(browser: Browser, one: Kit, wish: dict[str, str]) -> None:
    await browser.sign_in(one)
    answer = await browser.call("POST", "/auth/reconnect", PAGE, json=wish)
    assert (answer.status, one.cronofy.count("revoke")) == (400, 0)


async def ticket(browser: Browser, one: Kit) -> str:
    await browser.sign_in(one)
    answer = await browser.call("POST", "/auth/ticket", PAGE)
    found: dict[str, Any] = await answer.json()
    assert found == {"ticket": found["ticket"], "expires_in": int(TICKET_SECONDS)}
    return str(found["ticket"])


@pytest.mark.parametrize("way", ["bearer", "basic", "body"])
async def test_a_backend_learns_once_who_sits_behind_the_browser(
    browser: Browser, http: Client, one: Kit, way: str
) -> None:
    """A `sub` that a page sends is no proof."""
    body, headers = {"ticket": await ticket(browser, one)}, {}
    if way == "body":
        body |= {"client_id": "a", "client_secret": "a-secret"}
    else:
        basic = f"Basic {base64.b64encode(b'a:a-secret').decode()}"
        headers = {"Authorization": "Bearer a-secret" if way == "bearer" else basic}
    async with http.post("/auth/tickets/redeem", json=body, headers=headers) as answer:
        assert await answer.json() == {
            "sub": "acc_1",
            "profile_id": "pro_1",
            "access_mode": "free_busy",
            "scope": "free_busy_write",
            "client": "a",
        }
        assert answer.headers["Cache-Control"] == "no-store"
    async with http.post("/auth/tickets/redeem", json=body, headers=headers) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (400, "ticket_invalid")


@pytest.mark.parametrize(
    ("headers", "more", "code"),
    [
        ({}, {}, "credentials_unknown"),
        ({"Authorization": "Bearer wrong"}, {}, "credentials_unknown"),
        ({"Authorization": "Bearer wrong"}, {"client_id": "a", "client_secret": "a-secret"}, "credentials_unknown"),
        ({}, {"client_id": "b", "client_secret": "a-secret"}, "credentials_unknown"),
        ({"Authorization": "Bearer b-secret"}, {}, "ticket_invalid"),  # another client's
        ({"Authorization": "Bearer a-secret"}, {"ticket": "unknown"}, "ticket_invalid"),
        ({"Authorization": "Bearer a-secret"}, {"ticket": 1}, "invalid_field"),
    ],
)
async def test_nobody_else_learns_it_and_the_ticket_still_stands(
    browser: Browser, http: Client, one: Kit, headers: dict[str, str], more: dict[str, Any], code: str
) -> None:
    good = await ticket(browser, one)
    async with http.post("/auth/tickets/redeem", json={"ticket": good, **more}, headers=headers) as answer:
        assert answer.headers["Gateway-Error"] == code
    own = {"Authorization": "Bearer a-secret"}
    async with http.post("/auth/tickets/redeem", json={"ticket": good}, headers=own) as answer:
        assert answer.status == 200


async def test_the_sessions_own_cookie_redeems_nothing(browser: Browser, one: Kit) -> None:
    """The page could then say that it is its own backend."""
    good = await ticket(browser, one)
    answer = await browser.call("POST", "/auth/tickets/redeem", PAGE, json={"ticket": good})
    assert (answer.status, answer.headers["Gateway-Error"]) == (401, "credentials_unknown")


async def test_two_browsers_have_two_sessions_and_one_connection(http: Client, one: Kit) -> None:
    first, second = Browser(http), Browser(http)
    await first.sign_in(one)
    await second.sign_in(one)
    assert len(await one.store.list_ids("connection")) == 1

    await first.call("POST", "/auth/logout", PAGE)
    assert (await second.session())["authenticated"]

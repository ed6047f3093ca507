"""What pages of registered origins may read, and their preflights."""

from collections.abc import Mapping

import pytest

from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import Kit, userinfo_reply
from tests.flows.test_proxy import ELEMENT_PAGE
from tests.web.browsing import PAGE, Browser
from tests.web.conftest import Client

OWN = {"Origin": "https://a.test"}
ASKING = {**OWN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrf"}


@pytest.mark.parametrize("path", ["/v1/calendars", "/v1/nothing", "/auth/session", "/auth/logout"])
async def test_a_registered_origins_preflight_is_answered_before_anything_else(
    http: Client, upstream: FakeUpstream, path: str
) -> None:
    """A preflight has neither cookie nor header, so nothing else may be asked of it."""
    async with http.options(path, headers=ASKING) as answer:
        assert (answer.status, await answer.read()) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.test"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "X-CSRF" in answer.headers["Access-Control-Allow-Headers"]
        assert answer.headers["Vary"] == "Origin"
        assert answer.headers["Access-Control-Max-Age"]
    assert upstream.sent == []


async def test_a_page_may_ask_to_delete(http: Client) -> None:
    """Ending a session is a DELETE, which a browser sends only after a preflight that names it."""
    asking = {**OWN, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-csrf"}
    async with http.options(f"/auth/sessions/{'0' * 32}", headers=asking) as answer:
        assert answer.status == 204
        assert "DELETE" in answer.headers["Access-Control-Allow-Methods"].split(", ")


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/auth/sessions/x", "https://evil.test"),
        ("/v1/calendars", "https://evil.test"),
        ("/v1/calendars", "null"),
        ("/v1/calendars", "https://a.test.evil.test"),
        ("/auth/session", "https://evil.test"),
        ("/auth/session", "http://a.test"),
        ("/oauth/token", "https://a.test"),  # no page's business
        ("/oauth/authorize", "https://a.test"),
    ],
)
async def test_any_other_preflight_allows_nothing(http: Client, upstream: FakeUpstream, path: str, origin: str) -> None:
    async with http.options(path, headers={**ASKING, "Origin": origin}) as answer:
        assert answer.status >= 400
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    assert upstream.sent == []


async def test_an_options_call_that_is_no_preflight_is_not_answered_as_one(http: Client) -> None:
    async with http.options("/auth/session", headers=OWN) as answer:
        assert answer.status == 405
        assert "Access-Control-Allow-Methods" not in answer.headers


async def test_an_answer_says_that_it_depends_on_the_origin_even_to_those_who_sent_none(http: Client) -> None:
    """Else a cache keeps the one without the headers for the page that needs them."""
    for headers in ({}, OWN, {"Origin": "https://evil.test"}):
        async with http.get("/auth/session", headers=headers) as answer:
            assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("theirs", "shown"),
    [
        ([], ["Origin"]),
        (["Accept-Encoding"], ["Accept-Encoding", "Origin"]),
        (["X-Origin-Country"], ["X-Origin-Country", "Origin"]),
        (["accept, origin"], ["accept, origin"]),
        (["Accept", "Origin"], ["Accept", "Origin"]),
    ],
)
async def test_cronofys_own_vary_is_kept_and_ours_added_once(
    http: Client, one: Kit, upstream: FakeUpstream, theirs: list[str], shown: list[str]
) -> None:
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    upstream.reply = FakeReply(200, [("Vary", value) for value in theirs], b"{}")
    async with http.get("/v1/calendars", headers={"Authorization": "Bearer t"}) as answer:
        assert answer.headers.getall("Vary") == shown


async def test_a_streamed_answer_can_be_read_by_the_page(browser: Browser, one: Kit, upstream: FakeUpstream) -> None:
    """Its head is sent before any middleware sees the answer."""
    await browser.sign_in(one)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    upstream.reply = FakeReply(
        200,
        [("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"), ("Set-Cookie", "a=b")],
        b'{"calendars":[]}',
    )
    answer = await browser.call("GET", "/v1/calendars", PAGE)

    assert (answer.status, await answer.text()) == (200, '{"calendars":[]}')
    assert answer.headers.getall("Access-Control-Allow-Origin") == ["https://a.test"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert set(exposed) == {"Cronofy-Access-Mode", "Gateway-Error", "X-Request-Id", "Retry-After"}
    assert {"Cookie", "Origin"} <= set(", ".join(answer.headers.getall("Vary")).split(", "))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


async def test_a_refusal_can_be_read_by_the_page_as_well(browser: Browser) -> None:
    """A page that cannot read the 401 cannot find its login_url."""
    answer = await browser.call("GET", "/v1/calendars", PAGE)

    assert (answer.status, (await answer.json(content_type=None))["login_url"]) == (
        401,
        "https://gw.test/auth/login?client=a",
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.test"
    assert "Gateway-Error" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://a.test, https://a.test"])
async def test_an_unregistered_origin_reads_nothing(browser: Browser, one: Kit, origin: str) -> None:
    await browser.sign_in(one)
    for path in ("/auth/session", "/v1/calendars"):
        answer = await browser.call("GET", path, {**PAGE, "Origin": origin})
        assert (answer.status, answer.headers["Gateway-Error"]) == (403, "origin_refused")
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


async def test_the_token_endpoint_is_not_for_pages(http: Client) -> None:
    async with http.post("/oauth/token", json={}, headers=OWN) as answer:
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


ELEMENT_ASKING = {
    "Origin": ELEMENT_PAGE,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "cronofy-element",
}


def _allowed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("Access-Control-")}


@pytest.mark.parametrize("origin", [ELEMENT_PAGE, "https://a.test"])
async def test_an_elements_preflight_is_answered_without_credentials(
    http: Client, upstream: FakeUpstream, origin: str
) -> None:
    """Its page may be of another site; also for a page that could use the cookie, which this call does not."""
    async with http.options("/v1/userinfo?et=t-1", headers={**ELEMENT_ASKING, "Origin": origin}) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Cronofy-Element" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "X-CSRF" not in answer.headers["Access-Control-Allow-Headers"]
    assert upstream.sent == []


@pytest.mark.parametrize("path", ["/v1/calendars", "/v1/events?tzid=Etc/UTC", "/auth/session", "/auth/session?et=t-1"])
async def test_an_origin_of_elements_alone_gets_nothing_by_cookie(http: Client, path: str) -> None:
    """Registered for Elements, of whatever site: no preflight, no readable answer without an element token."""
    async with http.options(path, headers=ELEMENT_ASKING) as answer:
        assert (answer.status, _allowed(answer.headers)) == (405, {})
    async with http.get(path, headers={"Origin": ELEMENT_PAGE, "X-CSRF": "1"}) as answer:
        assert _allowed(answer.headers) == {}


@pytest.mark.parametrize("origin", ["https://evil.test", "null"])
async def test_an_unregistered_origins_element_is_answered_nothing(http: Client, origin: str) -> None:
    async with http.options("/v1/userinfo?et=t-1", headers={**ELEMENT_ASKING, "Origin": origin}) as answer:
        assert (answer.status, _allowed(answer.headers)) == (405, {})


async def test_an_element_can_read_its_refusal(http: Client) -> None:
    async with http.get("/v1/userinfo?et=t-1", headers={"Origin": ELEMENT_PAGE}) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (401, "credentials_unknown")
        assert answer.headers["Access-Control-Allow-Origin"] == ELEMENT_PAGE
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]

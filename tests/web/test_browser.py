"""Which client's page is calling, and is it really its page?"""

import pytest
from aiohttp.test_utils import make_mocked_request
from aiohttp.web import Request
from multidict import CIMultiDict

from gateway.rules.client import BrowserDoor
from gateway.rules.cookies import CookieNames
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.web.browser import Browsers, not_signed_in
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, registry
from tests.web.browsing import PAGE, SESSION, Browser


def pages(*origins: str) -> BrowserDoor:
    return BrowserDoor(frozenset(origins), f"{origins[0]}/", "free_busy_write", "", "")


A = client("a", browser=pages("https://a.test"))
B = client("b", browser=pages("https://b.test", "https://both.test"))
C = client("c", browser=pages("https://both.test"))
BACKEND = client("backend")
BROWSERS = Browsers(registry(A, B, C, BACKEND), CookieNames(secure=True), "https://gw.test")


def request(**headers: str) -> Request:
    return make_mocked_request(
        "GET", "/auth/session", CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()})
    )


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Gateway_Client": "a"}, "a"),
        ({"Gateway_Client": "a", "Origin": "https://b.test", "Cookie": "__Host-gateway-c=1"}, "a"),
        ({"Origin": "https://b.test"}, "b"),
        ({"Origin": "https://b.test", "Cookie": "__Host-gateway-a=1"}, "b"),
        ({"Origin": "https://both.test", "Cookie": "__Host-gateway-c=1"}, "c"),
        ({"Origin": "https://both.test", "Cookie": "__Host-gateway-c=1; __Host-gateway-a=1"}, "c"),
        ({"Cookie": "x=1; __Host-gateway-a=1"}, "a"),
        ({"Cookie": "__Host-gateway-a=1; __Host-gateway-a=2"}, "a"),  # refused later, as a doubled cookie
        ({"Cookie": "__Host-gateway-a=1; __Host-gateway-unknown=1; __Host-gateway-backend=1; gateway-b=1"}, "a"),
        ({"Origin": "https://gw.test", "Cookie": "__Host-gateway-a=1"}, "a"),
        ({}, None),
        ({"Origin": "https://evil.test"}, None),
        ({"Origin": "null"}, None),
        ({"Cookie": "__Host-gateway-unknown=1; a=b"}, None),
    ],
)
def test_a_client_is_named_by_header_then_origin_then_the_only_cookie(
    headers: dict[str, str], found: str | None
) -> None:
    one = BROWSERS.client_of(request(**headers))
    assert (one and one.id) == found


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "__Host-gateway-a=1; __Host-gateway-b=1"},
        {"Origin": "https://evil.test", "Cookie": "__Host-gateway-a=1; __Host-gateway-b=1"},
        {"Origin": "https://both.test"},
        {"Origin": "https://both.test", "Cookie": "__Host-gateway-a=1"},
        {"Origin": "https://both.test", "Cookie": "__Host-gateway-b=1; __Host-gateway-c=1"},
    ],
)
def test_where_several_could_be_meant_the_page_has_to_name_one(headers: dict[str, str]) -> None:
    """A guess could act in another app's session."""
    with pytest.raises(RequestRefused) as caught:
        BROWSERS.client_of(request(**headers))
    assert caught.value.code == Code.CLIENT_AMBIGUOUS
    assert "Gateway-Client" in caught.value.public


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(RequestRefused) as caught:
        BROWSERS.client_of(request(Gateway_Client="nobody"))
    assert caught.value.code == Code.CLIENT_UNKNOWN


def test_a_client_without_pages_has_no_browser_door() -> None:
    with pytest.raises(RequestRefused) as caught:
        BROWSERS.check_page(request(X_CSRF="1"), BACKEND)
    assert caught.value.code == Code.CLIENT_UNKNOWN


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X_CSRF": "1", "Origin": "https://a.test"}, None),
        ({"X_CSRF": "1", "Origin": "https://gw.test"}, None),
        ({"X_CSRF": "1"}, None),
        ({"X_CSRF": "1", "Origin": "https://b.test"}, Code.ORIGIN_REFUSED),
        ({"X_CSRF": "1", "Origin": "null"}, Code.ORIGIN_REFUSED),
        ({"X_CSRF": "1", "Sec_Fetch_Site": "cross-site"}, Code.ORIGIN_REFUSED),
        ({"Origin": "https://a.test"}, Code.CSRF_MISSING),
        ({"X_CSRF": "yes", "Origin": "https://a.test"}, Code.CSRF_MISSING),
    ],
)
def test_a_page_is_judged_against_the_client_it_names(headers: dict[str, str], code: Code | None) -> None:
    """Another client's page is as foreign as anybody's, whatever header it sends."""
    if code is None:
        BROWSERS.check_page(request(**headers), A)
        return
    with pytest.raises(RequestRefused) as caught:
        BROWSERS.check_page(request(**headers), A)
    assert caught.value.code == code


def test_reading_without_the_fixed_header_still_judges_the_origin() -> None:
    BROWSERS.check_page(request(Origin="https://a.test"), A, csrf=False)
    with pytest.raises(RequestRefused):
        BROWSERS.check_page(request(Origin="https://evil.test"), A, csrf=False)


def test_not_signed_in_is_one_and_the_same_401() -> None:
    refused = not_signed_in(BROWSERS.login_url(A))

    assert refused.code == Code.NOT_SIGNED_IN
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.members == {"login_url": "https://gw.test/auth/login?client=a"}
    assert not_signed_in("").members == {}


@pytest.mark.parametrize("path", ["/auth/reconnect", "/auth/ticket"])
async def test_a_missing_a_damaged_a_foreign_and_an_ended_cookie_are_answered_alike(
    browser: Browser, one: Kit, clock: FakeClock, path: str
) -> None:
    """An answer that differs would tell a guesser how close he is."""
    handle = await browser.sign_in(one)
    answers = set()
    for seconds, cookie in ((0, ""), (0, "x"), (0, handle[:-1]), (0, handle.swapcase()), (0, "é"), (3600, handle)):
        clock.pass_time(seconds)
        browser.cookies[SESSION] = cookie
        answer = await browser.call("POST", path, {**PAGE, "X-Request-Id": "request-1"})
        answers.add((answer.status, answer.headers.getall("Set-Cookie", []) == [], await answer.text()))

    ((status, leaves_cookies_alone, _),) = answers
    assert (status, leaves_cookies_alone) == (401, True)

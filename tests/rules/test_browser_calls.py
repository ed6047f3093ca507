"""A cookie alone proves nothing about who wrote a request."""

import pytest

from gateway.rules.browser_calls import (
    check_csrf,
    check_origin,
    has_csrf,
    preflight_headers,
    readable_headers,
)
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

ALLOWED = frozenset({"https://app.test", "https://gw.test"})


@pytest.mark.parametrize("values", [[], [""], ["0"], ["1", "1"], ["1,1"], ["true"], [" 1"]])
def test_the_fixed_header_counts_once_and_with_its_one_value(values: list[str]) -> None:
    """Whatever else a form or an old proxy could produce is not the page's own word."""
    assert not has_csrf(values)
    with pytest.raises(RequestRefused) as caught:
        check_csrf(values)
    assert caught.value.code == Code.CSRF_MISSING
    assert "X-CSRF: 1" in caught.value.public


def test_the_fixed_header_as_it_should_be() -> None:
    assert has_csrf(["1"])
    check_csrf(["1"])


@pytest.mark.parametrize("origins", [[], ["https://app.test"], ["https://gw.test"]])
@pytest.mark.parametrize("site", ["", "same-origin", "same-site", "none"])
def test_the_clients_own_pages_may_call(origins: list[str], site: str) -> None:
    """A GET from the same origin has no Origin header, and that is fine."""
    check_origin(origins=origins, fetch_site=site, allowed=ALLOWED)


@pytest.mark.parametrize(
    "origins",
    [
        ["null"],
        [""],
        ["https://app.test."],
        ["http://app.test"],
        ["https://APP.test"],
        ["https://app.test:444"],
        ["https://app.test/"],
        ["https://badapp.test"],
        ["https://app.test.evil.test"],
        ["https://app.test", "https://app.test"],
        ["https://app.test", "https://evil.test"],
    ],
)
def test_any_other_origin_is_refused(origins: list[str]) -> None:
    """Sandboxed frames and redirects say `null`; two lines are two readers' disagreement."""
    with pytest.raises(RequestRefused) as caught:
        check_origin(origins=origins, fetch_site="same-site", allowed=ALLOWED)
    assert caught.value.code == Code.ORIGIN_REFUSED


@pytest.mark.parametrize("origins", [[], ["https://app.test"]])
def test_a_cross_site_call_is_refused_even_without_an_origin(origins: list[str]) -> None:
    """The browser tells what a stripped Origin would hide."""
    with pytest.raises(RequestRefused) as caught:
        check_origin(origins=origins, fetch_site="cross-site", allowed=ALLOWED)
    assert caught.value.code == Code.ORIGIN_REFUSED


def test_a_preflight_allows_what_pages_send_and_never_a_wildcard() -> None:
    """With credentials a wildcard means nothing to browsers, and Authorization is no page's business."""
    headers = preflight_headers("https://app.test")

    assert headers["Access-Control-Allow-Origin"] == "https://app.test"
    assert headers["Access-Control-Allow-Credentials"] == "true"
    allowed = {name.strip() for name in headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed == {"X-CSRF", "Content-Type", "Gateway-Client"}
    assert headers["Vary"] == "Origin"
    assert "*" not in "".join(headers.values())


def test_a_page_reads_the_mode_our_codes_the_request_id_and_when_to_come_again() -> None:
    headers = readable_headers("https://app.test", "Cronofy-Access-Mode")

    exposed = {name.strip() for name in headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed == {"Cronofy-Access-Mode", "Gateway-Error", "X-Request-Id", "Retry-After"}
    assert headers["Access-Control-Allow-Origin"] == "https://app.test"

"""The callback URLs of delegated accounts: the app's own, and the gateway's."""

import secrets

import pytest

from gateway.rules.callback_urls import (
    LONGEST_AT_CRONOFY,
    LONGEST_HERE,
    SECRET_BYTES,
    complaint_about_passed_on,
    complaint_about_posted_to,
    is_secret,
    is_too_long,
    own_callback_url,
)

GOOD = [
    "https://app.example.com/hook",
    "https://app.example.com:8443/hook?account=7&kind=x%20y",
    "https://app.example.com",
    "https://1.1.1.1/hook",
    "https://[2606:4700::1111]:8443/hook",
    "https://a_b.example.com./x",
]
NO_URL = [
    "",
    "x",
    "/hook",
    "app.example.com",
    "ftp://a.test/",
    "javascript:alert(1)",
    "https://",
    "https:///x",
    7,
    None,
    [],
]
ODD = ["https://a.test/ x", "https://a.test\\@b.test/", "https://[::1/", "https://a.test:x/", "https://a.test:99999/"]
INSIDE = [
    "https://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://192.168.0.1:8443/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fe80::1%25eth0]/",
]
OTHERWISE_WRITTEN = [
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://1.2.3.4.5/",
    "https://a..test/",
    "https://%31%32%37.0.0.1/",
    "https://a$b.test/",
]


def test_the_gateways_own_has_a_secret_that_nobody_can_guess() -> None:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    assert is_secret(secret)
    assert own_callback_url("https://gw.test", secret) == f"https://gw.test/auth/callbacks/{secret}"
    assert not any(is_secret(one) for one in ("", secret[:-1], secret + "x", secret[:-1] + "."))


def test_the_gateways_own_fits_where_its_origin_is_of_69_characters_at_most() -> None:
    fits = "https://" + "a" * 61
    assert len(own_callback_url(fits, "x" * 43)) == LONGEST_AT_CRONOFY
    assert (is_too_long(fits), is_too_long(fits + "a")) == (False, True)


@pytest.mark.parametrize("url", GOOD)
def test_good_ones_pass(url: str) -> None:
    assert complaint_about_passed_on(url) is None
    assert complaint_about_posted_to(url, loopback=False, private=False) is None


@pytest.mark.parametrize("url", [*NO_URL, *ODD])
def test_what_is_no_url_does_not(url: object) -> None:
    assert complaint_about_passed_on(url)
    assert complaint_about_posted_to(url, loopback=True, private=True)


def test_cronofy_takes_128_characters_and_the_gateway_more() -> None:
    base = "https://app.example.com/"
    longest = base + "x" * (LONGEST_AT_CRONOFY - len(base))
    assert complaint_about_passed_on(longest) is None
    assert complaint_about_passed_on(longest + "x")
    assert complaint_about_posted_to(longest + "x", loopback=False, private=False) is None
    assert complaint_about_posted_to(base + "x" * LONGEST_HERE, loopback=False, private=False)


@pytest.mark.parametrize(
    "url", ["https://user:pass@app.example.com/", "https://user@app.example.com/", "https://a.test/#x"]
)
def test_the_gateway_posts_to_no_url_with_a_password_or_a_fragment(url: str) -> None:
    assert complaint_about_posted_to(url, loopback=True, private=True)


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_inside_is_refused_at_once_unless_it_is_allowed(url: str) -> None:
    """The app is told, instead of waiting for a callback that never comes."""
    assert complaint_about_posted_to(url, loopback=False, private=False)
    assert complaint_about_posted_to(url, loopback=False, private=True) is None


@pytest.mark.parametrize("url", OTHERWISE_WRITTEN)
def test_an_address_in_another_spelling_is_refused_whatever_is_allowed(url: str) -> None:
    """Some resolvers take 2130706433 for 127.0.0.1, others for a name."""
    assert complaint_about_posted_to(url, loopback=True, private=True)


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "[::1]"])
def test_plain_http_is_for_this_machine_in_development_only(host: str) -> None:
    url = f"http://{host}/hook"
    assert complaint_about_passed_on(url) is None
    assert complaint_about_posted_to(url, loopback=True, private=True) is None
    assert complaint_about_posted_to(url, loopback=False, private=True) == "The callback_url must be https."


def test_plain_http_to_another_machine_never_passes() -> None:
    for url in ("http://app.example.com/", "http://10.0.0.1/", "http://localhost.example.com/"):
        assert complaint_about_posted_to(url, loopback=True, private=True) == "The callback_url must be https."

"""Which pages are same-site with the gateway."""

import pytest

from gateway.sites import complaint_about_page, complaint_about_url, site_of

GATEWAY = "https://gateway.example.co.uk"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://app.example.co.uk:8443/x", ("https", "example.co.uk")),
        ("https://example.co.uk", ("https", "example.co.uk")),
        ("http://app.example.co.uk", ("http", "example.co.uk")),
        ("https://me.github.io", ("https", "me.github.io")),  # a private suffix: neighbours are strangers
        ("http://localhost:3000", ("http", "localhost")),
        ("http://127.0.0.1:3000", ("http", "127.0.0.1")),
        ("http://[::1]:3000", ("http", "::1")),
        ("https://intranet", ("https", "intranet")),
    ],
)
def test_a_site_is_a_scheme_and_a_registrable_domain(url: str, site: tuple[str, str]) -> None:
    """Ports do not count; the scheme does, since browsers compare it too."""
    assert site_of(url) == site


@pytest.mark.parametrize("url", ["https://app.example.co.uk", "https://example.co.uk:8443"])
def test_a_page_of_the_same_site_is_fine(url: str) -> None:
    assert complaint_about_page(url, GATEWAY, is_origin=True) is None
    assert complaint_about_page(f"{url}/app?x#y", GATEWAY, is_origin=False) is None


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://other.co.uk", "is not same-site"),
        ("http://app.example.co.uk", "is not same-site"),
        ("https://badexample.co.uk", "is not same-site"),
        ("https://gateway.example.co.uk.evil.test", "is not same-site"),
        ("https://APP.example.co.uk", "write it as https://app.example.co.uk"),
        ("https://app.example.co.uk/", "write it as https://app.example.co.uk"),
        ("https://app.example.co.uk:443", "write it as https://app.example.co.uk"),
        ("https://app.example.co.uk:99999", "is not a URL"),
        ("https://[app]", "is not a URL"),
        ("ftp://app.example.co.uk", "must start with"),
        ("app.example.co.uk", "must start with"),
        ("https://", "must start with"),
        ("https://user@app.example.co.uk", "must start with"),
        ("https://evil.test\\@app.example.co.uk", "must start with"),
        ("null", "must start with"),
        ("*", "must start with"),
    ],
)
def test_what_is_wrong_with_an_origin_is_said_in_one_sentence(url: str, complaint: str) -> None:
    """Told at start, since a browser would only drop the cookie in silence."""
    assert complaint in (complaint_about_page(url, GATEWAY, is_origin=True) or "")


def test_two_customers_of_one_host_are_not_of_one_site() -> None:
    assert "not same-site" in (
        complaint_about_page("https://you.github.io", "https://me.github.io", is_origin=True) or ""
    )


def test_a_local_page_goes_with_a_local_gateway_by_the_same_name() -> None:
    """Browsers keep localhost and 127.0.0.1 apart."""
    assert complaint_about_page("http://localhost:5173", "http://localhost:8080", is_origin=True) is None
    assert complaint_about_page("http://127.0.0.1:5173", "http://localhost:8080", is_origin=True)


def test_an_origin_for_elements_may_be_of_another_site_but_must_be_one() -> None:
    assert complaint_about_url("https://other.example", is_origin=True) is None
    assert "write it as" in (complaint_about_url("https://other.example/x", is_origin=True) or "")
    assert "must start with" in (complaint_about_url("null", is_origin=True) or "")

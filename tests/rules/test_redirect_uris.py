"""A redirect URI is the client's own, or it is refused."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.redirect_uris import complaint_about, is_registered

CALLBACK = "https://app.example.com/oauth/callback?next=1"
WILDCARD = "https://*.example.com/cb"


@given(st.data())
def test_no_accepted_uri_differs_from_the_registered_one(data: st.DataObject) -> None:
    """RFC 9700 section 2.1: exact string comparison; every near miss is somebody else's."""
    at = data.draw(st.integers(0, len(CALLBACK)))
    until = data.draw(st.integers(at, min(at + 3, len(CALLBACK))))
    edited = CALLBACK[:at] + data.draw(st.text(max_size=3)) + CALLBACK[until:]

    assert is_registered(edited, [CALLBACK]) is (edited == CALLBACK)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "HTTPS://app.example.com/oauth/callback?next=1",
        "https://APP.example.com/oauth/callback?next=1",
        "https://app.example.com:443/oauth/callback?next=1",
        "https://app.example.com/oauth/callback",
        "https://app.example.com/oauth/callback/?next=1",
        "https://app.example.com/oauth/callback?next=1&x=2",
        "https://app.example.com/oauth/callback?next=1#",
        "https://app.example.com/oauth/./callback?next=1",
        "https://app.example.com/oauth/%63allback?next=1",
        "https://app.example.com\\oauth/callback?next=1",
        "https://app.example.com@evil.example/oauth/callback?next=1",
        "http://app.example.com/oauth/callback?next=1",
        " https://app.example.com/oauth/callback?next=1",
        "https://app.example.com/oauth/callback?next=1\n",
        "*",
    ],
)
def test_a_near_miss_is_refused(uri: str) -> None:
    assert not is_registered(uri, [CALLBACK])


def test_nothing_is_registered_by_default() -> None:
    assert not is_registered(CALLBACK, [])
    assert not is_registered("", [""])
    assert is_registered(CALLBACK, ["https://other.example/", CALLBACK])


@pytest.mark.parametrize(
    ("uri", "known"),
    [
        ("https://a.example.com/cb", True),
        ("https://A-1.example.com/cb", True),
        ("https://example.com/cb", False),
        ("https://.example.com/cb", False),
        ("https://a.b.example.com/cb", False),
        ("https://a.example.com/cb/", False),
        ("https://a.example.com/cb?x=1", False),
        ("https://a.example.com:8443/cb", False),
        ("http://a.example.com/cb", False),
        ("https://evil.test/.example.com/cb", False),
        ("https://evil.test?.example.com/cb", False),
        ("https://evil.test#.example.com/cb", False),
        ("https://evil@a.example.com/cb", False),
        ("https://evil:x@.example.com/cb", False),
        ("https://a%2eexample.com/cb", False),
        ("https://-a.example.com/cb", False),
        ("https://a-.example.com/cb", False),
        ("https://aexample.com/cb", False),
        ("https://a.badexample.com/cb", False),
        ("https://" + "a" * 64 + ".example.com/cb", False),
        ("https://*.example.com/cb", True),
    ],
)
def test_a_wildcard_is_one_label(uri: str, known: bool) -> None:
    """The last one equals its registration; no browser can go there."""
    assert is_registered(uri, [WILDCARD]) is known


@given(st.text(st.sampled_from("ab.-@:/?#%\\*A "), max_size=8))
def test_whatever_a_wildcard_lets_in_has_the_registered_parent(label: str) -> None:
    uri = f"https://{label}.example.com/cb"

    if is_registered(uri, [WILDCARD]) and label != "*":
        parts = urlsplit(uri)
        assert (parts.hostname or "").split(".")[1:] == ["example", "com"]
        assert (parts.username, parts.port, parts.path, parts.query) == (None, None, "/cb", "")


@pytest.mark.parametrize("known", ["http://*.example.com/cb", "https://*", "https://*.com/cb", "https://a.*.com/cb"])
def test_another_place_for_a_wildcard_matches_nothing(known: str) -> None:
    assert not is_registered("https://a.example.com/cb", [known])
    assert not is_registered("http://a.example.com/cb", [known])
    assert not is_registered("https://example.com/cb", [known])


@pytest.mark.parametrize(
    ("uri", "loopback"),
    [
        ("http://127.0.0.1/cb", True),
        ("http://localhost:5173/any/path?x=1", True),
        ("https://localhost", True),
        ("http://[::1]:8080/", True),
        ("http://127.0.0.1.evil.example/", False),
        ("http://localhost.evil.example/", False),
        ("http://localhost@evil.example/", False),
        ("http://localhost:80@evil.example/", False),
        ("http://localhost:80evil.example/", False),
        ("http://localhost\\@evil.example/", False),
        ("http://localhost#@evil.example/", False),
        ("http://localhost/#x", False),
        ("http://user@localhost/", False),
        ("http://127.0.0.2/", False),
        ("http://0.0.0.0/", False),
        ("ftp://localhost/", False),
        ("//localhost/", False),
        ("javascript:alert(1)//localhost", False),
    ],
)
def test_any_loopback_is_for_development_only(uri: str, loopback: bool) -> None:
    assert is_registered(uri, [], any_loopback=True) is loopback
    assert not is_registered(uri, [])


@pytest.mark.parametrize(
    ("uri", "wildcards", "wrong"),
    [
        (CALLBACK, False, None),
        ("http://localhost:3000/cb", False, None),
        ("http://[::1]/cb", False, None),
        (WILDCARD, True, None),
        ("https://*.example.com:8443", True, None),
        (WILDCARD, False, "redirect_wildcards"),
        ("https://*.com/cb", True, "one wildcard"),
        ("https://*.*.example.com/cb", True, "one wildcard"),
        ("https://*.example.com/*", True, "one wildcard"),
        ("https://a*.example.com/cb", True, "one wildcard"),
        ("http://*.example.com/cb", True, "one wildcard"),
        ("http://app.example.com/cb", False, "must be https"),
        ("http://localhost.evil.example/cb", False, "must be https"),
        ("https://app.example.com/#x", False, "fragment"),
        ("https://app.example.com/a b", False, "spaces"),
        ("https://app.example.com\\x", False, "backslashes"),
        ("", False, "absolute"),
        ("/cb", False, "name a host"),
        ("//app.example.com/cb", False, "https://"),
        ("https:///cb", False, "name a host"),
        ("https://me@app.example.com/cb", False, "without a user"),
        ("myapp://cb", False, "https://"),
        ("https://[::1/cb", False, "not a URL"),
    ],
)
def test_a_registration_is_checked_when_the_configuration_is_read(uri: str, wildcards: bool, wrong: str | None) -> None:
    complaint = complaint_about(uri, wildcards=wildcards)

    assert (complaint is None) if wrong is None else (complaint is not None and wrong in complaint)

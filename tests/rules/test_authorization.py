"""Reading the Authorization header."""

from base64 import b64encode
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.authorization import (
    basic_credentials,
    basic_spellings,
    bearer_token,
    single_authorization,
)
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_one_header_or_none_is_read() -> None:
    assert single_authorization([]) is None
    assert single_authorization(["Bearer a"]) == "Bearer a"


@pytest.mark.parametrize("values", [["Bearer a", "Bearer b"], ["Bearer a", "Bearer a"], ["Bearer a", ""]])
def test_two_headers_are_refused(values: list[str]) -> None:
    """Cronofy could believe the other one (CVE-2021-32777)."""
    with pytest.raises(RequestRefused) as caught:
        single_authorization(values)

    assert caught.value.code is Code.AUTHORIZATION_REPEATED
    assert "Bearer a" not in caught.value.public + caught.value.detail


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER abc", "abc"),
        ("  Bearer   abc  ", "abc"),
        ("Bearer a-._~+/1==", "a-._~+/1=="),
        ("Bearer CRN_secret", "CRN_secret"),
        ("Bearer NoneOfThese", "NoneOfThese"),
    ],
)
def test_a_bearer_token_is_read(value: str, token: str) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer None",
        "Bearer undefined",
        "Bearer null",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a=b",
        "Bearer a, Bearer b",
        "Bearer \u00e9",
        "Bearer a\r\nX-Evil: 1",
        "Bearer: abc",
        "Bearer\tabc",
        "Token abc",
        "Basic YTpi",
        "abc",
    ],
)
def test_what_is_no_bearer_token_is_none(value: str | None) -> None:
    """Pycronofy and the npm package send `Bearer None` and `Bearer undefined` when they hold no token."""
    assert bearer_token(value) is None


@given(st.text(max_size=40))
def test_a_bearer_token_never_holds_what_a_header_may_not(text: str) -> None:
    token = bearer_token(f"Bearer {text}")

    assert token is None or (token == text.strip() and token.isascii() and token.isprintable() and " " not in token)


@pytest.mark.parametrize(
    ("value", "credentials"),
    [
        (basic("id:secret"), ("id", "secret")),
        ("bAsIc aWQ6c2VjcmV0", ("id", "secret")),
        (basic("id:"), ("id", "")),
        (basic(":secret"), ("", "secret")),
        (basic("id:a:b"), ("id", "a:b")),
        (basic("a%3Ab:c%25d+e"), ("a:b", "c%d e")),
        (basic("id:s%2Bt"), ("id", "s+t")),
        (basic("no colon"), None),
        ("Basic", None),
        ("Basic !!!", None),
        ("Basic YTpi YTpi", None),
        ("Basic YTp", None),
        ("Basic \u00e9\u00e9\u00e9\u00e9", None),
        ("Basic \udcff", None),
        ("Basic " + b64encode(b"id:\xff").decode(), None),
        ("Bearer YTpi", None),
        (None, None),
    ],
)
def test_basic_credentials(value: str | None, credentials: tuple[str, str] | None) -> None:
    assert basic_credentials(value) == credentials


@given(st.text(st.characters(codec="utf-8"), max_size=20), st.text(st.characters(codec="utf-8"), max_size=20))
def test_form_encoded_basic_credentials_come_back_whole(user: str, password: str) -> None:
    """RFC 6749 section 2.3.1: both halves are form-encoded before the colon joins them."""
    assert basic_credentials(basic(f"{quote_plus(user)}:{quote_plus(password)}")) == (user, password)


@given(st.text(st.characters(), max_size=40))
def test_no_basic_header_breaks_the_reader(text: str) -> None:
    found = basic_credentials(f"Basic {text}")

    assert found is None or len(found) == 2


def test_basic_credentials_can_mean_what_they_say() -> None:
    """Many libraries leave out the form-encoding that RFC 6749 asks for."""
    assert basic_spellings(basic("app:a+b%2F")) == (("app", "a b/"), ("app", "a+b%2F"))
    assert basic_spellings(basic("app:plain")) == (("app", "plain"),)
    assert basic_spellings("Bearer x") == ()

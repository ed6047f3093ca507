"""Element tokens: what Cronofy's UI Elements show instead of an access token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.element_tokens import (
    LIFETIME,
    ElementReplyInvalid,
    check_element_origin,
    element_preflight_headers,
    element_readable_headers,
    element_token_in,
    names_element_token,
    read_element_reply,
)
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS, Credential

PAGE = "https://app.example"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("et=abc", "abc"),
        ("tzid=Etc/UTC&et=abc&x=1", "abc"),
        ("et=a%2Bb", "a+b"),
        ("%65t=abc", "abc"),
        ("", None),
        ("tzid=Etc/UTC&offset=1", None),
        ("beta=1&set=2&etc=3&x=et", None),
        ("x=%65t", None),
    ],
)
def test_the_token_is_read_out_of_the_query(query: str, token: str | None) -> None:
    assert element_token_in(query, []) == token
    assert names_element_token(query) == (token is not None)


@pytest.mark.parametrize(
    "query",
    [
        "et=a&et=b",
        "et=a&et=a",
        "et[]=a",
        "et%5B%5D=a",
        "[et]=a",
        "et[x]=a",
        "%20et=a",
        "a=1;et=b",
        "et=a;et=b",
        "+et=a",
    ],
)
def test_a_second_reader_may_not_find_another_token(query: str) -> None:
    """Rack takes the last of two, reads brackets, and older versions split at a semicolon."""
    assert names_element_token(query)
    with pytest.raises(RequestRefused) as caught:
        element_token_in(query, [])
    assert caught.value.code == Code.PARAMETER_REPEATED


def test_an_empty_token_is_none_and_falls_back_to_nothing() -> None:
    """Not to the cookie that the browser may have added: somebody meant to show a token."""
    for query in ("et=", "et"):
        with pytest.raises(RequestRefused) as caught:
            element_token_in(query, [])
        assert caught.value.code == Code.CREDENTIALS_MISSING
        assert "WWW-Authenticate" in caught.value.headers


@pytest.mark.parametrize("junk", ["Bearer undefined", "Bearer None", "Bearer", "Basic eDp5", ""])
def test_an_authorization_that_stands_for_nothing_does_not_matter(junk: str) -> None:
    assert element_token_in("et=abc", [junk]) == "abc"


@pytest.mark.parametrize("values", [["Bearer real-token"], ["Bearer None", "Bearer None"]])
def test_two_credentials_are_refused(values: list[str]) -> None:
    """Nobody knows which of them Cronofy would take (RFC 6750 section 2: one per request)."""
    with pytest.raises(RequestRefused) as caught:
        element_token_in("et=abc", values)
    assert caught.value.code == Code.AUTHORIZATION_REPEATED


@given(st.text(alphabet="et%65=&;[]+ a", max_size=24))
def test_a_query_that_names_one_is_read_or_refused_and_never_passed_over(query: str) -> None:
    try:
        token = element_token_in(query, [])
    except RequestRefused:
        assert names_element_token(query)
    else:
        assert (token is not None) == names_element_token(query)


def test_a_page_calls_from_the_tokens_origin_and_a_program_from_nowhere() -> None:
    assert check_element_origin([PAGE], allowed=frozenset({PAGE})) == PAGE
    assert check_element_origin([], allowed=frozenset({PAGE})) == ""


@pytest.mark.parametrize("origins", [["https://evil.example"], ["null"], [""], [PAGE, PAGE], [f"{PAGE}/"]])
def test_another_origin_is_refused(origins: list[str]) -> None:
    with pytest.raises(RequestRefused) as caught:
        check_element_origin(origins, allowed=frozenset({PAGE}))
    assert caught.value.code == Code.ORIGIN_REFUSED


def test_a_new_token_is_read_with_what_it_was_asked_for() -> None:
    reply = b'{"element_token":{"permissions":["agenda"],"origin":"https://app.example","token":"t-1","expires_in":60}}'
    one = read_element_reply(reply, b'{"subs":["acc_1"]}')

    assert (one.token, one.permissions, one.origin) == ("t-1", frozenset({"agenda"}), PAGE)
    assert (one.account, one.expires_in) == ("acc_1", 60.0)
    assert "t-1" not in repr(one)


@pytest.mark.parametrize("subs", [b"[]", b'["acc_1","acc_2"]', b'"acc_1"', b"null"])
def test_several_accounts_or_none_are_no_account(subs: bytes) -> None:
    one = read_element_reply(b'{"element_token":{"token":"t-1"}}', b'{"subs":' + subs + b"}")
    assert one.account == ""


@pytest.mark.parametrize("lifetime", ["true", '"60"', "0", "-1", "1e12", "null"])
def test_what_the_answer_leaves_out_is_what_was_asked(lifetime: str) -> None:
    """A token without a usable lifetime lives as long as the documented one."""
    reply = f'{{"element_token":{{"token":"t-1","expires_in":{lifetime}}}}}'.encode()
    one = read_element_reply(reply, b'{"permissions":["agenda"],"origin":"https://app.example"}')
    assert (one.permissions, one.origin, one.expires_in) == (frozenset({"agenda"}), PAGE, LIFETIME)


@pytest.mark.parametrize("reply", [b"", b"[]", b"{}", b'{"element_token":[]}', b'{"element_token":{"token":""}}'])
def test_an_answer_without_a_token_is_none(reply: bytes) -> None:
    with pytest.raises(ElementReplyInvalid):
        read_element_reply(reply, b"{}")


def test_pages_of_elements_get_no_credentials_and_no_wildcard() -> None:
    """A cross-site page must not come to the cookie by way of its Elements."""
    asked, told = element_preflight_headers(PAGE), element_readable_headers(PAGE, "Cronofy-Access-Mode")

    assert asked["Access-Control-Allow-Origin"] == told["Access-Control-Allow-Origin"] == PAGE
    assert set(asked["Access-Control-Allow-Headers"].split(", ")) == {"Content-Type", "Cronofy-Element"}
    assert set(asked["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "POST"}
    assert "Access-Control-Allow-Credentials" not in asked | told
    assert "*" not in "".join((asked | told).values())


def test_an_element_token_reaches_exactly_what_cronofys_script_calls() -> None:
    """Of cronofy-elements 1.67.7; see docs/ui-elements.md."""
    by_permission: dict[str, set[str]] = {}
    for row in OPERATIONS:
        assert (Credential.ELEMENT in row.credentials) == bool(row.element_permissions)
        for permission in row.element_permissions:
            by_permission.setdefault(permission, set()).add(row.name)

    assert by_permission == {
        "agenda": {"userinfo", "read_events", "read_events_page", "free_busy", "free_busy_page"},
        "account_management": {"userinfo", "revoke_profile"},
        "availability": {"availability", "sequenced_availability"},
        "managed_availability": {"userinfo", "availability_rule", "save_availability_rule"},
    }

"""A token reply is a usable token set, or it is nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.token_reply import ReplyInvalid, error_of_reply, read_token_reply, with_handles, write_token_reply

REFRESHED: dict[str, Any] = {
    "token_type": "bearer",
    "access_token": "P531x88i05Ld2yXHIQ7WjiEyqlmOHsgI",
    "expires_in": 3600,
    "refresh_token": "3gBYG1XamYDUEXUyybbummQWEe5YqPmf",
    "scope": "create_event delete_event",
}
LINKED = {"provider_name": "google", "profile_id": "pro_1", "profile_name": "example@cronofy.com"}


def read(**members: Any) -> Any:
    return read_token_reply(json.dumps({**REFRESHED, **members}).encode())


def refusal(raw: bytes) -> ReplyInvalid:
    with pytest.raises(ReplyInvalid) as caught:
        read_token_reply(raw)
    return caught.value


def test_an_exchange_tells_the_account_and_the_profile_that_was_connected() -> None:
    tokens = read(account_id="acc_1", sub="acc_1", linking_profile={**LINKED, "provider_service": "gsuite"})

    assert (tokens.access_token, tokens.refresh_token) == (REFRESHED["access_token"], REFRESHED["refresh_token"])
    assert (tokens.expires_in, tokens.scope, tokens.account) == (3600.0, "create_event delete_event", "acc_1")
    assert tokens.profile == Profile("pro_1", AccessMode.READ_WRITE, name="example@cronofy.com")


def test_a_refresh_tells_neither() -> None:
    tokens = read()

    assert (tokens.account, tokens.profile) == ("", None)


@pytest.mark.parametrize(
    ("members", "account"),
    [
        ({"sub": "acc_1"}, "acc_1"),
        ({"account_id": "acc_1"}, "acc_1"),
        ({"service_account_id": "ser_1"}, "ser_1"),
        ({"application_calendar_id": "apc_1"}, "apc_1"),
        ({"sub": "apc_1", "application_calendar_id": "apc_2"}, "apc_1"),
        ({"account_id": "acc_2", "sub": "acc_1"}, "acc_1"),
        ({"sub": None, "account_id": "acc_1"}, "acc_1"),
        ({"sub": 7}, ""),
    ],
)
def test_the_account_is_named_by_one_of_four_members(members: dict[str, Any], account: str) -> None:
    assert read(**members).account == account


@pytest.mark.parametrize(
    ("linked", "profile"),
    [
        (LINKED, Profile("pro_1", AccessMode.READ_WRITE, name="example@cronofy.com")),
        (
            {**LINKED, "provider_name": "ms_graph_free_busy"},
            Profile("pro_1", AccessMode.FREE_BUSY, name="example@cronofy.com"),
        ),
        (
            {**LINKED, "provider_service": "google_free_busy"},
            Profile("pro_1", AccessMode.FREE_BUSY, name="example@cronofy.com"),
        ),
        ({**LINKED, "provider_name": "cronofy"}, Profile("pro_1", AccessMode.NO_ACCESS, name="example@cronofy.com")),
        ({**LINKED, "provider_name": None}, None),
        ({**LINKED, "profile_id": 7}, None),
        ({"provider_name": "google"}, None),
        ({}, None),
        ([], None),
        ("pro_1", None),
        (None, None),
    ],
)
def test_the_linking_profile_tells_the_mode(linked: object, profile: Profile | None) -> None:
    """A profile that cannot be read is learnt from userinfo later; it does not spoil the tokens."""
    assert read(sub="acc_1", linking_profile=linked).profile == profile


def test_an_application_calendar_has_no_mode() -> None:
    tokens = read(sub="apc_1", linking_profile={**LINKED, "provider_name": "cronofy"})

    assert tokens.profile == Profile("pro_1", AccessMode.NOT_APPLICABLE, name="example@cronofy.com")


@pytest.mark.parametrize("value", [1, 1800, 3600.5, 0.25, 10 * 365 * 86_400])
def test_a_lifetime_is_a_positive_number_of_seconds(value: float) -> None:
    assert read(expires_in=value).expires_in == value


@pytest.mark.parametrize(
    "raw",
    [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "-0.0",
        "NaN",
        "Infinity",
        "1e400",
        "-1e400",
        "315360001",
        "1e18",
        '"3600"',
        '""',
        "[3600]",
        "{}",
        *(pytest.param("9" * digits, id=f"{digits}-digits") for digits in (30, 4_000, 5_000, 100_000)),
        "0" * 9,
        "0x10",
    ],
)
def test_another_lifetime_is_refused(raw: str) -> None:
    """A token of unknown age would be sent until Cronofy says 401, or never be renewed."""
    text = json.dumps(REFRESHED).replace('"expires_in": 3600', f'"expires_in": {raw}')

    assert raw in text
    refusal(text.encode())


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "expires_in"])
def test_what_everything_depends_on_must_be_there(name: str) -> None:
    """The SDKs of Cronofy fail on a reply without a refresh token, a refresh included."""
    reply = {key: value for key, value in REFRESHED.items() if key != name}

    assert name in str(refusal(json.dumps(reply).encode()))


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        7,
        True,
        [],
        ["canary"],
        {"canary": 1},
        "canary canary",
        "canary\n",
        "canary\r\nX-Evil: 1",
        "canary\x00",
        "canary\x7f",
        "canary\u00e9",
        "canary\u2028",
        pytest.param("c" * 4_097, id="long"),
    ],
)
def test_a_token_that_could_not_stand_in_a_header_is_refused(name: str, value: object) -> None:
    """It would break out of the Authorization header of the next call."""
    refused = refusal(json.dumps({**REFRESHED, name: value}).encode())

    assert name in str(refused)
    assert "canary" not in str(refused)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'[{"access_token":"canary"}]',
        b'"canary"',
        b"7",
        b"<html>canary</html>",
        b'{"access_token":"canary',
        b'{"access_token":"canary"} {}',
        b'{"access_token":"canary\xff"}',
        b'{"canary\xc3":1}',
        b'{"access_token":"\\ud800canary"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        pytest.param(b"[" * 100_000, id="deep-lists"),
        pytest.param(b'{"a":' * 100_000, id="deep-objects"),
        pytest.param(b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", id="deep-and-closed"),
    ],
)
def test_what_is_no_json_object_is_refused_without_quoting_it(raw: bytes) -> None:
    refused = refusal(raw)

    assert "canary" not in f"{refused}{refused.__cause__}"
    assert error_of_reply(raw) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from([*REFRESHED, "sub", "account_id", "service_account_id", "linking_profile"])


@given(st.dictionaries(MEMBERS, JSON, max_size=4), st.dictionaries(st.sampled_from(list(LINKED)), JSON))
def test_a_reply_with_odd_members_is_usable_or_refused(odd: dict[str, Any], linked: dict[str, Any]) -> None:
    try:
        tokens = read(linking_profile=linked, **{key: value for key, value in odd.items() if key != "linking_profile"})
    except ReplyInvalid:
        return

    assert tokens.access_token.isascii()
    assert tokens.refresh_token.isprintable()
    assert 0 < tokens.expires_in < 10**9
    assert isinstance(tokens.scope, str)
    assert isinstance(tokens.account, str)


@given(st.binary(max_size=60))
def test_nothing_else_comes_of_noise(noise: bytes) -> None:
    refusal(noise)
    refusal(b'{"access_token":"' + noise)

    assert isinstance(error_of_reply(b'{"error":"' + noise + b'"}'), str)


def test_tokens_are_not_printed() -> None:
    shown = repr(read())

    assert REFRESHED["access_token"] not in shown
    assert REFRESHED["refresh_token"] not in shown


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b'{"error":"invalid_grant"}', "invalid_grant"),
        (b'{"error":"invalid_client","error_description":"invalid_grant"}', "invalid_client"),
        (b'{"error_description":"invalid_grant"}', ""),
        (b'{"error":{"code":"invalid_grant"}}', ""),
        (b'{"error":["invalid_grant"]}', ""),
        (b'{"error":null}', ""),
        (b'{"errors":{"code":[{"key":"errors.unknown_or_used"}]}}', ""),
        (b"invalid_grant", ""),
        (b'["invalid_grant"]', ""),
    ],
)
def test_an_error_is_read_from_its_own_member(raw: bytes, error: str) -> None:
    """Other gateways looked for `invalid_grant` in the text and signed people out for a description."""
    assert error_of_reply(raw) == error


def test_handles_take_the_tokens_places_and_nothing_else_changes() -> None:
    """Whatever Cronofy may add, in whatever spelling, is the client's to read."""
    raw = b'{"new":{"a" :[1.10,"\\/\\u00e9"]},"refresh_token":"r","expires_in":1e3,"\\u0061ccess_token":"a"}'
    assert with_handles(raw, access="cga_1", refresh="cgr_1") == (
        b'{"new":{"a" :[1.10,"\\/\\u00e9"]},"refresh_token":"cgr_1","expires_in":1e3,"access_token":"cga_1"}'
    )


def test_a_token_that_is_named_twice_is_gone_both_times() -> None:
    raw = b'{"access_token":"first","refresh_token":"r","access_token":"second","expires_in":1}'
    written = with_handles(raw, access="cga_1", refresh="cgr_1")
    assert b"first" not in written
    assert b"second" not in written


def test_a_written_reply_can_be_read_again() -> None:
    written = write_token_reply(access="cga_1", refresh="cgr_1", expires_in=60, scope="a b")
    tokens = read_token_reply(written)
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_in, tokens.scope) == ("cga_1", "cgr_1", 60, "a b")


def test_the_profiles_id_is_read_where_its_mode_cannot_be_told() -> None:
    tokens = read(linking_profile={"provider_name": "", "profile_id": "pro_9"})
    assert (tokens.profile_id, tokens.profile) == ("pro_9", None)
    assert read().profile_id == ""

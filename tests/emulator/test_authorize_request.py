from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.emulator.authorize_request import (
    AuthorizeError,
    AuthorizeRequest,
    UnsafeRequestError,
    read_authorize_request,
)

GOOD = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": "https://app.example.com/cb?tenant=1",
    "scope": "read_events",
}


def read(is_enterprise: bool = False, /, **changes: str) -> AuthorizeRequest:
    return read_authorize_request(urlencode(GOOD | changes), client_id="app", is_enterprise=is_enterprise)


@pytest.mark.parametrize("raw_scope", ["read_events%20create_event", "read_events+create_event"])
def test_scopes_are_parted_by_either_space(raw_scope: str) -> None:
    raw = f"response_type=code&client_id=app&redirect_uri=http://a.example&scope={raw_scope}"

    assert read_authorize_request(raw, client_id="app", is_enterprise=False).scope == "read_events create_event"


def test_empty_means_absent() -> None:
    """The Python SDK always sends state and provider_name."""
    request = read(state="", provider_name="", avoid_linking="False")

    assert request.raw_state is None
    assert request.provider_name == ""
    assert request.avoids_linking is False
    assert request.answered(code="x") == "https://app.example.com/cb?tenant=1&code=x"


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "/relative"},
        {"redirect_uri": "ftp://a.example"},
        {"redirect_uri": "https://"},
        {"redirect_uri": "https://a.example/#here"},
        {"redirect_uri": "https://a.example/ b"},
        {"redirect_uri": "https://a.example/\r\nSet-Cookie: a=b"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://[::1"},
    ],
)
def test_a_client_or_redirect_uri_that_cannot_be_trusted_is_never_redirected_to(change: dict[str, str]) -> None:
    with pytest.raises(UnsafeRequestError):
        read(**change)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "read_events", "delegated_scope": "everything"}, "invalid_scope"),
    ],
)
def test_what_the_app_did_wrong_is_told_to_the_app(change: dict[str, str], error: str) -> None:
    with pytest.raises(AuthorizeError) as caught:
        read(**(change | {"state": "s"}))

    assert caught.value.location.startswith(f"https://app.example.com/cb?tenant=1&error={error}&")
    assert caught.value.location.endswith("&state=s")


@pytest.mark.parametrize(
    ("scope", "delegated", "error"),
    [
        ("service_account/accounts/manage", "", "invalid_request"),
        ("service_account/accounts/manage", "everything", "invalid_scope"),
        ("read_events", "read_write", "invalid_scope"),
    ],
)
def test_enterprise_needs_scopes_of_both_kinds(scope: str, delegated: str, error: str) -> None:
    with pytest.raises(AuthorizeError) as caught:
        read(True, scope=scope, delegated_scope=delegated)

    assert f"error={error}" in caught.value.location


@pytest.mark.parametrize(
    ("scope", "delegated", "is_enterprise", "offers"),
    [
        ("free_busy_write", "", False, True),
        ("read_write", "free_busy_write", False, False),
        ("service_account/accounts/manage", "free_busy_write read_only", True, True),
        ("service_account/accounts/manage", "read_write", True, False),
    ],
)
def test_modes_are_offered_for_free_busy_write_where_people_grant_it(
    scope: str, delegated: str, is_enterprise: bool, offers: bool
) -> None:
    assert read(is_enterprise, scope=scope, delegated_scope=delegated).offers_modes is offers


def test_of_a_doubled_parameter_the_last_one_counts() -> None:
    raw = urlencode(GOOD) + "&scope=create_event"

    assert read_authorize_request(raw, client_id="app", is_enterprise=False).scope == "create_event"


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="&#"), min_size=1))
def test_any_state_that_can_be_sent_goes_back_as_it_came(state: str) -> None:
    raw = f"{urlencode(GOOD)}&state={state}"
    request = read_authorize_request(raw, client_id="app", is_enterprise=False)

    assert request.answered(code="x").endswith(f"?tenant=1&code=x&state={state}")

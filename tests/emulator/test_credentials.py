import base64

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.emulator.credentials import bearer_of, is_application, is_secret
from gateway.emulator.settings import EmulatorSettings

SETTINGS = EmulatorSettings(client_id="app", client_secrets=("one", "t:w o%"))


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize("header", ["", "Bearer None", "Bearer undefined", "Basic %%%", "Basic /w=="])
def test_body_credentials_count_whatever_the_header_says(header: str) -> None:
    request = make_mocked_request("POST", "/oauth/token", headers={"Authorization": header})

    assert is_application(SETTINGS, request, {"client_id": "app", "client_secret": "one"})
    assert not is_application(SETTINGS, request, {"client_id": "app", "client_secret": "three"})
    assert not is_application(SETTINGS, request, {"client_id": "other", "client_secret": "one"})
    assert not is_application(SETTINGS, request, {})


@pytest.mark.parametrize(
    ("pair", "is_right"),
    [("app:one", True), ("app:t%3Aw+o%25", True), ("app:two", False), ("one:app", False), ("app", False)],
)
def test_basic_credentials_are_form_encoded(pair: str, is_right: bool) -> None:
    """RFC 6749 section 2.3.1."""
    request = make_mocked_request("POST", "/oauth/token", headers={"Authorization": basic(pair)})

    assert is_application(SETTINGS, request, {}) is is_right


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer abc", "abc"), ("Basic abc", ""), ("abc", ""), ("", "")],
)
def test_a_bearer_token_is_taken_from_its_header(header: str, token: str) -> None:
    assert bearer_of(make_mocked_request("GET", "/", headers={"Authorization": header})) == token


def test_every_active_secret_counts() -> None:
    assert [is_secret(SETTINGS, offered) for offered in ("one", "t:w o%", "", "é")] == [True, True, False, False]

"""Reading `/auth/login`."""

from urllib.parse import parse_qs

import pytest

from gateway.rules.authorize_request import Connect
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.login_request import LoginRequest, login_query, read_login
from gateway.rules.provider_hints import provider_hint


def test_a_bare_login_asks_for_nothing_but_its_client() -> None:
    assert read_login("client=app") == LoginRequest("app", "", Connect.INDIVIDUAL, "", "", "")


def test_everything_a_page_may_ask_for() -> None:
    asked = read_login("client=app&return_to=%2Fa%3Fb%3Dc&mode=free_busy&provider=google&locale=de&reconnect=t-1&x=y")

    assert asked == LoginRequest("app", "/a?b=c", Connect.INDIVIDUAL, "google_free_busy", "de", "t-1")


@pytest.mark.parametrize(
    ("mode", "provider", "hint"),
    [
        ("", "", ""),
        ("", "google", "google"),
        ("", "microsoft", "office365"),
        ("", "apple", "apple"),
        ("", "exchange", "exchange"),
        ("read_write", "", ""),
        ("read_write", "microsoft", "office365"),
        ("free_busy", "google", "google_free_busy"),
        ("free_busy", "microsoft", "ms_graph_free_busy"),
        ("free_busy", "", ""),  # Cronofy's page asks, since the hint is per provider
        ("no_access", "", "cronofy"),
        ("no_access", "google", "cronofy"),
    ],
)
def test_a_preferred_mode_becomes_cronofys_provider_name(mode: str, provider: str, hint: str) -> None:
    assert provider_hint(mode, provider) == hint


@pytest.mark.parametrize(
    ("mode", "provider"),
    [("unknown", ""), ("FREE_BUSY", ""), ("", "yahoo"), ("no_access", "yahoo"), ("free_busy", "apple")],
)
def test_an_unknown_name_and_an_impossible_pair_are_refused(mode: str, provider: str) -> None:
    """A mode that quietly turned into another would surprise the person on Cronofy's page."""
    with pytest.raises(RequestRefused) as caught:
        provider_hint(mode, provider)
    assert caught.value.code == Code.INVALID_REQUEST


def test_enterprise_connect_has_no_hint() -> None:
    """None is documented for it; a mode that cannot be is refused all the same."""
    assert read_login("client=app&connect=enterprise&mode=no_access").provider_name == ""
    assert read_login("connect=enterprise").connect is Connect.ENTERPRISE
    with pytest.raises(RequestRefused):
        read_login("client=app&connect=enterprise&mode=everything")


@pytest.mark.parametrize("connect", ["both", "Individual", "enterprise%20", "%00"])
def test_there_are_two_ways_to_connect(connect: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_login(f"client=app&connect={connect}")
    assert caught.value.code == Code.INVALID_REQUEST


@pytest.mark.parametrize("query", ["client=a&client=b", "return_to=/a&return_to[]=/b", "client=a;mode=x", "[client]=a"])
def test_a_parameter_that_two_readers_could_see_differently_is_refused(query: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_login(query)
    assert caught.value.code == Code.PARAMETER_REPEATED


def test_the_query_for_cronofy_leaves_empty_parameters_out_and_encodes_the_rest() -> None:
    query = login_query(
        connect=Connect.INDIVIDUAL,
        state="f.s&x=1",
        scopes={"scope": "free_busy_write read_events"},
        extra={"client_id": "app", "avoid_linking": "true", "provider_name": "", "locale": "de&state=evil"},
    )

    assert parse_qs(query, strict_parsing=True) == {
        "response_type": ["code"],
        "scope": ["free_busy_write read_events"],
        "state": ["f.s&x=1"],
        "client_id": ["app"],
        "avoid_linking": ["true"],
        "locale": ["de&state=evil"],
    }


def test_enterprise_connect_is_not_told_to_avoid_linking() -> None:
    """It is a parameter of Individual Connect."""
    query = login_query(connect=Connect.ENTERPRISE, state="s", scopes={}, extra={"avoid_linking": "true"})

    assert "avoid_linking" not in query

"""Looking applications and clients up."""

import pytest

from gateway.flows.registry import Registry
from gateway.rules.client import BrowserDoor
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from tests.flows.fakes import APPLICATION, client, registry


def test_a_client_is_known_by_any_of_its_secrets() -> None:
    both = client("a", secret_hashes=client("x").secret_hashes | client("y").secret_hashes)
    known = registry(both, client("b"))

    assert known.client_by_secret("x-secret") is both
    assert known.client_by_secret("y-secret") is both
    assert known.client_by_secret("b-secret") is not both
    assert known.client_by_secret("") is None


@pytest.mark.parametrize(("client_id", "secret"), [("a", "b-secret"), ("b", "a-secret"), ("c", "a-secret"), ("a", "")])
def test_an_unknown_client_and_a_wrong_secret_are_refused_alike(client_id: str, secret: str) -> None:
    """Nobody learns which client ids exist."""
    with pytest.raises(RequestRefused) as caught:
        registry(client("a"), client("b")).authenticate(client_id, secret)

    assert (caught.value.code, caught.value.public) == (
        Code.INVALID_CLIENT,
        "The client_id or client_secret is not right.",
    )


def test_a_client_is_known_by_any_spelling_of_its_credentials() -> None:
    known = registry(client("a"), client("b"))
    assert known.authenticate_any([("a", "b-secret"), ("a", "a-secret")]).id == "a"

    for offered in ([], [("a", "b-secret"), ("c", "a-secret")]):
        with pytest.raises(RequestRefused) as caught:
            known.authenticate_any(offered)
        assert caught.value.code is Code.INVALID_CLIENT


def test_another_registry_takes_the_place_of_all_of_it() -> None:
    """A look-up by secret or origin that stayed behind would let a client in that is gone."""
    page = BrowserDoor(frozenset({"https://a.test"}), "https://a.test/", "s", "s", "s")
    known = registry(client("a", browser=page))
    known.replace([APPLICATION], [client("b")])

    assert (known.client_by_secret("a-secret"), known.page_origins) == (None, frozenset())
    assert known.client_by_secret("b-secret") is known.client("b")
    with pytest.raises(RequestRefused):
        known.client("a")


def test_a_disabled_client_is_found_by_nobody_and_leaves_its_application_to_no_other() -> None:
    """Else its tokens would be adopted by the client that remains."""
    known = registry(client("a"), client("b"))
    known.replace([APPLICATION], [client("a")], disabled=[client("b")])

    assert known.client_by_secret("b-secret") is None
    assert known.clients_of(APPLICATION) == (client("a"),)
    assert not known.is_only_client(client("a"))
    known.replace([APPLICATION], [client("a")])
    assert known.is_only_client(client("a"))


def test_a_secret_that_opens_nothing_any_more_is_known_as_such() -> None:
    """It is no token of Cronofy's, so nobody there is to see it."""
    known = registry(client("a"), client("b"))
    known.replace([APPLICATION], [client("a")], disabled=[client("b")])

    assert known.is_dead_secret("b-secret")
    assert known.is_dead_secret("cgs_revoked")
    assert not known.is_dead_secret("a-secret")
    assert not known.is_dead_secret("a-token-of-cronofys")


def test_a_call_whose_application_was_taken_away_meanwhile_is_refused() -> None:
    known = registry(client("a"))
    known.replace([], [])
    with pytest.raises(RequestRefused) as caught:
        known.application_of(client("a"))
    assert caught.value.code is Code.CLIENT_UNKNOWN


def test_only_one_means_exactly_one() -> None:
    other = client("b", application="other")
    known = Registry([APPLICATION], [client("a"), other])

    assert known.only_application() is APPLICATION
    assert known.applications == (APPLICATION,)
    assert known.is_only_client(known.client("a"))
    assert not registry(client("a"), client("b")).is_only_client(client("a"))
    assert Registry([], []).only_application() is None


def test_origins_for_elements_are_not_origins_for_cookies() -> None:
    """A client without a browser door may register pages of any site."""
    pages = BrowserDoor(
        frozenset({"https://app.test"}), "https://app.test/", scope="", service_scope="", delegated_scope=""
    )
    near = client("a", browser=pages, origins=pages.origins)
    known = registry(near, client("b", origins=frozenset({"https://far.example"})))

    assert known.page_origins == {"https://app.test"}
    assert known.element_origins == {"https://app.test", "https://far.example"}

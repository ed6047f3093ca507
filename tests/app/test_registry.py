"""Applications and clients are made of the settings."""

import pytest

from gateway.app.registry import make_known, make_registry
from gateway.config_check import check_settings
from gateway.flows.issued_secrets import IssuedSecret
from gateway.flows.registry import Registry
from gateway.flows.stored_clients import UNREADABLE, StoredClient
from gateway.rules.client import Custody
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.fingerprints import fingerprint
from tests.settings import good_settings


def test_a_registry_is_made_of_the_settings() -> None:
    applications = {"main": {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop", "data_centre": "au"}}
    registry = make_registry(check_settings(good_settings(applications=applications)))
    client = registry.client_by_secret("app-secret-0123456789abcdef")

    assert client is not None
    assert client.id == "app"
    assert registry.application_of(client).hosts == HOSTS[DataCentre.AU]


def test_a_stored_client_is_like_one_of_the_configuration() -> None:
    issued = IssuedSecret("cgs_issued", 1.0)
    known = make_known(
        check_settings(good_settings()),
        {
            "stored": StoredClient(
                {"custody": "gateway", "redirect_uris": ["https://s.example.com/"]}, secrets=(issued,)
            )
        },
    )
    registry = Registry([], [])
    known.fill(registry)
    client = registry.client("stored")

    assert (client.custody, client.redirect_uris) == (Custody.GATEWAY, ("https://s.example.com/",))
    assert (client.application, client.secrets) == ("main", ("cgs_issued",))
    assert registry.client_by_secret("cgs_issued") is client
    assert known.ignored == {}


def test_issued_secrets_stand_beside_those_of_the_configuration() -> None:
    issued = IssuedSecret("cgs_issued", 1.0)
    (client,) = make_known(check_settings(good_settings()), {"app": StoredClient(secrets=(issued,))}).clients

    assert client.secrets == ("app-secret-0123456789abcdef", "cgs_issued")
    assert client.secret_hashes == {fingerprint("client-secret", one) for one in client.secrets}


def test_a_disabled_client_works_for_an_operator_only() -> None:
    known = make_known(check_settings(good_settings()), {"app": StoredClient(disabled=True)})
    registry = Registry([], [])
    known.fill(registry)
    assert registry.client_by_secret("app-secret-0123456789abcdef") is None
    known.fill(registry, with_disabled=True)
    assert registry.client("app").id == "app"


def test_what_the_store_says_in_vain_is_named_with_the_reason() -> None:
    """One client that cannot be used keeps no other from working."""
    known = make_known(
        check_settings(good_settings()),
        {
            "app": StoredClient({"redirect_uris": ["https://thief.example.com/"]}),
            "gone": StoredClient(disabled=True),
            "newer": StoredClient({"a_setting_of_a_later_version": True}),
            "lost": UNREADABLE,
            "good": StoredClient({}),
            "moved": StoredClient({"application": "nowhere"}),
        },
    )

    assert [(str(one.id), one.redirect_uris) for one in known.clients] == [
        ("app", ("https://app.example.com/cb",)),
        ("good", ()),
    ]
    assert {name: problem.partition(" ")[0] for name, problem in known.ignored.items()} == {
        "app": "the",
        "gone": "its",
        "lost": "no",
        "moved": "clients.moved.application",
        "newer": "clients.newer.a_setting_of_a_later_version",
    }


def test_a_configured_client_whose_record_no_key_opens_counts_as_disabled() -> None:
    known = make_known(check_settings(good_settings()), {"app": UNREADABLE})
    assert (known.clients, [one.id for one in known.disabled]) == ([], ["app"])


@pytest.mark.parametrize(
    ("unusable", "alone"),
    [
        (UNREADABLE, []),
        (StoredClient({"a_setting_of_a_later_version": True}), []),
        (StoredClient({"application": "nowhere"}), []),
        (StoredClient({"application": "second", "a_setting_of_a_later_version": True}), ["app"]),
        (StoredClient({"application": "main", "custody": "nobody's"}), ["second"]),
        (StoredClient(disabled=True), ["app", "second"]),
    ],
)
def test_a_client_that_cannot_be_used_leaves_no_other_alone(unusable: StoredClient, alone: list[str]) -> None:
    """Alone, it would adopt what was never seen and name everybody, the people of the unreadable client too."""
    secret = {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop"}
    clients = {
        "app": {"secrets": ["app-secret-0123456789abcdef"], "application": "main"},
        "second": {"secrets": ["second-secret-0123456789abcdef"], "application": "second"},
    }
    checked = check_settings(
        good_settings(applications={"main": secret, "second": {**secret, "client_id": "second"}}, clients=clients)
    )
    registry = Registry([], [])
    make_known(checked, {"other": unusable}).fill(registry)
    known = [registry.client(name) for name in clients]
    assert [one.id for one in known if registry.is_only_client(one)] == alone

"""What is known of an application and of a client never shows its secrets."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.rules.client import AccountId, Application, Client, ClientId, OnUngranted
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.scopes import ScopePolicy


def test_an_application_does_not_print_its_secret() -> None:
    """A traceback or a log line prints the repr."""
    application = Application("main", "cronofy-id", "CRN_canary", HOSTS[DataCentre.UK])

    assert "CRN_canary" not in repr(application)
    assert "cronofy-id" in repr(application)


def test_a_client_does_not_print_its_secrets_and_is_strict_unless_told_otherwise() -> None:
    client = Client(ClientId("app"), frozenset({"canary-hash"}), "main")

    assert "canary-hash" not in repr(client)
    assert client.scope_policy is ScopePolicy.REJECT
    assert client.on_ungranted is OnUngranted.REFUSE
    assert client.redirect_uris == ()
    permissions = (
        client.any_loopback_redirect,
        client.organization_connect,
        client.business_connect,
        client.may_impersonate,
    )
    assert not any(permissions)


def test_nobody_changes_a_client_while_it_is_in_use() -> None:
    client = Client(ClientId("app"), frozenset(), "main")
    with pytest.raises(FrozenInstanceError):
        client.may_impersonate = True  # type: ignore[misc]

    assert AccountId("acc_1") == "acc_1"

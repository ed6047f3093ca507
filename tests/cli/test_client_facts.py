"""What operators see of clients, wherever they come from."""

from gateway.cli.client_facts import CONFIGURATION, STORE, ClientFacts, facts_of
from gateway.config_check import check_settings
from gateway.flows.issued_secrets import IssuedSecret
from gateway.flows.stored_clients import UNREADABLE, Stored, StoredClient
from tests.settings import good_settings

CHECKED = check_settings(good_settings())
ISSUED = IssuedSecret("cgs_canary", 86_400.0)


def facts(stored: Stored) -> dict[str, ClientFacts]:
    return {one.id: one for one in facts_of(CHECKED, stored)}


def test_a_client_says_where_it_comes_from_and_what_is_open_to_it() -> None:
    page = {"home": "https://app.example.com/", "service_door": True, "custody": "gateway"}
    found = facts({"app": StoredClient(secrets=(ISSUED,)), "new": StoredClient(page, disabled=True)})

    assert found["app"].row == ("app", CONFIGURATION, "main", "client", "drop-in", 2, "active")
    assert found["new"].row == ("new", STORE, "main", "gateway", "drop-in, browser, service", 0, "disabled")
    assert list(found) == ["app", "new"]


def test_a_client_is_shown_with_all_settings_and_no_secret() -> None:
    (one,) = facts_of(CHECKED, {"app": StoredClient(secrets=(ISSUED,))})
    shown = dict(one.rows)

    assert (shown["redirect_uris"], shown["service_door"], shown["home"]) == ("https://app.example.com/cb", "false", "")
    assert shown["issued secrets"] == f"{ISSUED.name} (1970-01-02 00:00 UTC)"
    told = f"{one.rows}{one.as_json(whole=True)}"
    assert "secrets_file" not in told
    assert "app-secret" not in told
    assert "canary" not in told


def test_what_does_not_count_is_shown_with_its_reason() -> None:
    found = facts({"gone": StoredClient(), "lost": UNREADABLE, "newer": StoredClient({"unheard": 1})})

    assert [(one.id, one.state) for one in found.values()] == [
        ("app", "active"),
        ("gone", "unusable"),
        ("lost", "disabled"),
        ("newer", "unusable"),
    ]
    assert found["newer"].as_json(whole=True)["settings"] == {"unheard": 1}
    assert "is no setting" in str(dict(found["newer"].rows)["state"])
    assert found["lost"].as_json(whole=False)["application"] is None

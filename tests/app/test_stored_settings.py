"""Stored clients are judged by the checks of the settings file, every complaint at once."""

from typing import Any

import pytest

from gateway.app.stored_settings import check_stored, named_settings
from gateway.config.complaints import SettingsInvalid
from gateway.config_check import check_settings
from tests.settings import good_settings

SETTINGS = check_settings(good_settings()).settings


def places(client_id: str, table: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        check_stored(client_id, table, SETTINGS)
    assert all(one.hint for one in caught.value.complaints)
    assert "canary" not in f"{caught.value.complaints}"
    return [one.place for one in caught.value.complaints if one.fatal]


@pytest.mark.parametrize("client_id", ["", "a b", "a/b", "../x", "ü", "x" * 65, "a\n", "[bold]"])
def test_an_id_is_of_few_letters(client_id: str) -> None:
    assert places(client_id, {}) == [f"clients.{client_id}"]


def test_every_complaint_comes_at_once() -> None:
    table = {
        "application": "nowhere",
        "redirect_uris": ["http://app.example.com/", "ftp://x"],
        "operations": ["calendar"],
        "secrets": ["canary-secret-0123456789"],
        "secrets_file": "/run/canary",
    }
    assert sorted(places("a", table)) == [
        "clients.a.application",
        "clients.a.operations",
        "clients.a.redirect_uris",
        "clients.a.redirect_uris",
        "clients.a.secrets",
        "clients.a.secrets_file",
    ]


def test_a_misspelt_setting_and_a_value_out_of_form_are_told() -> None:
    assert places("a", {"redirect_uri": "x", "custody": "both", "secrets": []}) == [
        "clients.a.secrets",
        "clients.a.custody",
        "clients.a.redirect_uri",
    ]


def test_what_is_allowed_yet_deserves_a_word_is_returned() -> None:
    _, warnings = check_stored("a", {"any_loopback_redirect": True}, SETTINGS)
    assert [(one.place, one.fatal) for one in warnings] == [("clients.a.any_loopback_redirect", False)]


def test_only_what_was_named_is_kept() -> None:
    """A default that changes with a later version counts for stored clients as for those of the file."""
    client, _ = check_stored("a", {"custody": "gateway", "accepted_modes": ["free_busy"]}, SETTINGS)
    assert named_settings(client) == {"custody": "gateway", "accepted_modes": ["free_busy"]}

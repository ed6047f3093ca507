"""The settings' shapes, defaults and sources."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import Settings, settings_from
from gateway.rules.scopes import ScopePolicy
from tests.settings import good_settings


def test_the_defaults_are_the_safe_ones() -> None:
    settings = settings_from(good_settings())
    client = settings.clients["app"]

    assert client.scope_policy is ScopePolicy.REJECT
    assert client.on_ungranted == "refuse"
    for opened in (client.any_loopback_redirect, client.redirect_wildcards, client.may_impersonate):
        assert not opened
    assert settings.operations.host == "127.0.0.1"


def test_a_variable_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY__LISTEN__PORT", "8443")
    monkeypatch.setenv("GATEWAY__APPLICATIONS__MAIN__DATA_CENTRE", "de")
    settings = settings_from(good_settings())

    assert (settings.listen.host, settings.listen.port) == ("0.0.0.0", 8443)
    assert settings.applications["main"].data_centre == "de"
    assert settings.applications["main"].client_id == "id"


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://gw.example.com/", "https://gw.example.com"),
        ("https://gw.example.com:443", "https://gw.example.com"),
        ("https://GW.example.com:8443", "https://gw.example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_origin_is_made_plain(given: str, origin: str) -> None:
    assert settings_from(good_settings(public_url=given)).public_url == origin


@pytest.mark.parametrize(
    "changes",
    [
        {"public_url": "https://gw.example.com/path"},
        {"public_url": "ftp://gw.example.com"},
        {"public_url": "https://user@gw.example.com"},
        {"listen": {"port": 70_000}},
        {"listen": {"prot": 1}},
        {"proxy": {"mode_header": "Bad Header"}},
        {"proxy": {"extra_operations": ["FETCH /v1/x"]}},
        {"proxy": {"extra_operations": ["GET /v2/x"]}},
        {"clients": {"bad id": {}}},
        {"applications": {"main": {"client_id": "x", "data_centre": "mars"}}},
        {"upstream": {"connect_timeout": 0}},
        {"workers": 0},
        {"workers": 65},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings_from(good_settings(**changes))


def test_secrets_do_not_show() -> None:
    settings = settings_from(good_settings())
    assert "CRN_0123" not in repr(settings)
    assert "app-secret" not in repr(settings)


def test_settings_cannot_be_changed() -> None:
    settings: Settings = settings_from(good_settings())
    with pytest.raises(ValidationError):
        settings.public_url = "https://other.example.com"  # type: ignore[misc]

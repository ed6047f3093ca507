"""The demo's settings pass the same check as anybody's."""

from pathlib import Path

from gateway.config_check import check_settings
from gateway.demo.app_server import WEB_CLIENT
from gateway.demo.settings import BROKER_CLIENT, EXAMPLE_PAGE, SDK_CLIENT, STRICT_CLIENT, secret_of
from tests.demo.values import settings_in


def test_they_can_be_used_and_name_the_documented_clients(tmp_path: Path) -> None:
    values = settings_in(tmp_path)
    checked = check_settings(values)

    assert checked.client_secrets[SDK_CLIENT] == ("demo-sdk-secret",)
    assert checked.client_secrets[STRICT_CLIENT] == ("demo-strict-secret",)
    assert checked.settings.clients[WEB_CLIENT].home == "http://127.0.0.1:8070/"
    assert checked.settings.clients[WEB_CLIENT].origins == ["http://127.0.0.1:8070", EXAMPLE_PAGE]
    assert secret_of(SDK_CLIENT) == "demo-sdk-secret"
    assert checked.settings.clients[SDK_CLIENT].scope_policy == "add"
    assert checked.settings.clients[STRICT_CLIENT].scope_policy == "reject"
    broker = checked.settings.clients[BROKER_CLIENT]
    assert (broker.custody, broker.service_door, broker.any_loopback_redirect) == ("gateway", True, True)
    assert secret_of(BROKER_CLIENT) == "demo-broker-secret"

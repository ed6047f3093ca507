"""Applications and clients are made of the settings."""

from gateway.app.registry import make_registry
from gateway.config_check import check_settings
from gateway.rules.data_centres import HOSTS, DataCentre
from tests.settings import good_settings


def test_a_registry_is_made_of_the_settings() -> None:
    applications = {"main": {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop", "data_centre": "au"}}
    registry = make_registry(check_settings(good_settings(applications=applications)))
    client = registry.client_by_secret("app-secret-0123456789abcdef")

    assert client is not None
    assert client.id == "app"
    assert registry.application_of(client).hosts == HOSTS[DataCentre.AU]

"""Putting everything together."""

from pathlib import Path

import pytest

from gateway.adapters.key_ring import KeyRingInvalid
from gateway.adapters.store_memory import MemoryStore
from gateway.app import make_registry, open_store, run_gateway
from gateway.config_check import check_settings
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.settings import good_settings


def test_a_registry_is_made_of_the_settings() -> None:
    applications = {"main": {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop", "data_centre": "au"}}
    registry = make_registry(check_settings(good_settings(applications=applications)))
    client = registry.client_by_secret("app-secret-0123456789abcdef")

    assert client is not None
    assert client.id == "app"
    assert registry.application_of(client).hosts == HOSTS[DataCentre.AU]


async def test_the_store_is_the_one_that_is_named(clock: FakeClock) -> None:
    settings = check_settings(good_settings(store={"url": "memory:"})).settings
    assert isinstance(await open_store(settings, clock), MemoryStore)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"store": {"url": "sqlite:////nowhere/at/all.db"}}, StoreUnavailable),
        ({"keys": {"ring": "not a key"}}, KeyRingInvalid),
        ({"upstream": {"ca_file": Path("/nowhere/ca.pem")}}, OSError),
    ],
)
async def test_a_start_that_cannot_work_fails_before_it_listens(
    changes: dict[str, object], error: type[Exception]
) -> None:
    checked = check_settings(good_settings(**{"store": {"url": "memory:"}, **changes}))
    with pytest.raises(error):
        async with run_gateway(checked):
            pytest.fail("it started")

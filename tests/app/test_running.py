"""A start that cannot work fails before anything listens."""

from pathlib import Path

import pytest

from gateway.adapters.key_ring import KeyRingInvalid
from gateway.app import run_gateway
from gateway.config_check import check_settings
from gateway.rules.errors import StoreUnavailable
from tests.settings import good_settings


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

"""An application of Cronofy's is configured once."""

from typing import Any

import pytest

from gateway.config_check import SettingsInvalid, check_settings
from tests.settings import good_settings

MAIN = {"client_id": "id", "client_secret": "CRN_0123456789abcdefghijklmnop"}


@pytest.mark.parametrize(
    ("second", "is_same"),
    [
        (MAIN, True),
        ({**MAIN, "client_secret": "CRN_other_9876543210zyxwvutsrqp", "data_centre": "us"}, True),
        ({**MAIN, "client_id": "another"}, False),
        ({**MAIN, "data_centre": "de"}, False),
    ],
)
def test_an_application_has_one_entry(second: dict[str, Any], *, is_same: bool) -> None:
    """A client that is alone on an entry may name everybody whom Cronofy knows the application's key for."""
    clients = {"app": {"secrets": ["app-secret-0123456789abcdef"], "application": "main"}}
    values = good_settings(applications={"main": MAIN, "second": second}, clients=clients)
    if not is_same:
        assert check_settings(values).settings.applications["second"].client_id == second["client_id"]
        return
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(values)
    (refused,) = [one for one in caught.value.complaints if one.fatal]
    assert refused.place == "applications.second.client_id"
    assert "applications.main" in refused.problem

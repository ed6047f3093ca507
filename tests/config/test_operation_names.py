"""Names in `operations` that no operation has."""

from typing import Any

import pytest

from gateway.config.complaints import SettingsInvalid
from gateway.config.operation_names import complaints_about_operations
from gateway.config_check import check_settings
from tests.settings import good_settings


def with_operations(*names: str) -> dict[str, Any]:
    settings = good_settings()
    settings["proxy"] = {"extra_operations": ["GET /v1/new_things/{id}"]}
    next(iter(settings["clients"].values()))["operations"] = list(names)
    return settings


def test_names_of_rows_and_of_extra_operations_are_known() -> None:
    settings = check_settings(with_operations("calendars", "batch", "extra_new_things_id_get")).settings
    for name, one in settings.clients.items():
        assert complaints_about_operations(name, one, settings) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [("calender", "calendars"), ("upsert_events", "upsert_event"), ("zzzzz", "docs/operations.md")],
)
def test_an_unknown_name_is_a_complaint_with_what_comes_near(name: str, hint: str) -> None:
    """A name that nobody has would silently forbid what it was meant to allow."""
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(with_operations("calendars", name))
    (complaint,) = caught.value.complaints
    assert complaint.place.endswith(".operations")
    assert hint in complaint.hint

import pytest

from gateway.emulator.accounts import Profile
from gateway.emulator.event_fields import complaints_about_edit, complaints_about_event
from tests.emulator.visitor import event

PROFILE = Profile(profile_id="pro_1", name="", provider="google", mode="read_write")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"summary": "x" * 1024, "description": "x" * 4096},
        {"start": "2026-03-03", "end": "2026-03-04"},
        {"start": {"time": "2026-03-03T09:00:00", "tzid": "Europe/London"}},
    ],
)
def test_a_whole_event_has_nothing_wrong(fields: dict[str, object]) -> None:
    assert complaints_about_event(event(**fields), PROFILE) == {}


@pytest.mark.parametrize("name", ["event_id", "summary", "start", "end"])
def test_the_required_fields_are_missed(name: str) -> None:
    fields = event()
    del fields[name]

    assert complaints_about_event(fields, PROFILE) == {name: ("errors.required", f"{name} must be specified")}


@pytest.mark.parametrize(
    ("fields", "name", "key"),
    [
        ({"summary": "x" * 1025}, "summary", "errors.too_long"),
        ({"description": "x" * 4097}, "description", "errors.too_long"),
        ({"start": "soon"}, "start", "errors.invalid_date_or_time"),
        ({"end": "2026-03-03T08:00:00Z"}, "end", "errors.invalid_time_pair"),
        ({"conferencing": {"profile_id": "x"}}, "conferencing.profile_id", "errors.not_recognized"),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, object], name: str, key: str) -> None:
    found = complaints_about_event(event(**fields), PROFILE)

    assert [(field, complaint[0]) for field, complaint in found.items()] == [(name, key)]


def test_an_edit_may_leave_everything_out() -> None:
    assert complaints_about_edit({}, PROFILE) == {}
    assert list(complaints_about_edit({"summary": "x" * 1025}, PROFILE)) == ["summary"]

import pytest

from gateway.emulator.accounts import Profile
from gateway.emulator.conferencing import NOT_AVAILABLE, assigned, complaints_about

FULL = Profile(profile_id="pro_1", name="", provider="google", mode="read_write")
OFFICE = Profile(profile_id="pro_2", name="", provider="microsoft", mode="read_write")
BUSY = Profile(profile_id="pro_3", name="", provider="google", mode="free_busy")
NONE = Profile(profile_id="pro_4", name="", provider="google", mode="no_access")


def event(**conferencing: str) -> dict[str, object]:
    return {"conferencing": conferencing}


@pytest.mark.parametrize(
    "wanted",
    [
        {"profile_id": "default"},
        {"profile_id": "none"},
        {"profile_id": "pro_zoom"},
        {"profile_id": "explicit", "join_url": "https://a.example", "provider_description": "A"},
    ],
)
@pytest.mark.parametrize("profile", [FULL, BUSY, NONE])
def test_most_conferencing_works_in_every_mode(profile: Profile, wanted: dict[str, str]) -> None:
    assert complaints_about(event(**wanted), profile) == {}


def test_integrated_needs_write_access() -> None:
    assert complaints_about(event(profile_id="integrated"), FULL) == {}
    for profile in (BUSY, NONE):
        found = complaints_about(event(profile_id="integrated"), profile)
        assert {field: key for field, (key, _) in found.items()} == {"conferencing.profile_id": NOT_AVAILABLE}


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({}, ["conferencing.profile_id"]),
        ({"profile_id": "teams"}, ["conferencing.profile_id"]),
        ({"profile_id": "explicit"}, ["conferencing.join_url", "conferencing.provider_description"]),
    ],
)
def test_what_is_wrong_is_named(wanted: dict[str, str], fields: list[str]) -> None:
    assert list(complaints_about(event(**wanted), FULL)) == fields


def test_no_conferencing_is_fine() -> None:
    assert complaints_about({}, FULL) == {}
    assert assigned({}, FULL, "evt_1") is None


@pytest.mark.parametrize(
    ("profile", "wanted", "name"),
    [
        (FULL, "integrated", "google_meet"),
        (OFFICE, "integrated", "ms_teams"),
        (FULL, "default", "google_meet"),
        (FULL, "pro_zoom", "zoom"),
        (FULL, "explicit", "explicit"),
        (BUSY, "pro_zoom", "zoom"),
        (BUSY, "default", None),
        (FULL, "none", None),
    ],
)
def test_an_event_gets_what_its_calendar_can_give(profile: Profile, wanted: str, name: str | None) -> None:
    found = assigned(event(profile_id=wanted, join_url="https://a.example"), profile, "evt_1")

    assert (found["provider_name"] if found else None) == name

import pytest

from gateway.emulator.accounts import Account, Profile, first_calendars
from gateway.emulator.identities import Mode, Provider


@pytest.mark.parametrize(
    ("provider", "mode", "has_it"),
    [
        ("google", "read_write", True),
        ("microsoft", "read_write", True),
        ("apple", "read_write", False),
        ("exchange", "read_write", False),
        ("google", "free_busy", False),
        ("google", "no_access", False),
    ],
)
def test_integrated_conferencing_needs_write_access_at_google_or_microsoft(
    provider: Provider, mode: Mode, has_it: bool
) -> None:
    profile = Profile(profile_id="pro_1", name="ada@example.com", provider=provider, mode=mode)

    assert profile.has_integrated_conferencing is has_it


def test_a_profile_starts_with_two_calendars_of_which_one_id_holds_an_at_sign() -> None:
    """Real ids may hold one, and paths with it go wrong in careless code."""
    first, second = first_calendars("pro_1", "read_write")

    assert ("@" in first.calendar_id, "@" in second.calendar_id) == (True, False)
    assert (first.primary, second.primary) == (True, False)


def test_without_access_the_calendars_start_empty() -> None:
    assert not any(calendar.has_sample_events for calendar in first_calendars("pro_1", "no_access"))


def test_a_calendar_is_found_with_its_profile() -> None:
    profile = Profile(profile_id="pro_1", name="", provider="google", mode="read_write")
    profile.calendars = first_calendars("pro_1", "read_write")
    account = Account(account_id="acc_1", profiles=[profile])

    assert account.calendar(profile.calendars[1].calendar_id) == (profile, profile.calendars[1])
    assert account.calendar("cal_other") is None

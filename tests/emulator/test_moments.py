import pytest

from gateway.emulator.moments import date_at, seconds_of, text_at


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-02T08:00:00Z",
        "2026-03-02 08:00:00Z",
        "2026-03-02T09:00:00+01:00",
        "2026-03-02T08:00:00",
        {"time": "2026-03-02T08:00:00", "tzid": "Europe/London"},
    ],
)
def test_a_moment_has_many_spellings(value: object) -> None:
    assert seconds_of(value) == 1_772_438_400.0


def test_a_date_starts_at_midnight() -> None:
    assert seconds_of("2026-03-02") == 1_772_438_400.0 - 8 * 3600


@pytest.mark.parametrize("value", [None, "", "soon", 5, [], {}, {"time": 5}])
def test_anything_else_is_no_moment(value: object) -> None:
    assert seconds_of(value) is None


def test_moments_are_written_in_utc() -> None:
    assert text_at(1_772_438_400.0) == "2026-03-02T08:00:00Z"
    assert date_at(1_772_438_400.0) == "2026-03-02"

from gateway.emulator.accounts import Calendar
from gateway.emulator.moments import seconds_of
from gateway.emulator.sample_events import PER_CALENDAR, sample_events

NOW = 1_772_438_400.0


def test_events_lie_in_the_days_from_today_on() -> None:
    found = sample_events(Calendar(calendar_id="cal_1", name="C"), NOW)
    starts = [seconds_of(event["start"]) or 0.0 for event in found]

    assert len(found) == PER_CALENDAR
    assert starts == sorted(starts)
    assert min(starts) >= NOW - NOW % 86_400
    assert max(starts) < NOW + 15 * 86_400
    assert all((seconds_of(event["end"]) or 0) > start for event, start in zip(found, starts, strict=True))


def test_they_depend_on_the_calendar_and_the_day_alone() -> None:
    first = sample_events(Calendar(calendar_id="cal_1", name="C"), NOW)
    later_that_day = sample_events(Calendar(calendar_id="cal_1", name="D"), NOW + 3600)
    other = sample_events(Calendar(calendar_id="cal_2", name="C"), NOW)

    assert first == later_that_day
    assert {event["event_uid"] for event in first}.isdisjoint({event["event_uid"] for event in other})


def test_a_calendar_that_an_app_made_is_empty() -> None:
    assert sample_events(Calendar(calendar_id="cal_1", name="C", has_sample_events=False), NOW) == []

"""The events that are in a person's calendar before any app writes to it.

They are laid out over the days from today on, and depend on nothing but the calendar's id and the day.
"""

from typing import Final

from gateway.emulator.accounts import Calendar, Record
from gateway.emulator.ids import fingerprint
from gateway.emulator.moments import date_at, text_at

PER_CALENDAR: Final = 27
"""Two calendars of these fill three pages of the usual size."""

_DAY: Final = 86_400
_SUBJECTS: Final = (
    "Team stand-up",
    "Design review",
    "Lunch with Sam",
    "Dentist",
    "Budget planning",
    "Interview",
    "One to one",
    "Release rehearsal",
)
_PLACES: Final = ("Room 1", "Room 2", "Café", "")


def sample_events(calendar: Calendar, now: float) -> list[Record]:
    """List a calendar's own events, in order of time.

    Args:
        calendar: one without sample events gives none.
        now: Unix time, in seconds; the first events are on this day.
    """
    if not calendar.has_sample_events:
        return []
    today = now - now % _DAY
    return [_event(calendar.calendar_id, number, today) for number in range(PER_CALENDAR)]


def _event(calendar_id: str, number: int, today: float) -> Record:
    dice = bytes.fromhex(fingerprint(calendar_id, str(number)))
    day = today + (number // 2) * _DAY
    starts_at = day + (9 if number % 2 == 0 else 14) * 3600 + (dice[0] % 4) * 1800
    is_whole_day = number == PER_CALENDAR - 1
    subject = _SUBJECTS[dice[2] % len(_SUBJECTS)]
    return {
        "calendar_id": calendar_id,
        "event_uid": f"evt_external_{dice.hex()[:24]}",
        "summary": subject,
        "description": f"{subject}, as it stands in the calendar.",
        "start": date_at(day) if is_whole_day else text_at(starts_at),
        "end": date_at(day + _DAY) if is_whole_day else text_at(starts_at + (1 + dice[1] % 3) * 1800),
        "deleted": False,
        "created": text_at(today - 14 * _DAY),
        "updated": text_at(today - 7 * _DAY),
        "location": {"description": _PLACES[dice[3] % len(_PLACES)]},
        "participation_status": "accepted",
        "attendees": [],
        "transparency": "transparent" if is_whole_day else "opaque",
        "status": "tentative" if dice[4] % 8 == 0 else "confirmed",
        "categories": [],
        "recurring": False,
        "event_private": False,
        "options": {"delete": False, "update": False, "change_participation_status": True},
    }

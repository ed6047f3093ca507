"""What an upserted event must and may say.

Source: https://docs.cronofy.com/developers/api/events/upsert-event
"""

from typing import Final

from gateway.emulator.accounts import Profile
from gateway.emulator.bodies import Body, text_of
from gateway.emulator.conferencing import complaints_about
from gateway.emulator.moments import seconds_of
from gateway.emulator.refusals import Complaints, required

_LONGEST: Final = {"summary": 1024, "description": 4096}
"""Characters, as the upsert page says."""

Complaint = tuple[str, str]


def complaints_about_event(event: Body, profile: Profile) -> Complaints:
    """Say of each field of a managed event what is wrong with it; nothing if it can be written."""
    found: dict[str, Complaint] = {}
    missing = [name for name in ("event_id", "summary") if not text_of(event, name)]
    found.update(required(*missing, *(name for name in ("start", "end") if not event.get(name))))
    found.update(_about_lengths(event))
    found.update(_about_times(event))
    found.update(complaints_about(event, profile))
    return found


def complaints_about_edit(event: Body, profile: Profile) -> Complaints:
    """Say the same of an edit to an event of others: every field may be missing."""
    return {**_about_lengths(event), **_about_times(event), **complaints_about(event, profile)}


def _about_lengths(event: Body) -> dict[str, Complaint]:
    return {
        name: ("errors.too_long", f"{name} must not be longer than {longest} characters")
        for name, longest in _LONGEST.items()
        if len(text_of(event, name)) > longest
    }


def _about_times(event: Body) -> dict[str, Complaint]:
    given = {name: event[name] for name in ("start", "end") if event.get(name)}
    seconds = {name: seconds_of(value) for name, value in given.items()}
    unread = [name for name, value in seconds.items() if value is None]
    if unread:
        return {name: ("errors.invalid_date_or_time", f"{name} is neither a date nor a time") for name in unread}
    start, end = seconds.get("start"), seconds.get("end")
    if start is not None and end is not None and end < start:
        return {"end": ("errors.invalid_time_pair", "end must not be before start")}
    return {}

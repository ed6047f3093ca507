"""Writing and deleting events. All of it is answered with 202 and no body, in every access mode.

Sources: https://docs.cronofy.com/developers/api/events/upsert-event, …/delete-event and …/bulk-delete-events
"""

from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Account, Calendar, Profile, Record
from gateway.emulator.answers import accepted
from gateway.emulator.bodies import Body, is_true, text_of, texts_of
from gateway.emulator.calls import Call
from gateway.emulator.conferencing import assigned
from gateway.emulator.event_fields import complaints_about_edit, complaints_about_event
from gateway.emulator.events import external_events, managed_events
from gateway.emulator.ids import stable_id
from gateway.emulator.moments import text_at
from gateway.emulator.refusals import RefusalError, invalid, not_found, required

_CARRIED: Final = ("summary", "description", "start", "end", "location", "url", "tzid", "color", "reminders")
_ANSWERS: Final = ("accepted", "tentative", "declined")


def upsert(call: Call) -> web.Response:
    """POST /v1/calendars/{calendar_id}/events."""
    write_event(call, call.path_part("calendar_id"), call.body)
    return accepted()


def delete(call: Call) -> web.Response:
    """DELETE /v1/calendars/{calendar_id}/events: which one is said in the body of the DELETE."""
    delete_event(call, call.path_part("calendar_id"), call.body)
    return accepted()


def bulk_delete(call: Call) -> web.Response:
    """DELETE /v1/events: what is meant is said in the body, or in the query (Python)."""
    query = call.request.query
    everywhere = is_true(call.body.get("delete_all")) or is_true(query.get("delete_all"))
    calendar_ids = {*texts_of(call.body, "calendar_ids"), *query.getall("calendar_ids[]", [])}
    if not everywhere and not calendar_ids:
        raise invalid(required("delete_all"))
    for (calendar_id, _), event in call.account.managed_events.items():
        if everywhere or calendar_id in calendar_ids:
            _mark_deleted(call, event)
    return accepted()


def participate(call: Call) -> web.Response:
    """POST /v1/calendars/{calendar_id}/events/{event_uid}/participation_status."""
    calendar_id, event_uid = call.path_part("calendar_id"), call.path_part("event_uid")
    _, calendar = find_calendar(call.account, calendar_id)
    status = text_of(call.body, "status")
    if status not in _ANSWERS:
        raise invalid({"status": ("errors.not_recognized", f"status is one of {', '.join(_ANSWERS)}")})
    known = external_events(call, calendar) + managed_events(call.account, calendar)
    event = next((event for event in known if event["event_uid"] == event_uid), None)
    if event is None:
        raise not_found()
    event["participation_status"] = status
    call.account.participation[calendar_id, event_uid] = status
    return accepted()


def write_event(call: Call, calendar_id: str, data: Body) -> None:
    """Create or update an event; the pair (calendar_id, event_id) makes it idempotent.

    Raises:
        RefusalError: 403, 404 or 422.
    """
    call.need("create_event")
    profile, calendar = find_calendar(call.account, calendar_id)
    if calendar.readonly or calendar.deleted:
        which = "readonly" if calendar.readonly else "deleted"
        raise invalid({"calendar_id": (f"errors.calendar_{which}", f"the calendar is {which}")})
    if text_of(data, "event_uid") and not text_of(data, "event_id"):
        _check_external(call, calendar, text_of(data, "event_uid"))
        complaints = complaints_about_edit(data, profile)
    else:
        complaints = complaints_about_event(data, profile)
    if complaints:
        raise invalid(complaints)
    if text_of(data, "event_id"):
        key = calendar_id, text_of(data, "event_id")
        before = call.account.managed_events.get(key, {})
        call.account.managed_events[key] = _managed_event(call, profile, calendar_id, data, before)


def delete_event(call: Call, calendar_id: str, data: Body) -> None:
    """Delete an event, by `event_id` or `event_uid`; one that is not there is as good as deleted.

    Raises:
        RefusalError: 403, 404 or 422.
    """
    call.need("delete_event")
    _, calendar = find_calendar(call.account, calendar_id)
    event_id, event_uid = text_of(data, "event_id"), text_of(data, "event_uid")
    if not event_id and not event_uid:
        raise invalid(required("event_id"))
    if not event_id:
        _check_external(call, calendar, event_uid)
        return
    event = call.account.managed_events.get((calendar_id, event_id))
    if event is not None:
        _mark_deleted(call, event)


def find_calendar(account: Account, calendar_id: str) -> tuple[Profile, Calendar]:
    """Find a calendar of the account.

    Raises:
        RefusalError: 404.
    """
    found = account.calendar(calendar_id)
    if found is None:
        raise not_found()
    return found


def _check_external(call: Call, calendar: Calendar, event_uid: str) -> None:
    # The emulator does not keep edits to events of others; it only checks that they would be allowed.
    if calendar.permission_level != "unrestricted":
        raise RefusalError(403, {"error": "insufficient_permission"})
    if all(event["event_uid"] != event_uid for event in external_events(call, calendar)):
        raise not_found()


def _managed_event(call: Call, profile: Profile, calendar_id: str, data: Body, before: Record) -> Record:
    event_id = text_of(data, "event_id")
    event_uid = stable_id("evt", calendar_id, event_id)
    now = text_at(call.state.settings.clock())
    event: Record = {
        "calendar_id": calendar_id,
        "event_uid": event_uid,
        "event_id": event_id,
        "description": "",
        "deleted": False,
        "created": before.get("created", now),
        "updated": now,
        "participation_status": "accepted",
        "attendees": _attendees(data),
        "transparency": text_of(data, "transparency") or "opaque",
        "status": "confirmed",
        "categories": [],
        "recurring": False,
        "event_private": is_true(data.get("event_private")),
        "options": {"delete": True, "update": True, "change_participation_status": False},
    }
    event |= {name: data[name] for name in _CARRIED if data.get(name) is not None}
    # Conferencing that is not mentioned stays as it was (docs: conferencing-services/create).
    kept = before.get("conferencing")
    conferencing = assigned(data, profile, event_uid) if "conferencing" in data else kept
    return event | ({"conferencing": conferencing} if conferencing else {})


def _attendees(data: Body) -> list[Record]:
    asked = data.get("attendees")
    invited = asked.get("invite") if isinstance(asked, dict) else None
    people = [one for one in invited if isinstance(one, dict)] if isinstance(invited, list) else []
    return [
        {
            "email": text_of(one, "email"),
            "display_name": text_of(one, "display_name"),
            "status": "needs_action",
        }
        for one in people
    ]


def _mark_deleted(call: Call, event: Record) -> None:
    event["deleted"] = True
    event["updated"] = text_at(call.state.settings.clock())

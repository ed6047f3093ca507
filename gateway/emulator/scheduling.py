"""Scheduling links: real-time scheduling, real-time sequencing and the older add-to-calendar.

Source: https://docs.cronofy.com/developers/api/scheduling/real-time-scheduling
"""

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import Body, object_of, objects_of, text_of
from gateway.emulator.calls import Call
from gateway.emulator.conferencing import complaints_about
from gateway.emulator.ids import new_token
from gateway.emulator.refusals import invalid, not_found, required

_KIND = "real_time_scheduling"


def schedule(call: Call) -> web.Response:
    """POST /v1/real_time_scheduling: answers with the id and the link."""
    link = _new_link(call, "availability", "event", "oauth")
    return answer({"real_time_scheduling": _named(link, "real_time_scheduling_id", "url")})


def read_link(call: Call) -> web.Response:
    """GET /v1/real_time_scheduling/{id}, or `?token=` with the last part of the link."""
    return answer({"real_time_scheduling": _found(call)})


def disable_link(call: Call) -> web.Response:
    """POST /v1/real_time_scheduling/{id}/disable."""
    link = _found(call)
    link["status"] = "disabled"
    return answer({"real_time_scheduling": link})


def sequence(call: Call) -> web.Response:
    """POST /v1/real_time_sequencing."""
    link = _new_link(call, "availability", "oauth")
    return answer(
        {
            "real_time_sequencing": {
                "real_time_sequencing_id": link["real_time_scheduling_id"],
                "url": link["url"],
            }
        }
    )


def add_to_calendar(call: Call) -> web.Response:
    """POST /v1/add_to_calendar: only a link."""
    link = _new_link(call, "event", "oauth")
    return answer({"url": link["url"]})


def _new_link(call: Call, *names: str) -> Record:
    missing = [name for name in names if not call.body.get(name)]
    if missing:
        raise invalid(required(*missing))
    _check_conferencing(call)
    token = new_token()
    link: Record = {
        "real_time_scheduling_id": f"sch_{new_token()}",
        "url": f"{call.origin}/rts/{token}",
        "status": "open",
        "event": dict(object_of(call.body, "event")),
    }
    call.state.records[_KIND][token] = link
    return link


def _check_conferencing(call: Call) -> None:
    # Each target names a calendar of somebody; its event is the common one with the target's own words over it.
    common = object_of(call.body, "event")
    targets = objects_of(call.body, "target_calendars")
    complaints = dict(_prefixed("event", complaints_about(common, None)))
    for position, target in enumerate(targets):
        account = call.state.people.find(text_of(target, "sub"))
        found = account.calendar(text_of(target, "calendar_id")) if account is not None else None
        if found is None:
            field = f"target_calendars[{position}].calendar_id"
            complaints[field] = ("errors.not_recognized", "sub and calendar_id name no calendar")
            continue
        event = {**common, **object_of(target, "event")}
        where = f"target_calendars[{position}].event" if object_of(target, "event") else "event"
        complaints.update(_prefixed(where, complaints_about(event, found[0])))
    if complaints:
        raise invalid(complaints)


def _prefixed(where: str, complaints: Body) -> dict[str, tuple[str, str]]:
    return {f"{where}.{name}": value for name, value in complaints.items() if isinstance(value, tuple)}


def _found(call: Call) -> Record:
    links = call.state.records[_KIND]
    if "scheduling_id" not in call.request.match_info:
        link = links.get(call.request.query.get("token", ""))
    else:
        wanted = call.path_part("scheduling_id")
        link = next((one for one in links.values() if one["real_time_scheduling_id"] == wanted), None)
    if link is None:
        raise not_found()
    return link


def _named(link: Record, *names: str) -> Record:
    return {name: link[name] for name in names}

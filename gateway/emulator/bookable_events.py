"""Bookable events and the registrations for them, as far as the Node SDK uses them.

Source: https://docs.cronofy.com/developers/api/bookable-events
"""

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import text_of
from gateway.emulator.calls import Call
from gateway.emulator.ids import stable_id
from gateway.emulator.refusals import invalid, not_found, required

_KIND = "bookable_events"
_OWN = ("bearer_token", "client_id", "client_secret")


def upsert_bookable(call: Call) -> web.Response:
    """POST /v1/bookable_events."""
    name = text_of(call.body, "bookable_event_id")
    if not name:
        raise invalid(required("bookable_event_id"))
    event: Record = {field: value for field, value in call.body.items() if field not in _OWN}
    call.state.records[_KIND][name] = event | {"registrations": []}
    return answer({"bookable_event": call.state.records[_KIND][name]})


def read_bookable(call: Call) -> web.Response:
    """GET /v1/bookable_events/{bookable_event_id}."""
    return answer({"bookable_event": _found(call)})


def register(call: Call) -> web.Response:
    """POST /v1/bookable_events/{bookable_event_id}/registrations."""
    event = _found(call)
    registrations = _registrations(event)
    fields: Record = {field: value for field, value in call.body.items() if field not in _OWN}
    name = stable_id("reg", call.path_part("bookable_event_id"), str(len(registrations)))
    registrations.append({"registration_id": name} | fields)
    event["registrations"] = registrations
    return answer({"registration": registrations[-1]})


def deregister(call: Call) -> web.Response:
    """DELETE /v1/bookable_events/{bookable_event_id}/registrations/{registration_id}."""
    event = _found(call)
    wanted = call.path_part("registration_id")
    kept = [one for one in _registrations(event) if one.get("registration_id") != wanted]
    if len(kept) == len(_registrations(event)):
        raise not_found()
    event["registrations"] = kept
    return answer({"bookable_event": event})


def _found(call: Call) -> Record:
    event = call.state.records[_KIND].get(call.path_part("bookable_event_id"))
    if event is None:
        raise not_found()
    return event


def _registrations(event: Record) -> list[Record]:
    known = event["registrations"]
    return [one for one in known if isinstance(one, dict)] if isinstance(known, list) else []

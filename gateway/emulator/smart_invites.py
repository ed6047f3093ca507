"""Smart Invites: calendar invitations by e-mail, kept by the application.

Source: https://docs.cronofy.com/developers/api/smart-invites
"""

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import object_of, objects_of, text_of
from gateway.emulator.calls import Call
from gateway.emulator.refusals import invalid, not_found, required

_KIND = "smart_invites"
_METHODS = ("request", "cancel", "remove")


def upsert_invite(call: Call) -> web.Response:
    """POST /v1/smart_invites: invites, changes, cancels or removes, by `method`."""
    invite_id = text_of(call.body, "smart_invite_id")
    method = text_of(call.body, "method") or "request"
    recipients = objects_of(call.body, "recipients") or [object_of(call.body, "recipient")]
    if method not in _METHODS:
        raise invalid({"method": ("errors.not_recognized", f"method is one of {', '.join(_METHODS)}")})
    missing = [] if invite_id else ["smart_invite_id"]
    if not all(text_of(one, "email") for one in recipients):
        missing.append("recipient")
    if method == "request" and not object_of(call.body, "event"):
        missing.append("event")
    if missing:
        raise invalid(required(*missing))
    people: list[Record] = [{"email": text_of(one, "email"), "status": "pending"} for one in recipients]
    invite: Record = {
        "smart_invite_id": invite_id,
        "method": method,
        "callback_url": text_of(call.body, "callback_url"),
        "event": dict(object_of(call.body, "event")),
        "attachments": {"icalendar": _icalendar(invite_id, method)},
    }
    invite |= {"recipients": people} if call.body.get("recipients") else {"recipient": people[0]}
    for person in people:
        call.state.records[_KIND][f"{invite_id}\x00{person['email']}"] = invite
    return answer(invite)


def read_invite(call: Call) -> web.Response:
    """GET /v1/smart_invites?smart_invite_id=…&recipient_email=…."""
    query = call.request.query
    key = f"{query.get('smart_invite_id', '')}\x00{query.get('recipient_email', '')}"
    invite = call.state.records[_KIND].get(key)
    if invite is None:
        raise not_found()
    return answer(invite)


def _icalendar(invite_id: str, method: str) -> str:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"METHOD:{method.upper()}",
        f"X-INVITE:{invite_id!a}",
        "END:VCALENDAR",
    )
    return "\r\n".join(lines) + "\r\n"

"""When somebody is busy, across events of others and managed ones.

Source: https://docs.cronofy.com/developers/api/events/free-busy
"""

from aiohttp import web

from gateway.emulator.accounts import Account, Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import is_true
from gateway.emulator.calls import Call
from gateway.emulator.events import external_events, managed_events, wanted_calendars, within
from gateway.emulator.identity import asked_userinfo, calendars_of
from gateway.emulator.moments import seconds_of
from gateway.emulator.sample_events import sample_events


def read_free_busy(call: Call) -> web.Response:
    """GET /v1/free_busy: managed events count unless `include_managed` is false."""
    query = call.request.query
    include_managed = is_true(query.get("include_managed", "true"))
    found: list[Record] = []
    for _, calendar in wanted_calendars(call):
        found += external_events(call, calendar)
        if include_managed:
            found += managed_events(call.account, calendar)
    blocks = [_block(event, with_ids=is_true(query.get("include_ids"))) for event in within(call, found)]
    if not is_true(query.get("include_free")):
        blocks = [block for block in blocks if block["free_busy_status"] != "free"]
    page = call.state.pages.first(call.request, owner=call.account.account_id, name="free_busy", items=blocks)
    return answer(page | asked_userinfo(call))


def busy_times(account: Account, now: float) -> list[tuple[float, float]]:
    """When an account is busy, as pairs of Unix seconds; availability is worked out from these."""
    found: list[Record] = []
    for _, calendar in calendars_of(account):
        found += sample_events(calendar, now) + managed_events(account, calendar)
    busy = (event for event in found if _status(event) != "free")
    return [(seconds_of(event["start"]) or 0.0, seconds_of(event["end"]) or 0.0) for event in busy]


def _block(event: Record, *, with_ids: bool) -> Record:
    block: Record = {name: event[name] for name in ("calendar_id", "start", "end")}
    block["free_busy_status"] = _status(event)
    if with_ids:
        block |= {name: event[name] for name in ("event_uid", "event_id") if name in event}
    return block


def _status(event: Record) -> str:
    if event.get("transparency") == "transparent":
        return "free"
    return "tentative" if event.get("status") == "tentative" else "busy"

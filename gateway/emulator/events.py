"""Reading events, in full or reduced to when somebody is busy.

Sources: https://docs.cronofy.com/developers/api/events/read-events and
https://docs.cronofy.com/developers/faqs/free-busy-scope-change
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from gateway.emulator import scopes
from gateway.emulator.accounts import Account, Calendar, Profile, Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import is_true
from gateway.emulator.calls import Call
from gateway.emulator.identity import asked_userinfo, calendars_of
from gateway.emulator.moments import seconds_of
from gateway.emulator.refusals import insufficient_scope, invalid, not_found
from gateway.emulator.sample_events import sample_events

_FREE_BUSY_FIELDS: Final = (
    "calendar_id",
    "event_uid",
    "start",
    "end",
    "deleted",
    "created",
    "updated",
    "transparency",
    "status",
    "options",
)


def read_events(call: Call) -> web.Response:
    """GET /v1/events: events of others by default, the app's own (managed) ones if asked for."""
    query = call.request.query
    only_managed = is_true(query.get("only_managed"))
    include_managed = only_managed or is_true(query.get("include_managed"))
    _need_reading(call, only_managed=only_managed)
    is_reduced = scopes.offer_access_modes(call.holder.scope)
    items: list[Record] = []
    for profile, calendar in wanted_calendars(call):
        if not only_managed:
            reduced = is_reduced or profile.mode != "read_write"
            found = external_events(call, calendar)
            items += [_free_busy_view(event) if reduced else event for event in found]
        if include_managed:
            items += managed_events(call.account, calendar, include_deleted=is_true(query.get("include_deleted")))
    items = within(call, items)
    page = call.state.pages.first(call.request, owner=call.account.account_id, name="events", items=items)
    return answer(page | asked_userinfo(call))


def next_page(call: Call, name: str) -> web.Response:
    """GET /v1/{name}/pages/{page_id}: the page that a `next_page` stands for."""
    page_id, owner = call.path_part("page_id"), call.account.account_id
    page = call.state.pages.next(call.request, owner=owner, name=name, page_id=page_id)
    if page is None:
        raise not_found()
    return answer(page)


def wanted_calendars(call: Call) -> Iterator[tuple[Profile, Calendar]]:
    """The calendars that `calendar_ids[]` names, or all."""
    query = call.request.query
    wanted = [*query.getall("calendar_ids[]", []), *query.getall("calendar_ids", [])]
    for profile, calendar in calendars_of(call.account):
        if not wanted or calendar.calendar_id in wanted:
            yield profile, calendar


def external_events(call: Call, calendar: Calendar) -> list[Record]:
    """The events of a calendar that no app made, with the participation that was set since."""
    found = sample_events(calendar, call.state.settings.clock())
    for event in found:
        changed = call.account.participation.get((calendar.calendar_id, str(event["event_uid"])))
        if changed is not None:
            event["participation_status"] = changed
    return found


def managed_events(account: Account, calendar: Calendar, *, include_deleted: bool = False) -> list[Record]:
    """The events of a calendar that the app made; it knows them, so they are shown in full in every mode."""
    return [
        event
        for (calendar_id, _), event in account.managed_events.items()
        if calendar_id == calendar.calendar_id and (include_deleted or not event["deleted"])
    ]


def within(call: Call, items: list[Record]) -> list[Record]:
    """Keep what overlaps `from` to `to` and changed since `last_modified`, in order of time."""
    query = call.request.query
    bounds: dict[str, float | None] = {}
    for name in ("from", "to", "last_modified"):
        text = query.get(name, "")
        bounds[name] = seconds_of(text)
        if text and bounds[name] is None:
            raise invalid({name: ("errors.invalid_date_or_time", f"{name} is neither a date nor a time")})
    first, last, changed = bounds["from"], bounds["to"], bounds["last_modified"]

    def is_wanted(event: Record) -> bool:
        start, end = seconds_of(event["start"]) or 0.0, seconds_of(event["end"]) or 0.0
        updated = seconds_of(event.get("updated")) or 0.0
        return (
            (first is None or end > first)
            and (last is None or start < last)
            and (changed is None or updated >= changed)
        )

    return sorted(filter(is_wanted, items), key=lambda event: seconds_of(event["start"]) or 0.0)


def _need_reading(call: Call, *, only_managed: bool) -> None:
    may = scopes.allow(call.holder.scope, "read_events") or scopes.offer_access_modes(call.holder.scope)
    if not (only_managed or may):
        raise insufficient_scope("read_events")


def _free_busy_view(event: Record) -> Record:
    return {name: event[name] for name in _FREE_BUSY_FIELDS}

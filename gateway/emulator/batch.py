"""`POST /v1/batch`: up to 50 writes in one call, each answered by itself.

Source: https://docs.cronofy.com/developers/api/batch
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import Body, object_of, objects_of, text_of
from gateway.emulator.calls import Call
from gateway.emulator.event_writes import delete_event, write_event
from gateway.emulator.managed_availability import delete_period, write_period
from gateway.emulator.refusals import RefusalError, invalid, not_found, required

MOST_ITEMS: Final = 50
_PERIODS: Final[dict[str, Callable[[Call, Body], None]]] = {"POST": write_period, "DELETE": delete_period}
_EVENTS: Final[dict[str, Callable[[Call, str, Body], None]]] = {"POST": write_event, "DELETE": delete_event}


def batch(call: Call) -> web.Response:
    """Carry the items out in order. The whole is a 207, a good item a 202 (SDKs count 200 as failed)."""
    items = objects_of(call.body, "batch")
    if not items:
        raise invalid(required("batch"))
    if len(items) > MOST_ITEMS:
        raise invalid({"batch": ("errors.too_many", f"batch must not have more than {MOST_ITEMS} items")})
    return answer({"batch": [_outcome(call, item) for item in items]}, status=207)


def _outcome(call: Call, item: Body) -> Record:
    try:
        _carry_out(call, item)
    except RefusalError as refused:
        # A 404 in the docs' sample has no data.
        return {"status": refused.status} | ({"data": refused.body} if refused.status != 404 else {})  # noqa: PLR2004
    return {"status": 202}


def _carry_out(call: Call, item: Body) -> None:
    method = text_of(item, "method").upper()
    parts = [unquote(part) for part in text_of(item, "relative_url").partition("?")[0].strip("/").split("/")]
    match parts:
        case ["v1", "calendars", calendar_id, "events"] if method in _EVENTS:
            _EVENTS[method](call, calendar_id, object_of(item, "data"))
        case ["v1", "available_periods"] if method in _PERIODS:
            _PERIODS[method](call, object_of(item, "data"))
        case _:
            raise not_found()

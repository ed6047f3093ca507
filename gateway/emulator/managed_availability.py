"""Available periods and availability rules: availability that an app keeps for a person.

Sources: https://docs.cronofy.com/developers/api/scheduling/available-periods and …/availability-rules
"""

from aiohttp import web

from gateway.emulator.answers import accepted, answer
from gateway.emulator.bodies import Body, is_true, text_of
from gateway.emulator.calls import Call
from gateway.emulator.moments import seconds_of
from gateway.emulator.refusals import invalid, not_found, required


def read_periods(call: Call) -> web.Response:
    """GET /v1/available_periods, in pages."""
    items = sorted(call.account.available_periods.values(), key=lambda period: str(period["start"]))
    pages = call.state.pages
    owner = call.account.account_id
    return answer(pages.first(call.request, owner=owner, name="available_periods", items=items))


def upsert_period(call: Call) -> web.Response:
    """POST /v1/available_periods."""
    write_period(call, call.body)
    return accepted()


def remove_period(call: Call) -> web.Response:
    """DELETE /v1/available_periods (PHP adds a slash): one of them, or `delete_all`."""
    if is_true(call.body.get("delete_all")) or is_true(call.request.query.get("delete_all")):
        call.account.available_periods.clear()
    else:
        delete_period(call, call.body)
    return accepted()


def write_period(call: Call, data: Body) -> None:
    """Create or update an available period.

    Raises:
        RefusalError: 422.
    """
    names = ("available_period_id", "start", "end")
    missing = [name for name in names if not data.get(name)]
    if missing:
        raise invalid(required(*missing))
    start, end = seconds_of(data["start"]), seconds_of(data["end"])
    if start is None or end is None or end <= start:
        raise invalid({"end": ("errors.invalid_time_pair", "start and end must be times, in this order")})
    period_id = text_of(data, "available_period_id")
    call.account.available_periods[period_id] = {name: data[name] for name in names}


def delete_period(call: Call, data: Body) -> None:
    """Delete an available period; one that is not there is as good as deleted.

    Raises:
        RefusalError: 422.
    """
    period_id = text_of(data, "available_period_id")
    if not period_id:
        raise invalid(required("available_period_id"))
    call.account.available_periods.pop(period_id, None)


def upsert_rule(call: Call) -> web.Response:
    """POST /v1/availability_rules."""
    rule_id = text_of(call.body, "availability_rule_id")
    names = ("availability_rule_id", "tzid", "weekly_periods")
    missing = [name for name in names if not call.body.get(name)]
    if missing:
        raise invalid(required(*missing))
    rule = {name: call.body[name] for name in (*names, "calendar_ids") if name in call.body}
    call.account.availability_rules[rule_id] = rule
    return answer({"availability_rule": rule})


def read_rules(call: Call) -> web.Response:
    """GET /v1/availability_rules."""
    return answer({"availability_rules": list(call.account.availability_rules.values())})


def read_rule(call: Call) -> web.Response:
    """GET /v1/availability_rules/{rule_id}."""
    rule = call.account.availability_rules.get(call.path_part("rule_id"))
    if rule is None:
        raise not_found()
    return answer({"availability_rule": rule})


def delete_rule(call: Call) -> web.Response:
    """DELETE /v1/availability_rules/{rule_id}."""
    if call.account.availability_rules.pop(call.path_part("rule_id"), None) is None:
        raise not_found()
    return accepted()

"""Availability, plain and sequenced. People are named by `sub`; an application or a person asks.

Sources: https://docs.cronofy.com/developers/api/scheduling/availability and …/sequenced-availability
"""

from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import Body, object_of, objects_of, text_of
from gateway.emulator.calls import Call
from gateway.emulator.free_busy import busy_times
from gateway.emulator.free_time import Group, Opening, Span, openings, slots
from gateway.emulator.moments import seconds_of, text_at
from gateway.emulator.refusals import invalid, required

_MOST_RESULTS: Final = 512  # the ceiling that the availability page names
_FORMATS: Final = ("periods", "slots", "overlapping_slots")


def availability(call: Call) -> web.Response:
    """POST /v1/availability: periods, or slots if `response_format` says so."""
    form = text_of(call.body, "response_format") or "periods"
    if form not in _FORMATS:
        raise invalid({"response_format": ("errors.not_recognized", f"one of {', '.join(_FORMATS)}")})
    found = _search(call, call.body, _periods(call.body))
    name = "available_periods"
    if form != "periods":
        name = "available_slots"
        duration = _duration(call.body)
        step = duration if form == "slots" else _minutes(call.body, "start_interval") or 1800.0
        found = slots(found, duration=duration, step=step)
    most = call.body.get("max_results")
    limit = most if isinstance(most, int) and 0 < most <= _MOST_RESULTS else _MOST_RESULTS
    return answer({name: [_described(one) for one in found[:limit]]})


def sequenced_availability(call: Call) -> web.Response:
    """POST /v1/sequenced_availability: the steps one after the other, as early as they fit."""
    steps = objects_of(call.body, "sequence")
    if not steps:
        raise invalid(required("sequence"))
    placed: list[Record] = []
    free_from = 0.0
    for step in sorted(steps, key=lambda one: str(one.get("ordinal", ""))):
        spans = [
            (max(start, free_from), end)
            for start, end in _periods(step if step.get("available_periods") else call.body)
            if end > free_from
        ]
        found = _search(call, step, spans)
        if not found:
            return answer({"sequences": []})
        first = Opening(found[0].start, found[0].start + _duration(step), found[0].subs)
        placed.append({"sequence_id": text_of(step, "sequence_id")} | _described(first))
        free_from = first.end
    return answer({"sequences": [{"sequence": placed}]})


def _search(call: Call, query: Body, periods: list[Span]) -> list[Opening]:
    groups = _groups(query)
    now = call.state.settings.clock()
    busy: dict[str, list[Span]] = {}
    for sub in {sub for group in groups for sub in group.subs}:
        account = call.state.people.find(sub)
        if account is None or call.state.grants.of_account(sub) is None or not call.may_name(sub):
            raise invalid({"participants": ("errors.not_recognized", f"{sub} has not authorized this application")})
        busy[sub] = busy_times(account, now)
    return openings(periods=periods, groups=groups, busy=busy, duration=_duration(query))


def _groups(query: Body) -> list[Group]:
    groups: list[Group] = []
    for group in objects_of(query, "participants"):
        subs = tuple(text_of(member, "sub") for member in objects_of(group, "members"))
        wanted = group.get("required", "all")
        groups.append(Group(subs, wanted if isinstance(wanted, int) else len(subs)))
    if not groups or not all(group.subs for group in groups):
        raise invalid(required("participants"))
    return groups


def _periods(query: Body) -> list[Span]:
    spans: list[Span] = []
    for period in objects_of(query, "available_periods") or objects_of(query, "query_periods"):
        start, end = seconds_of(period.get("start")), seconds_of(period.get("end"))
        if start is None or end is None or end <= start:
            raise invalid({"available_periods": ("errors.invalid_time_pair", "start and end must be in order")})
        spans.append((start, end))
    for slot in objects_of(query, "query_slots"):
        start = seconds_of(slot.get("start"))
        if start is None:
            raise invalid({"query_slots": ("errors.invalid_date_or_time", "start must be a time")})
        spans.append((start, start + _duration(query)))
    if not spans:
        raise invalid(required("available_periods"))
    return sorted(spans)


def _duration(query: Body) -> float:
    seconds = _minutes(query, "required_duration")
    if seconds is None:
        raise invalid(required("required_duration"))
    return seconds


def _minutes(query: Body, name: str) -> float | None:
    minutes = object_of(query, name).get("minutes")
    is_usable = isinstance(minutes, int) and not isinstance(minutes, bool) and minutes > 0
    return minutes * 60.0 if is_usable and isinstance(minutes, int) else None


def _described(one: Opening) -> Record:
    people = [{"sub": sub} for sub in one.subs]
    return {"start": text_at(one.start), "end": text_at(one.end), "participants": people}

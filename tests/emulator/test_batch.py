from tests.emulator.visitor import Json, Visitor, event, items, keys


async def send(visitor: Visitor, *batch: dict[str, object]) -> list[Json]:
    return items(await visitor.json("POST", "/v1/batch", {"batch": list(batch)}, status=207), "batch")


async def test_every_item_is_answered_by_itself(visitor: Visitor) -> None:
    """The whole is a 207; a good item is a 202, never a 200 (Python and Ruby count that as failed)."""
    await visitor.connect()
    path = f"/v1/calendars/{(await visitor.calendar_ids())[0]}/events"
    period = {"available_period_id": "p", "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T17:00:00Z"}
    outcomes = await send(
        visitor,
        {"method": "POST", "relative_url": path, "data": event()},
        {"method": "POST", "relative_url": path, "data": {"event_id": "two"}},
        {"method": "DELETE", "relative_url": path, "data": {"event_id": "one"}},
        {"method": "POST", "relative_url": "/v1/available_periods", "data": period},
        {"method": "DELETE", "relative_url": "/v1/available_periods", "data": period},
        {"method": "POST", "relative_url": "/v1/calendars/cal_unknown/events", "data": event()},
        {"method": "GET", "relative_url": "/v1/userinfo"},
        {"relative_url": 5},
    )

    assert [outcome["status"] for outcome in outcomes] == [202, 422, 202, 202, 202, 404, 404, 404]
    assert outcomes[5] == {"status": 404}


async def test_a_calendar_id_may_be_percent_encoded(visitor: Visitor) -> None:
    await visitor.connect()
    calendar_id = next(one for one in await visitor.calendar_ids() if "@" in one).replace("@", "%40")
    url = f"/v1/calendars/{calendar_id}/events"

    assert await send(visitor, {"method": "POST", "relative_url": url, "data": event()}) == [{"status": 202}]


async def test_integrated_conferencing_is_refused_for_its_item_alone(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write", mode="free_busy")
    path = f"/v1/calendars/{(await visitor.calendar_ids())[0]}/events"
    bad = event(conferencing={"profile_id": "integrated"})
    first, second = await send(
        visitor,
        {"method": "POST", "relative_url": path, "data": bad},
        {"method": "POST", "relative_url": path, "data": event("two")},
    )

    assert (first["status"], second["status"]) == (422, 202)
    assert isinstance(first["data"], dict)
    assert "conferencing.profile_id" in keys(first["data"])


async def test_each_item_needs_its_scope(visitor: Visitor) -> None:
    await visitor.connect("create_event")
    path = f"/v1/calendars/{(await visitor.calendar_ids())[0]}/events"
    outcomes = await send(
        visitor,
        {"method": "POST", "relative_url": path, "data": event()},
        {"method": "DELETE", "relative_url": path, "data": {"event_id": "one"}},
    )

    assert [outcome["status"] for outcome in outcomes] == [202, 403]


async def test_fifty_items_are_the_most(visitor: Visitor) -> None:
    await visitor.connect()
    item: dict[str, object] = {"method": "GET", "relative_url": "/"}

    assert len(await send(visitor, *[item] * 50)) == 50
    assert "batch" in keys(await visitor.json("POST", "/v1/batch", {"batch": [item] * 51}, status=422))
    assert "batch" in keys(await visitor.json("POST", "/v1/batch", {}, status=422))

from tests.emulator.visitor import Visitor, event, items, part


async def blocks(visitor: Visitor, **query: str) -> list[dict[str, object]]:
    body = await visitor.json("GET", "/v1/free_busy", query=query)
    return [dict(block) for block in items(body, "free_busy")]


async def test_blocks_say_when_and_how_busy(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write")
    found = await blocks(visitor)

    assert all(set(block) == {"calendar_id", "start", "end", "free_busy_status"} for block in found)
    assert {str(block["free_busy_status"]) for block in found} <= {"busy", "tentative"}


async def test_blocks_come_in_pages(visitor: Visitor) -> None:
    await visitor.connect("free_busy")
    page = part(await visitor.json("GET", "/v1/free_busy"), "pages")
    path = "/" + str(page["next_page"]).split("/", 3)[3]

    assert path.startswith("/v1/free_busy/pages/")
    assert part(await visitor.json("GET", path), "pages")["current"] == 2
    assert await visitor.status("GET", path.replace("free_busy", "events")) == 404


async def test_managed_events_are_busy_times_in_every_mode(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write", mode="no_access")
    calendar_id = (await visitor.calendar_ids())[0]
    await visitor.call("POST", f"/v1/calendars/{calendar_id}/events", event())
    (block,) = await blocks(visitor)

    assert (block["start"], block["free_busy_status"]) == ("2026-03-03T09:00:00Z", "busy")
    assert await blocks(visitor, include_managed="False") == []


async def test_free_ones_and_ids_come_if_asked_for(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write", mode="no_access")
    calendar_id = (await visitor.calendar_ids())[0]
    await visitor.call("POST", f"/v1/calendars/{calendar_id}/events", event(transparency="transparent"))
    (block,) = await blocks(visitor, include_free="true", include_ids="true")

    assert await blocks(visitor) == []
    assert (block["free_busy_status"], block["event_id"]) == ("free", "one")


async def test_the_scope_is_needed(visitor: Visitor) -> None:
    await visitor.connect("write_only")

    assert await visitor.status("GET", "/v1/free_busy") == 403

import pytest

from gateway.emulator.sample_events import PER_CALENDAR
from tests.emulator.visitor import Visitor, event, items, keys, part


async def test_a_fresh_account_has_three_pages(visitor: Visitor) -> None:
    await visitor.connect()
    first = await visitor.json("GET", "/v1/events")

    assert part(first, "pages")["total"] == 3
    assert len(await visitor.events()) == 2 * PER_CALENDAR


async def test_events_come_in_order_and_do_not_change(visitor: Visitor) -> None:
    await visitor.connect()
    once, twice = await visitor.events(), await visitor.events()

    assert once == twice
    assert [one["start"] for one in once] == sorted(str(one["start"]) for one in once)


async def test_managed_events_are_shown_only_if_asked_for(visitor: Visitor) -> None:
    await visitor.connect()
    calendar_id = (await visitor.calendar_ids())[0]
    await visitor.call("POST", f"/v1/calendars/{calendar_id}/events", event())
    plain, included = await visitor.events(), await visitor.events(include_managed="True")
    only = await visitor.events(only_managed="true")

    assert len(included) == len(plain) + 1
    assert [one.get("event_id") for one in only] == ["one"]
    assert not any("event_id" in one for one in plain)


async def test_calendars_can_be_picked(visitor: Visitor) -> None:
    await visitor.connect()
    wanted = next(one for one in await visitor.calendar_ids() if "@" in one)
    found = await visitor.events(**{"calendar_ids[]": wanted})

    assert {one["calendar_id"] for one in found} == {wanted}
    assert await visitor.events(**{"calendar_ids[]": "cal_unknown"}) == []


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-03-03", "2026-03-04"),
        ("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"),
        ("2026-03-03 00:00:00Z", "2026-03-04"),
    ],
)
async def test_a_window_can_be_asked_for(visitor: Visitor, first: str, last: str) -> None:
    """C# writes a space between date and time."""
    await visitor.connect()
    found = await visitor.events(**{"from": first, "to": last, "tzid": "Etc/UTC"})

    assert len(found) == 4
    assert {str(one["start"])[:10] for one in found} == {"2026-03-03"}


async def test_a_window_that_is_no_time_is_refused(visitor: Visitor) -> None:
    await visitor.connect()

    assert "from" in keys(await visitor.json("GET", "/v1/events", query={"from": "soon"}, status=422))


async def test_only_what_changed_since_can_be_asked_for(visitor: Visitor) -> None:
    await visitor.connect()
    calendar_id = (await visitor.calendar_ids())[0]
    await visitor.call("POST", f"/v1/calendars/{calendar_id}/events", event())
    found = await visitor.events(include_managed="true", last_modified="2026-03-02T00:00:00Z")

    assert [one.get("event_id") for one in found] == ["one"]


@pytest.mark.parametrize(
    ("scope", "mode", "is_reduced"),
    [
        ("read_write", "read_write", False),
        ("free_busy_write", "read_write", True),
        ("free_busy_write", "free_busy", True),
        ("read_events free_busy_write", "free_busy", True),
    ],
)
async def test_free_busy_write_shows_when_and_not_what(
    visitor: Visitor, scope: str, mode: str, is_reduced: bool
) -> None:
    await visitor.connect(scope, mode=mode)
    found = await visitor.events()

    assert len(found) == 2 * PER_CALENDAR
    for one in found:
        assert ("summary" not in one and "description" not in one and "location" not in one) is is_reduced
        assert {"calendar_id", "start", "end"} <= set(one)


async def test_without_access_there_is_nothing_to_read(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write", mode="no_access")

    assert await visitor.events() == []
    assert part(await visitor.json("GET", "/v1/events"), "pages") == {"current": 1, "total": 1}


@pytest.mark.parametrize("scope", ["create_event", "free_busy", "write_only"])
async def test_only_managed_events_need_no_reading_scope(visitor: Visitor, scope: str) -> None:
    await visitor.connect(scope)

    assert await visitor.status("GET", "/v1/events") == 403
    assert await visitor.status("GET", "/v1/events?only_managed=true") == 200


async def test_a_page_is_for_its_account_only(visitor: Visitor) -> None:
    await visitor.connect(email="ada@example.com")
    page = str(part(await visitor.json("GET", "/v1/events"), "pages")["next_page"])
    path = "/" + page.split("/", 3)[3]
    own = await visitor.status("GET", path)
    await visitor.connect("read_write", {"avoid_linking": "true"}, email="eve@example.com")

    assert (own, await visitor.status("GET", path)) == (200, 404)


async def test_next_page_is_on_the_host_that_was_asked(visitor: Visitor) -> None:
    """PHP sends Cronofy's Host whatever it connects to; nothing is refused for it."""
    await visitor.connect()
    response = await visitor.call("GET", "/v1/events", headers={"Host": "api.cronofy.com"})
    body = await response.json()

    assert body["pages"]["next_page"].startswith("http://api.cronofy.com/v1/events/pages/")
    assert len(items(body, "events")) == 20

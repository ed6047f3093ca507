"""What answers have in common is written once for each mode."""

from tests.clock import FakeClock
from tests.flows.fakes import userinfo_reply
from tests.web.lane.swift_stage import open_stage


async def test_the_lines_are_ours_with_a_place_for_the_request_id(clock: FakeClock) -> None:
    stage = await open_stage(clock)
    await stage.prime()
    block = stage.calls.blocks.recall(stage.raw().partition(b"\r\n")[2])
    assert block is not None
    way = block.ways["calendars"]
    target, match = stage.doors.proxy.table.read("GET", "/v1/calendars")
    tail = way.tail(target, match)

    raw = (tail.before + b"id-1" + tail.after).decode()
    lines = dict(line.split(": ", 1) for line in raw.removesuffix("\r\n").split("\r\n"))
    assert (lines["Cronofy-Access-Mode"], lines["X-Request-Id"]) == ("read_write", "id-1")
    assert (tail.facts.operation, tail.facts.client, tail.facts.mode) == ("calendars", "a", "read_write")
    assert way.tail(target, match) is tail


async def test_each_calendars_mode_has_a_tail_of_its_own(clock: FakeClock) -> None:
    stage = await open_stage(clock)
    stage.one.cronofy.userinfos.clear()
    stage.one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google_free_busy"))
    await stage.prime("/v1/events")
    told = {}
    for calendar in ("cal_pro_1", "cal_pro_2"):
        assert stage.send(f"/v1/events?calendar_ids[]={calendar}")
        stage.answer()
        head = stage.transport.written.decode()
        told[calendar] = head.partition("Cronofy-Access-Mode: ")[2].partition("\r\n")[0]
    assert told == {"cal_pro_1": "read_write", "cal_pro_2": "free_busy"}

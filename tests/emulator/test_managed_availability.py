import pytest

from tests.emulator.visitor import Visitor, items, keys, part

PATH = "/v1/available_periods"
PERIOD = {"available_period_id": "p1", "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T17:00:00Z"}
RULE = {
    "availability_rule_id": "default",
    "tzid": "Europe/London",
    "calendar_ids": ["cal_1"],
    "weekly_periods": [{"day": "monday", "start_time": "09:00", "end_time": "17:00"}],
}


async def test_periods_are_kept_and_paged(visitor: Visitor) -> None:
    await visitor.connect()
    for number in range(25):
        body = PERIOD | {"available_period_id": f"p{number}"}
        assert await visitor.status("POST", PATH, body) == 202
    first = await visitor.json("GET", PATH)
    second = await visitor.json("GET", "/" + str(part(first, "pages")["next_page"]).split("/", 3)[3])

    assert (len(items(first, "available_periods")), len(items(second, "available_periods"))) == (20, 5)
    assert PERIOD in items(first, "available_periods") + items(second, "available_periods")


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
@pytest.mark.parametrize("body", [{"available_period_id": "p1"}, {"delete_all": True}])
async def test_periods_are_deleted_with_or_without_a_slash(
    visitor: Visitor, path: str, body: dict[str, object]
) -> None:
    """PHP puts one at the end of this path only."""
    await visitor.connect()
    await visitor.call("POST", PATH, PERIOD)

    assert await visitor.status("DELETE", path, body) == 202
    assert items(await visitor.json("GET", PATH), "available_periods") == []


async def test_a_bad_period_is_refused(visitor: Visitor) -> None:
    await visitor.connect()

    assert set(keys(await visitor.json("POST", PATH, {}, status=422))) == {"available_period_id", "start", "end"}
    assert "end" in keys(await visitor.json("POST", PATH, PERIOD | {"end": "2026-03-03"}, status=422))
    assert "available_period_id" in keys(await visitor.json("DELETE", PATH, {}, status=422))


async def test_rules_are_kept_and_deleted(visitor: Visitor) -> None:
    await visitor.connect()
    path = "/v1/availability_rules"

    assert await visitor.json("POST", path, RULE) == {"availability_rule": RULE}
    assert await visitor.json("GET", path) == {"availability_rules": [RULE]}
    assert await visitor.json("GET", f"{path}/default") == {"availability_rule": RULE}
    assert await visitor.status("DELETE", f"{path}/default", {}) == 202
    assert await visitor.status("GET", f"{path}/default") == 404
    assert await visitor.status("DELETE", f"{path}/default", {}) == 404
    assert "tzid" in keys(await visitor.json("POST", path, {"availability_rule_id": "x"}, status=422))

"""Where a body asks for integrated conferencing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.conferencing_asks import Ask, asks_for_integrated, asks_of
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS

TABLE = OperationTable(OPERATIONS)
ASKING = {"conferencing": {"profile_id": "integrated"}}


@pytest.mark.parametrize(
    ("event", "asks"),
    [
        ({"conferencing": {"profile_id": "integrated"}}, True),
        ({"event_id": "e", "conferencing": {"profile_id": "integrated", "x": 1}}, True),
        ({"conferencing": {"profile_id": "default"}}, False),
        ({"conferencing": {"profile_id": "explicit", "join_url": "https://example.com"}}, False),
        ({"conferencing": {"profile_id": "none"}}, False),
        ({"conferencing": {"profile_id": "pro_integrated"}}, False),
        ({"conferencing": {"profile_id": ["integrated"]}}, False),
        ({"conferencing": {"profile_id": None}}, False),
        ({"conferencing": {}}, False),
        ({"conferencing": None}, False),
        ({"conferencing": "integrated"}, False),
        ({"conferencing": [{"profile_id": "integrated"}]}, False),
        ({"summary": "integrated", "profile_id": "integrated"}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("conferencing", False),
    ],
)
def test_which_bodies_ask_for_integrated_conferencing(event: object, asks: bool) -> None:
    assert asks_for_integrated(event) is asks


def test_an_upsert_asks_for_its_own_calendar() -> None:
    assert asks_of("upsert_event", {"calendar_id": "cal_1"}, ASKING, TABLE) == [
        Ask("conferencing.profile_id", "", "cal_1")
    ]
    assert asks_of("delete_event", {"calendar_id": "cal_1"}, ASKING, TABLE) == []


def item(url: object = "/v1/calendars/cal_1/events", data: object = ASKING, method: object = "POST") -> dict[str, Any]:
    return {"method": method, "relative_url": url, "data": data}


@pytest.mark.parametrize(
    ("one", "calendar"),
    [
        (item(), "cal_1"),
        (item(method="post"), "cal_1"),
        (item("/v1/calendars/cal_1/events/"), "cal_1"),
        (item("/v1/calendars/cal_%40x/events"), "cal_@x"),
        (item("/v1/calendars/../calendars/cal_1/events"), ""),
        (item("/v1//calendars/cal_1/events"), ""),
        (item("/v2/anything"), ""),
        (item("/v1/calendars/cal_1/events?conferencing[profile_id]=integrated", {}), "cal_1"),
        (item("/v1/calendars/cal_1/events?a=b;%63onferencing%5Bprofile_id%5D=integrated", {}), "cal_1"),
        (item("/v1/calendars/cal_1/events?note=conferencing", {}), None),
        (item(method="DELETE"), None),
        (item("/v1/available_periods"), None),
        (item(data={"conferencing": {"profile_id": "default"}}), None),
        (item(url=7), None),
        (item(method=None), None),
        ("no item", None),
    ],
)
def test_each_item_of_a_batch_asks_for_its_own_calendar(one: object, calendar: str | None) -> None:
    """A path that two readers could understand differently counts as a calendar that is not known."""
    found = asks_of("batch", {}, {"batch": [item(data={}), one]}, TABLE)
    if calendar is None:
        assert found == []
    else:
        assert found == [Ask("batch[1].data.conferencing.profile_id", "", calendar, 1)]


@pytest.mark.parametrize("operation", ["create_real_time_scheduling", "create_real_time_sequencing"])
def test_a_target_asks_by_its_own_event_else_by_the_common_one(operation: str) -> None:
    targets = [
        {"sub": "acc_1", "calendar_id": "cal_1"},
        {"sub": "acc_2", "calendar_id": "cal_2", "event": {"conferencing": {"profile_id": "default"}}},
        {"sub": "acc_3", "calendar_id": "cal_3", "event": ASKING},
        {"sub": "acc_4"},
        "no target",
    ]
    assert asks_of(operation, {}, {"event": ASKING, "target_calendars": targets}, TABLE) == [
        Ask("event.conferencing.profile_id", "acc_1", "cal_1"),
        Ask("target_calendars[2].event.conferencing.profile_id", "acc_3", "cal_3"),
    ]
    assert [ask.account for ask in asks_of(operation, {}, {"target_calendars": targets}, TABLE)] == ["acc_3"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("integrated"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["batch", "conferencing", "data", "event", "profile_id", "target_calendars"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(["upsert_event", "batch", "create_real_time_scheduling"]), JSON)
def test_no_shape_of_json_trips_it(operation: str, body: object) -> None:
    asks_of(operation, {"calendar_id": "c"}, body, TABLE)

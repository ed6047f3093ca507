"""Where the ids of objects stand that the API key makes."""

from typing import Any

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS, Credential
from gateway.rules.owned_objects import (
    ATTACHMENT,
    BOOKABLE,
    INVITE,
    LINK,
    LINK_TOKEN,
    LISTING,
    PLACES,
    REQUEST,
    ObjectName,
    object_chosen,
    object_used,
    objects_made,
)

BY_NAME = {one.name: one for one in OPERATIONS}
# Operations with the API key that are about no object of one client.
OF_NOBODY = {
    "availability",
    "sequenced_availability",
    "add_to_calendar",
    "create_element_token",
    "verify_application",
    *LISTING,
}


def test_every_operation_with_the_api_key_has_its_place() -> None:
    """A new row must say whose its objects are."""
    of_application = {Credential.API_KEY, Credential.BODY}
    with_key = {one.name for one in OPERATIONS if one.credentials & of_application}
    assert with_key == {*PLACES, *OF_NOBODY}


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_place_is_in_the_route_table(name: str) -> None:
    place, row = PLACES[name], BY_NAME[name]
    assert bool(place.made) is row.learns
    assert not place.path or f"{{{place.path}}}" in row.template
    assert not place.query or row.queried == {place.query}
    assert not place.chosen or place.chosen in row.ruled_fields
    assert not place.keeps or "method" in row.ruled_fields


def test_an_id_in_the_path() -> None:
    for name in ("real_time_scheduling", "disable_real_time_scheduling", "disable_real_time_sequencing"):
        assert object_used(name, {"id": "sch_1"}, "") == ObjectName(LINK, "sch_1")
    values = {"id": "talk", "registration_id": "reg_1"}
    assert object_used("unregister_from_bookable_event", values, "id=other") == ObjectName(BOOKABLE, "talk")
    assert object_used("scheduling_request", {"id": "x"}, "") == ObjectName(REQUEST, "x")
    assert object_used("calendars", {}, "") is None


@pytest.mark.parametrize(
    ("query", "token"), [("token=a%2Fb", "a/b"), ("x=1&token=a", "a"), ("", ""), ("token=", ""), ("tokens=a", "")]
)
def test_an_id_in_the_query_is_decoded_once(query: str, token: str) -> None:
    assert object_used("find_real_time_scheduling", {}, query) == ObjectName(LINK_TOKEN, token)


@pytest.mark.parametrize("query", ["token=a&token=b", "token[]=a", "token%5B%5D=a", "a=b;token=c", "token=a;token=b"])
def test_an_id_that_two_readers_could_read_in_two_ways_is_refused(query: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        object_used("find_real_time_scheduling", {}, query)
    assert caught.value.code is Code.PARAMETER_REPEATED


@pytest.mark.parametrize(
    ("body", "makes"),
    [
        ({}, True),
        ({"method": "request"}, True),
        ({"method": None}, True),
        ({"method": "cancel"}, False),
        ({"method": "remove"}, False),
        ({"method": ["request"]}, False),
        ({"method": {}}, False),
    ],
)
def test_a_smart_invites_id_is_chosen_by_the_app(body: dict[str, Any], *, makes: bool) -> None:
    """To cancel or to remove is about one that is there."""
    found = object_chosen("save_smart_invite", {"smart_invite_id": "i", **body})
    assert found == (ObjectName(INVITE, "i"), makes)


@pytest.mark.parametrize("body", [{}, {"smart_invite_id": None}, {"smart_invite_id": ""}, [], None])
def test_where_no_id_is_chosen_cronofy_says_so(body: Any) -> None:
    assert object_chosen("save_smart_invite", body) is None


@pytest.mark.parametrize("name", [7, ["i"], {}, "i" * 2_000])
def test_an_id_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(RequestRefused) as caught:
        object_chosen("save_smart_invite", {"smart_invite_id": name})
    assert caught.value.code is Code.INVALID_FIELD


@pytest.mark.parametrize(
    ("operation", "answer", "made"),
    [
        (
            "create_real_time_scheduling",
            {"real_time_scheduling": {"real_time_scheduling_id": "sch_1", "url": "https://app.test/rts/tok?x=1"}},
            (ObjectName(LINK, "sch_1"), ObjectName(LINK_TOKEN, "tok")),
        ),
        (
            "create_real_time_sequencing",
            {"real_time_sequencing": {"real_time_sequencing_id": "seq_1", "url": "https://app.test/rts/tok/"}},
            (ObjectName(LINK, "seq_1"), ObjectName(LINK_TOKEN, "tok")),
        ),
        ("create_attachment", {"attachment": {"attachment_id": "att_1"}}, (ObjectName(ATTACHMENT, "att_1"),)),
        ("create_bookable_event", {"bookable_event": {"id": "b"}}, (ObjectName(BOOKABLE, "b"),)),
        ("create_scheduling_request", {"scheduling_request": {"id": "r"}}, (ObjectName(REQUEST, "r"),)),
        ("create_scheduling_request", {"scheduling_request": {"scheduling_request_id": 7}}, ()),
        ("create_real_time_scheduling", {"real_time_scheduling": {"url": "http://[x"}}, ()),
        ("create_real_time_scheduling", {"real_time_scheduling": []}, ()),
        ("create_real_time_scheduling", [], ()),
        ("create_real_time_scheduling", None, ()),
        ("save_smart_invite", {"smart_invite_id": "i"}, ()),
        ("calendars", {"calendars": []}, ()),
    ],
)
def test_an_answer_names_what_was_made(operation: str, answer: Any, made: tuple[ObjectName, ...]) -> None:
    assert objects_made(operation, answer) == made

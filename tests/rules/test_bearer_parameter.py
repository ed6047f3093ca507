"""`bearer_token` is taken out of query and body, so that no secret goes on in a URL."""

from typing import Any

import pytest

from gateway.rules.bearer_parameter import take_bearer, without_bearer
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS
from gateway.rules.request_target import read_target

BY_NAME = {one.name: one for one in OPERATIONS}
READING, MAKING = BY_NAME["bookable_event"], BY_NAME["create_bookable_event"]
PATH = "/v1/bookable_events/talk"


@pytest.mark.parametrize(
    ("query", "left", "token"),
    [
        ("", "", ""),
        ("a=1", "a=1", ""),
        ("bearer_token=s3cret", "", "s3cret"),
        ("a=%2e&bearer_token=s3cret&b[]=+", "a=%2e&b[]=+", "s3cret"),
        ("bearer%5Ftoken=a%2Db", "", "a-b"),
        ("bearer_token=undefined&x", "x", ""),
        ("bearer_token=", "", ""),
        ("bearer_token", "", ""),
        ("bearer_token=a%20b", "", ""),
        ("bearer_token=a%0d%0ab", "", ""),
    ],
)
def test_it_is_taken_out_of_the_query_and_the_rest_stays_byte_for_byte(query: str, left: str, token: str) -> None:
    target, offered = without_bearer(read_target(f"{PATH}?{query}"), READING)
    assert (target.query, offered) == (left, token)
    assert target.path == PATH


@pytest.mark.parametrize(
    "query", ["bearer_token=a&bearer_token=a", "bearer_token[]=a", "x=1;bearer_token=a", "[bearer_token]=a"]
)
def test_what_another_reader_could_see_as_one_is_refused(query: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        without_bearer(read_target(f"{PATH}?{query}"), READING)
    assert caught.value.code is Code.PARAMETER_REPEATED


def test_other_operations_keep_their_queries() -> None:
    target = read_target("/v1/events?bearer_token=a")
    assert without_bearer(target, BY_NAME["read_events"]) == (target, "")
    assert {one.name for one in OPERATIONS if one.bearer_parameter} == {
        "create_bookable_event",
        "bookable_event",
        "register_for_bookable_event",
        "unregister_from_bookable_event",
    }


@pytest.mark.parametrize(
    ("body", "left", "taken"),
    [
        ({"bearer_token": "s3cret", "x": 1}, {"x": 1}, (True, "s3cret")),
        ({"bearer_token": "undefined"}, {}, (True, "")),
        ({"bearer_token": None}, {}, (True, "")),
        ({"bearer_token": ["a"]}, {}, (True, "")),
        ({"x": {"bearer_token": "a"}}, {"x": {"bearer_token": "a"}}, (False, "")),
        ([], [], (False, "")),
    ],
)
def test_it_is_taken_out_of_the_body(body: Any, left: Any, taken: tuple[bool, str]) -> None:
    assert take_bearer(body, MAKING) == taken
    assert body == left


def test_a_body_of_another_operation_is_left_alone() -> None:
    body = {"bearer_token": "a"}
    assert take_bearer(body, BY_NAME["upsert_event"]) == (False, "")
    assert body == {"bearer_token": "a"}

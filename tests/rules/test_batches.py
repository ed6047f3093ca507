"""Refused items leave a batch, and their answers come back in their places."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.batches import merged_answers, refused_item, without_items
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_answers_come_in_the_order_of_the_items(refused: list[bool]) -> None:
    body = {"batch": [{"n": n} for n in range(len(refused))], "other": 1}
    gone = [n for n, one in enumerate(refused) if one]
    kept = without_items(body, gone)
    reply = json.dumps({"batch": [{"status": 202, "n": one["n"]} for one in kept["batch"]]}).encode()
    merged = json.loads(merged_answers(reply, {n: {"status": 422, "n": n} for n in gone}))["batch"]

    assert [one["n"] for one in merged] == list(range(len(refused)))
    assert [one["status"] == 422 for one in merged] == refused
    assert kept["other"] == 1
    assert len(body["batch"]) == len(refused)  # type: ignore[arg-type]


def test_a_batch_of_which_nothing_was_sent_has_answers_all_the_same() -> None:
    merged = json.loads(merged_answers(b"", {0: {"status": 422}, 1: {"status": 422}}))
    assert merged == {"batch": [{"status": 422}, {"status": 422}]}


def test_what_cronofy_said_of_the_others_goes_on_byte_for_byte() -> None:
    other = b'{"status":202,"data":{"n":1.0,"big":12345678901234567890123,"t":"\\u00e9\\/"}}'
    merged = merged_answers(b'{"batch":[' + other + b'],"x":1e2}', {0: {"status": 422}})
    assert merged == b'{"batch":[{"status":422},' + other + b'],"x":1e2}'


def test_a_refused_item_is_answered_in_cronofys_shape() -> None:
    assert refused_item("conferencing.profile_id", "integrated_conferencing_refused", "No.") == {
        "status": 422,
        "data": {
            "errors": {
                "conferencing.profile_id": [{"key": "errors.integrated_conferencing_refused", "description": "No."}]
            }
        },
    }


@pytest.mark.parametrize("reply", [b"<html>", b"[]", b"{}", b'{"batch":1}', b'{"batch":[1', b"\xff"])
def test_an_answer_that_is_none_is_an_error(reply: bytes) -> None:
    with pytest.raises(CronofyUnavailable) as caught:
        merged_answers(reply, {0: {"status": 422}})
    assert caught.value.code is Code.UPSTREAM_REPLY_INVALID

"""What came of a refresh is told to those who share it as it was, and as it reads now."""

import json

from gateway.flows.ports import ApiReply
from gateway.flows.refresh_journal import Entry
from gateway.flows.refresh_outcomes import Refreshed, UnusableReply, again, failure_of, remaining
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from tests.flows.fakes import token_reply

DEAD = ApiReply(400, b'{"error":"invalid_grant"}')


def test_what_is_left_of_an_answer_is_never_nothing() -> None:
    refreshed = Refreshed(token_reply(expires_in=10), at=100.0, interrupted=False)
    assert remaining(refreshed, 100.9) is refreshed.reply
    assert json.loads(remaining(refreshed, 104.0).body)["expires_in"] == 6
    assert json.loads(remaining(refreshed, 500.0).body)["expires_in"] == 1
    assert remaining(Refreshed(DEAD, at=100.0, interrupted=False), 104.0) is DEAD


def test_only_the_error_field_says_that_a_token_is_dead() -> None:
    assert Refreshed(DEAD, 0.0, interrupted=False).is_final
    told = ApiReply(400, b'{"error":"invalid_request","error_description":"invalid_grant"}')
    assert not Refreshed(told, 0.0, interrupted=False).is_final


def test_a_failure_that_another_node_wrote_down_is_the_same_failure() -> None:
    slow = failure_of(Entry("failed", 0.0, code="upstream_timeout", public="Cronofy did not answer in time."))
    assert (slow.code, slow.public) == (Code.UPSTREAM_TIMEOUT, "Cronofy did not answer in time.")
    limited = failure_of(Entry("failed", 0.0, 429, b"limited"))
    assert isinstance(limited, UnusableReply)
    assert limited.reply == ApiReply(429, b"limited")


def test_told_again_it_is_a_new_one_without_the_frames_of_the_first() -> None:
    for first in (CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"), UnusableReply(DEAD, "status 400")):
        second = again(first)
        assert (type(second), second.code, second.public) == (type(first), first.code, first.public)
        assert second is not first

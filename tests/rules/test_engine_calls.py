"""Which operations an engine may carry by itself."""

import pytest

from gateway.rules.engine_calls import is_for_engines, must_pass_on
from gateway.rules.error_codes import Code
from gateway.rules.operation_table import extra_operation
from gateway.rules.operations import OPERATIONS, Body, Operation


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_an_engine_carries_nothing_that_is_read_or_rewritten(row: Operation) -> None:
    """An engine streams both ways: what a rule reads, or what must lead back here, would pass it unseen."""
    if row.body is Body.READ or row.paged or row.learns or row.issues_tokens or row.issues_element_token:
        assert not is_for_engines(row)


def test_the_operations_of_an_engine_are_the_plain_ones() -> None:
    names = {one.name for one in OPERATIONS if is_for_engines(one)}
    assert {"userinfo", "calendars", "delete_event", "channels", "create_calendar"} <= names
    # The API key is not an engine's to show; modes are forgotten when a profile was revoked.
    assert not names & {"real_time_scheduling", "bookable_event", "create_application", "add_to_calendar"}
    assert "revoke_profile" not in names
    assert is_for_engines(extra_operation("GET /v1/new_things/{id}"))


def test_the_refusal_says_where_the_call_belongs() -> None:
    refused = must_pass_on("Why.")
    assert refused.code is Code.ENGINE_MUST_PASS_ON
    assert refused.public.startswith("Why. Pass the call on to the gateway")

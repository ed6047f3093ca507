"""Which accounts a body names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.account_names import (
    MOST_ATTACHMENTS,
    MOST_NAMES,
    NAMING,
    accounts_named,
    attachments_named,
    query_names_accounts,
)
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS, Body

BY_NAME = {one.name: one for one in OPERATIONS}
GROUP = {"required": "all", "members": [{"sub": "acc_1"}, {"sub": "acc_2", "calendar_ids": ["cal_1"]}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "members", "event"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("availability", {"participants": [GROUP], "required_duration": {"minutes": 30}}),
        ("availability", {"participants": {"0": GROUP}}),
        ("availability", [{"participants": [GROUP]}]),
        ("availability", {"participants": [{"members": [{"sub": "acc_1", "more": {"sub": "acc_2"}}]}]}),
        ("sequenced_availability", {"sequence": [{"sequence_id": "1", "participants": [GROUP]}]}),
        ("create_real_time_scheduling", {"availability": {"participants": [GROUP]}}),
        (
            "create_real_time_scheduling",
            {"target_calendars": [{"sub": "acc_1", "calendar_id": "c"}, {"sub": "acc_2", "calendar_id": "d"}]},
        ),
        ("create_real_time_sequencing", {"availability": {"sequence": [{"participants": [GROUP]}]}}),
        ("create_real_time_sequencing", {"availability": {"sequence": [{"target_calendars": GROUP["members"]}]}}),
        ("create_element_token", {"subs": ["acc_1", "acc_2", "acc_1"], "origin": "https://a.test"}),
        ("create_element_token", {"subs": "acc_1", "sub": "acc_2"}),
        (
            "create_scheduling_conversation",
            {"participants": [{"sub": "acc_1"}, {"participant_id": "@b", "sub": "acc_2"}]},
        ),
        ("create_scheduling_request", {"scheduling_request": {"hosts": [{"sub": "acc_1"}, {"sub": "acc_2"}]}}),
        ("save_smart_invite", {"recipients": [{"sub": "acc_1"}], "organizer": {"sub": "acc_2"}}),
    ],
)
def test_accounts_are_found_where_the_api_names_them(operation: str, body: Any) -> None:
    assert accounts_named(operation, body) == ("acc_1", "acc_2")


@pytest.mark.parametrize("body", [{}, [], None, "acc_1", 7, {"subs": []}, {"sub": None}, {"sub": ""}, {"subs": None}])
def test_a_body_that_names_nobody_is_cronofys_to_judge(body: Any) -> None:
    """Python sends `{}` and the PHP SDK `[]` where there is nothing to say."""
    assert accounts_named("availability", body) == ()


@pytest.mark.parametrize("name", [7, True, 1.5, ["acc_1"], {"sub": "acc_1"}, [["acc_1"]]])
def test_a_name_that_is_no_string_is_refused(name: Any) -> None:
    """A reader upstream might make another account of it than any that was judged."""
    for body in ({"participants": [{"members": [{"sub": name}]}]}, {"subs": [name]}):
        with pytest.raises(RequestRefused) as caught:
            accounts_named("availability", body)
        assert caught.value.code is Code.INVALID_FIELD
        assert caught.value.fields


def test_the_field_is_named_by_its_path() -> None:
    with pytest.raises(RequestRefused) as caught:
        accounts_named("availability", {"participants": [{"members": [{"sub": "a"}, {"sub": 7}]}]})
    assert list(caught.value.fields) == ["participants[0].members[1].sub"]


def test_so_many_names_that_the_store_would_be_busy_are_refused() -> None:
    names = [f"acc_{number}" for number in range(MOST_NAMES)]
    assert len(accounts_named("availability", {"subs": [*names, *names]})) == MOST_NAMES
    with pytest.raises(RequestRefused):
        accounts_named("availability", {"subs": [*names, "acc_x"]})
    with pytest.raises(RequestRefused):
        attachments_named([{"attachment_id": str(number)} for number in range(MOST_ATTACHMENTS + 1)])


def test_an_events_own_words_are_no_names() -> None:
    """Where Cronofy reads no accounts, `sub` is whatever the app means by it."""
    assert accounts_named("upsert_event", {"sub": "acc_1"}) == ()


@pytest.mark.parametrize("name", sorted(NAMING))
def test_every_operation_that_names_accounts_is_read_and_not_shadowed(name: str) -> None:
    row = BY_NAME[name]
    assert row.body is Body.READ
    assert {"participants", "sequence", "availability", "target_calendars", "sub", "subs"} <= row.ruled_fields


def test_attachments_are_found_in_events_at_any_depth() -> None:
    event = {"attachments": {"create": [{"attachment_id": "att_1"}]}, "other": [{"attachment_ids": ["att_2", "att_1"]}]}
    assert attachments_named(event) == attachments_named({"event": event}) == ("att_1", "att_2")


@given(JSON, st.text(min_size=1, max_size=8))
def test_a_name_is_found_wherever_it_is_hidden(body: Any, name: str) -> None:
    hidden = {"a": [body, {"event": {"members": [body, {"sub": name}]}}]}
    assert accounts_named("availability", body) == ()
    assert accounts_named("availability", hidden) == (name,)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", False),
        ("et=sub", False),
        ("subject=x&x_sub=y", False),
        ("sub=x", True),
        ("subs[]=x", True),
        ("a[b][sub]=x", True),
        ("a%5Bsub%5D=x", True),
        ("x=1;a[sub]=x", True),
        ("a[ sub ]", True),
    ],
)
def test_a_query_can_name_accounts_at_any_depth(query: str, *, names: bool) -> None:
    assert query_names_accounts(query) is names

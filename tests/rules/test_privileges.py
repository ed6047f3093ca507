"""What a client may call and be granted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.client import Client, ClientId
from gateway.rules.operations import OPERATIONS
from gateway.rules.privileges import (
    asks_to_impersonate,
    granted_beyond,
    is_listed,
    why_beyond_scopes,
    why_not_called,
    why_ungranted,
)

BY_NAME = {one.name: one for one in OPERATIONS}


def limited(*operations: str, scopes: str = "", **more: Any) -> Client:
    return Client(
        ClientId("app"),
        frozenset(),
        "main",
        operations=frozenset(operations),
        allowed_scopes=frozenset(scopes.split()),
        **more,
    )


@given(st.sampled_from(OPERATIONS))
def test_a_client_without_a_list_may_call_everything(row: Any) -> None:
    assert why_not_called(limited(), row) == ""
    assert why_beyond_scopes(limited(), row) == ""


@given(st.sampled_from(OPERATIONS), st.sampled_from(OPERATIONS))
def test_a_client_may_call_what_it_lists_and_the_pages_of_that(listed: Any, called: Any) -> None:
    why = why_not_called(limited(listed.name), called)
    assert (why == "") is (called.name in {listed.name, f"{listed.name}_page"})
    assert called.name in why or not why


def test_the_way_out_is_named() -> None:
    assert "clients.app.operations" in why_not_called(limited("calendars"), BY_NAME["batch"])
    assert not is_listed(limited("read_events_page"), "read_events")


@pytest.mark.parametrize(
    ("operation", "scopes", "passes"),
    [
        ("free_busy", "free_busy", True),
        ("free_busy", "read_only", True),
        ("free_busy", "delete_event", True),  # free_busy_write may always be asked for, and reads free-busy
        ("upsert_event", "free_busy", True),  # the same
        ("read_events", "free_busy_write", False),
        ("read_events", "write_only", False),
        ("read_events", "read_events", True),
        ("read_events", "read_write", True),
        ("change_participation_status", "read_events", False),
        ("change_participation_status", "read_write", True),
        ("read_events_page", "free_busy", True),  # the first page decides
        ("create_channel", "free_busy", True),  # only_managed needs no scope, and stands in the body
        ("calendars", "free_busy", True),
        ("authorize_with_service_account", "free_busy", True),
        ("scheduling_requests", "free_busy", False),
    ],
)
def test_what_the_scopes_cannot_meet_is_refused(operation: str, scopes: str, *, passes: bool) -> None:
    why = why_beyond_scopes(limited(scopes=scopes), BY_NAME[operation])
    assert (why == "") is passes
    assert why == "" or "clients.app.allowed_scopes" in why


def test_organization_connect_brings_its_scope() -> None:
    assert not why_beyond_scopes(limited(scopes="free_busy", organization_connect=True), BY_NAME["scheduling_requests"])


@pytest.mark.parametrize(
    ("query", "body_bytes", "passes"),
    [
        ("only_managed=true&tzid=Etc/UTC", 0, True),
        ("only_managed=True&calendar_ids%5B%5D=c", 2, True),
        ("only_managed=1", 0, True),
        ("only_managed=false", 0, False),
        ("only_managed=true&only_managed=false", 0, False),
        ("only_managed=true&only_managed[]=", 0, False),
        ("only%5Fmanaged=true", 0, False),
        ("only_managed=true;only_managed=false", 0, False),
        ("x=only_managed=true", 0, False),
        ("only_managed=true", 30, False),
        ("only_managed=true", None, False),
    ],
)
def test_managed_events_alone_need_no_scope(query: str, body_bytes: int | None, *, passes: bool) -> None:
    """As long as no second reader could see something else, in a repeated parameter or in a body."""
    why = why_beyond_scopes(limited(scopes="free_busy"), BY_NAME["read_events"], query=query, body_bytes=body_bytes)
    assert (why == "") is passes


@pytest.mark.parametrize("name", ["Cronofy-Impersonate", "cronofy-impersonate", "CRONOFY_IMPERSONATE"])
def test_impersonation_is_seen_in_every_spelling(name: str) -> None:
    assert asks_to_impersonate([("Accept", "x"), (name, "acc_1")])
    assert not asks_to_impersonate([("X-" + name, "acc_1")])


@pytest.mark.parametrize(
    ("scopes", "granted", "beyond"),
    [
        ("", "read_events anything", ()),
        ("create_event", "create_event free_busy_write", ()),
        ("create_event", "create_event read_events delete_event", ("read_events", "delete_event")),
        ("create_event", "service_account/accounts/manage", ()),
        ("create_event", "organizational_unit_scheduler", ("organizational_unit_scheduler",)),
    ],
)
def test_a_grant_is_compared_with_what_may_be_asked_for(scopes: str, granted: str, beyond: tuple[str, ...]) -> None:
    assert granted_beyond(limited(scopes=scopes), granted) == beyond


def test_a_grant_is_wrong_by_too_little_and_by_too_much() -> None:
    app = limited(scopes="create_event", organization_connect=True)
    assert "free_busy_write" in why_ungranted(app, "create_event", account="acc_1")
    assert "read_events" in why_ungranted(app, "read_events free_busy_write", account="acc_1")
    assert why_ungranted(app, "create_event free_busy_write", account="acc_1") == ""
    assert why_ungranted(app, "organizational_unit_scheduler", account="acc_1") == ""
    assert why_ungranted(app, "service_account/accounts/manage", account="ser_1") == ""

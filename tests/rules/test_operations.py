"""The route table holds every endpoint that Cronofy documents, and nothing passes that is no row of it."""

import re
from collections import Counter

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operation_table import OperationTable, extra_operation
from gateway.rules.operations import OPERATIONS, Body, Credential, Match, Operation
from gateway.rules.request_target import read_target

TABLE = OperationTable(OPERATIONS)

# Written from the reference pages and the SDKs' sources, not from the table: real calls, not templates.
DOCUMENTED = [
    "",
    "GET /v1/userinfo",
    "GET /v1/account",
    "GET /v1/profiles",
    "POST /v1/profiles/pro_n23kjnwrw2/revoke",
    "POST /v1/link_tokens",
    "POST /v1/permissions",
    "POST /v1/application_calendars",
    "POST /v1/service_account_authorizations",
    "GET /v1/resources",
    "GET /v1/accessible_calendars?profile_id=pro_1",
    "POST /v1/delegated_authorizations",
    "GET /v1/calendars",
    "POST /v1/calendars",
    "GET /v1/events?from=2014-08-05%2015:30:00Z&tzid=Etc/UTC&calendar_ids[]=cal_1",
    "GET /v1/events/pages/08a07b034306679e",
    "POST /v1/calendars/cal_U9uuErStTG@EAAAB_IsAsykA2DBTWqQTf-f0kJw/events",
    "DELETE /v1/calendars/cal_U9uuErStTG@EAAAB_IsAsykA2DBTWqQTf-f0kJw/events",
    "DELETE /v1/events?delete_all=True",
    "POST /v1/calendars/cal_1/events/evt_external_54008b1a4a41730f8d5c6037/participation_status",
    "GET /v1/free_busy?tzid=Etc/UTC&include_ids=true",
    "GET /v1/free_busy/pages/08a07b034306679e",
    "POST /v1/batch",
    "POST /v1/availability",
    "POST /v1/sequenced_availability",
    "GET /v1/available_periods",
    "POST /v1/available_periods",
    "DELETE /v1/available_periods",
    "DELETE /v1/available_periods/",
    "POST /v1/availability_rules",
    "GET /v1/availability_rules",
    "GET /v1/availability_rules/default",
    "DELETE /v1/availability_rules/default",
    "POST /v1/real_time_scheduling",
    "GET /v1/real_time_scheduling?token=abc",
    "GET /v1/real_time_scheduling/sch_4353945880944395",
    "POST /v1/real_time_scheduling/sch_4353945880944395/disable",
    "POST /v1/real_time_sequencing",
    "POST /v1/real_time_sequencing/seq_1/disable",
    "POST /v1/add_to_calendar",
    "POST /v1/smart_invites",
    "GET /v1/smart_invites?smart_invite_id=a&recipient_email=b%40example.com",
    "POST /v1/bookable_events",
    "GET /v1/bookable_events/bke_1",
    "POST /v1/bookable_events/bke_1/registrations",
    "DELETE /v1/bookable_events/bke_1/registrations/reg_1",
    "POST /v1/scheduling_conversations",
    "GET /v1/scheduling_conversations/con_1",
    "GET /v1/scheduling_conversations?token=abc",
    "POST /v1/scheduling_requests",
    "GET /v1/scheduling_requests/srq_1",
    "POST /v1/element_tokens",
    "POST /v1/conferencing_service_authorizations",
    "POST /v1/attachments",
    "POST /v1/channels",
    "GET /v1/channels",
    "DELETE /v1/channels/chn_0000000000",
    "POST /v1/applications",
    "POST /v1/application_verification",
    "",
][1:-1]


def match(line: str, table: OperationTable = TABLE) -> Match:
    method, _, target = line.partition(" ")
    return table.match(method, read_target(target))


def refusal(line: str, table: OperationTable = TABLE) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        match(line, table)
    return caught.value


def named(name: str) -> Operation:
    return next(row for row in OPERATIONS if row.name == name)


@pytest.mark.parametrize("line", DOCUMENTED)
def test_every_documented_endpoint_is_an_operation(line: str) -> None:
    method, _, target = line.partition(" ")
    found = match(line)
    path = target.partition("?")[0].removesuffix("/")

    assert found.operation.method == method
    assert re.sub(r"{(\w+)}", lambda name: found.values[name[1]], found.operation.template) == path


def test_every_row_can_be_reached() -> None:
    """No row stands in the shadow of an earlier one."""
    for row in OPERATIONS:
        assert match(f"{row.method} {row.template.translate({ord('{'): None, ord('}'): None})}").operation is row


def test_names_and_routes_are_unique() -> None:
    names = Counter(row.name for row in OPERATIONS)
    routes = Counter((row.method, re.sub(r"{\w+}", "{}", row.template)) for row in OPERATIONS)

    assert max(names.values()) == max(routes.values()) == 1


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_a_row_is_well_formed(row: Operation) -> None:
    assert re.fullmatch(r"[a-z_]+", row.name)
    assert re.fullmatch(r"/v1(/([a-z_]+|{[a-z_]+}))+", row.template)
    assert row.method in {"GET", "POST", "DELETE"}
    assert row.credentials
    assert "{" not in row.segments[1]
    assert (row.body is Body.READ) is bool(row.ruled_fields or row.queried)
    assert not (row.paged and row.method != "GET")
    assert not (row.method == "GET" and row.ruled_fields)
    assert not (row.method != "GET" and row.queried)
    assert not (row.paged and row.learns)


def test_the_pages_of_a_paged_operation_are_paged_operations_too() -> None:
    """Otherwise page three would be asked of Cronofy directly."""
    paged = {row.template for row in OPERATIONS if row.paged}
    first = {template for template in paged if not template.endswith("/pages/{page_id}")}

    assert first == {"/v1/events", "/v1/free_busy", "/v1/available_periods"}
    assert paged == first | {f"{template}/pages/{{page_id}}" for template in first}


def test_which_operations_can_carry_conferencing() -> None:
    assert {row.name for row in OPERATIONS if row.conferencing} == {
        "upsert_event",
        "batch",
        "create_real_time_scheduling",
        "create_real_time_sequencing",
        "create_bookable_event",
    }


def test_credentials_in_a_body_are_read_wherever_cronofy_takes_them() -> None:
    """The secret in it is this gateway's; Cronofy would not know it."""
    rows = [row for row in OPERATIONS if Credential.BODY in row.credentials]

    assert {row.name for row in rows} == {
        "create_application_calendar",
        "add_to_calendar",
        "create_real_time_scheduling",
        "create_real_time_sequencing",
    }
    assert all(row.ruled_fields >= {"client_id", "client_secret"} and row.body is Body.READ for row in rows)
    assert [row.name for row in OPERATIONS if row.issues_tokens] == ["create_application_calendar"]


@pytest.mark.parametrize("name", ["authorize_with_service_account", "authorize_delegated"])
def test_delegated_access_is_ruled_by_its_scope_and_callback(name: str) -> None:
    row = named(name)

    assert row.body is Body.READ
    assert row.ruled_fields >= {"scope", "callback_url", row.segments[-1]}


def test_an_extra_operation_is_streamed_and_matched_like_any_other() -> None:
    extra = extra_operation("GET /v1/new_things/{id}")
    table = OperationTable((*OPERATIONS, extra))

    assert match("GET /v1/new_things/a%40b", table) == Match(extra, {"id": "a@b"})
    assert (extra.name, extra.body, extra.credentials) == (
        "extra_new_things_id_get",
        Body.STREAMED,
        frozenset(Credential),
    )
    assert match("GET /v1/events", table).operation is named("read_events")
    assert refusal("GET /v1/new_things/1").code is Code.OPERATION_UNKNOWN


def test_an_extra_operation_cannot_take_the_place_of_a_ruled_one() -> None:
    """The rows of the table come first."""
    table = OperationTable((*OPERATIONS, extra_operation("POST /v1/calendars/{x}/events")))

    assert match("POST /v1/calendars/cal_1/events", table).operation is named("upsert_event")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET",
        "/v1/new_things",
        "GET /v2/new_things",
        "GET /v1",
        "GET /v1/",
        "GET /v1/new_things/",
        "GET /v1//new_things",
        "get /v1/new_things",
        "HEAD /v1/new_things",
        "OPTIONS /v1/new_things",
        "GET  /v1/new_things",
        "GET /v1/new things",
        "GET /v1/n\u00e9w",
        "GET https://evil.example/v1/x",
        "GET /v1/{anything}",
        "GET /v1/{anything}/x",
    ],
)
def test_a_line_that_is_no_operation_is_a_complaint(line: str) -> None:
    """A row that could never match, or that would match everything, is a mistake to hear of at the start."""
    with pytest.raises(ValueError, match="METHOD /v1/path"):
        extra_operation(line)

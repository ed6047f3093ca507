"""May this caller make this call at all?"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.privileges import Privileges
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS, Match
from gateway.rules.request_target import read_target
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, client, kit, privileges

TABLE = OperationTable(OPERATIONS)
BY_NAME = {one.name: one for one in OPERATIONS}
A = client("a")
FEW = client("few", operations=frozenset({"batch", "upsert_event", "read_events"}))
NARROW = client("narrow", allowed_scopes=frozenset({"free_busy_write"}))
EVENTS = "/v1/calendars/cal_1/events"


class NoBody:
    is_there = False
    length: int | None = None

    async def read(self, limit: int) -> bytes:
        raise AssertionError(limit)

    def stream(self) -> AsyncIterator[bytes]:
        raise AssertionError


def person(*clients: Client) -> Caller:
    return Caller(APPLICATION, clients, "access-1", "acc_1", is_person=True)


async def admit(judge: Privileges, line: str, caller: Caller, *headers: tuple[str, str]) -> Code | None:
    method, _, raw = line.partition(" ")
    target = read_target(raw)
    try:
        call = Incoming(method, raw, list(headers), NoBody(), "request-1")
        await judge.admit(call, target, TABLE.match(method, target), caller)
    except RequestRefused as refused:
        return refused.code
    return None


def item(method: str, url: Any, **data: Any) -> dict[str, Any]:
    return {"method": method, "relative_url": url, "data": data}


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("GET /v1/events", False),
        ("GET /v1/events/pages/x", False),
        (f"POST {EVENTS}", False),
        (f"DELETE {EVENTS}", True),
        ("GET /v1/calendars", True),
        ("HEAD /v1/calendars", True),
        ("POST /v1/availability", True),
    ],
)
async def test_a_client_calls_what_it_lists(clock: FakeClock, line: str, *, refused: bool) -> None:
    judge = privileges(kit(clock), A, FEW)
    assert await admit(judge, line, person(FEW)) is (Code.OPERATION_REFUSED if refused else None)
    assert await admit(judge, line, person(A)) is None


async def test_a_token_that_nobody_knows_is_told_of_no_client(clock: FakeClock) -> None:
    """It may be any string, so its refusal names no client and none of their settings."""
    target = read_target("/v1/calendars")
    call = Incoming("GET", "/v1/calendars", [], NoBody(), "request-1")
    with pytest.raises(RequestRefused) as caught:
        await privileges(kit(clock), A, FEW).admit(call, target, TABLE.match("GET", target), person())

    assert caught.value.code is Code.OPERATION_REFUSED
    assert "clients." not in caught.value.public
    assert "did not come through this gateway" in caught.value.public


async def test_several_clients_may_what_all_of_them_may(clock: FakeClock) -> None:
    """Any of them could be calling; and one that cannot be told could be any client of the application."""
    judge = privileges(kit(clock), A, FEW)
    assert await admit(judge, "GET /v1/events", person(A, FEW)) is None
    assert await admit(judge, "GET /v1/calendars", person(A, FEW)) is Code.OPERATION_REFUSED
    assert await admit(judge, "GET /v1/calendars", person()) is Code.OPERATION_REFUSED
    assert await admit(privileges(kit(clock), A, client("c")), "GET /v1/calendars", person()) is None


async def test_scopes_are_about_access_tokens(clock: FakeClock) -> None:
    """A token is good for what any client of the application was granted; the API key has no scope."""
    judge = privileges(kit(clock), A, NARROW)
    assert await admit(judge, "GET /v1/events", person(NARROW)) is Code.OPERATION_REFUSED
    assert await admit(judge, "GET /v1/events?only_managed=true", person(NARROW)) is None
    assert await admit(judge, f"POST {EVENTS}", person(NARROW)) is None
    key = Caller(APPLICATION, (NARROW,), "cronofy-secret", "", is_person=False)
    assert await admit(judge, "POST /v1/scheduling_requests", key) is None
    assert await admit(judge, "POST /v1/scheduling_requests", person(NARROW)) is Code.OPERATION_REFUSED


async def test_impersonation_needs_one_client_that_may(clock: FakeClock) -> None:
    may, header = client("may", may_impersonate=True), ("Cronofy-Impersonate", "acc_2")
    judge = privileges(kit(clock), A, may)
    assert await admit(judge, "GET /v1/calendars", person(may), header) is None
    for caller in (person(A), person(A, may), person()):
        assert await admit(judge, "GET /v1/calendars", caller, header) is Code.IMPERSONATION_REFUSED


async def test_each_item_of_a_batch_is_judged_alone(clock: FakeClock) -> None:
    judge = privileges(kit(clock), A, FEW)
    body = {
        "batch": [
            item("POST", EVENTS),
            item("DELETE", EVENTS),
            item("post", EVENTS),
            item("DELETE", "/v1/available_periods"),
            item("POST", "/v1/nothing/known"),
            item("POST", f"{EVENTS}?_method=DELETE"),
            item("POST", f"/v1/calendars/..%2f{EVENTS}"),
            item("POST", 7),
            7,
        ]
    }
    refused = await judge.refused_items(body, person(FEW))
    assert list(refused) == [1, 3, 4, 5, 6, 7, 8]
    assert {answer["status"] for answer in refused.values()} == {403}
    ((field, (told,)),) = refused[1]["data"]["errors"].items()
    assert (field, told["key"]) == ("relative_url", "errors.operation_refused")
    assert "delete_event" in told["description"]


async def test_items_that_can_be_nothing_are_cronofys_to_judge(clock: FakeClock) -> None:
    judge = privileges(kit(clock), A, FEW)
    body = {"batch": [item("POST", 7), 7, item("DELETE", EVENTS), item("DELETE", "/v1/available_periods")]}
    assert await judge.refused_items(body, person(A)) == {}
    odd_ones: list[Any] = [{}, [], None, {"batch": None}, {"batch": {}}]
    for odd in odd_ones:
        assert await judge.refused_items(odd, person(FEW)) == {}


@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/nothing/known",
        "POST /v1//batch",
        "POST https://api.cronofy.com/v1/availability",
        "POST /v1/batch",
        "POST /v1/availability",
        "POST /v1/delegated_authorizations",
        "POST /v1/application_calendars",
        "POST /v1/real_time_scheduling/sch_1/disable",
        "GET /v1/smart_invites",
    ],
)
async def test_an_item_is_nothing_that_is_judged_in_a_call_of_its_own(clock: FakeClock, line: str) -> None:
    """Cronofy documents writes of events and available periods; a client that may do everything may do these alone."""
    judge = privileges(kit(clock), A, FEW)
    (refused,) = (await judge.refused_items({"batch": [item(*line.split())]}, person(A))).values()
    assert refused["status"] == 403


async def test_an_item_with_another_clients_attachment_is_a_404_of_its_own(clock: FakeClock) -> None:
    judge = privileges(kit(clock), A, FEW)
    refused = await judge.refused_items({"batch": [item("POST", EVENTS, attachment_id="att_1")]}, person(A))
    assert refused[0]["status"] == 404


@pytest.mark.parametrize(("body", "passes"), [({"token": "x"}, False), ({"a": 1}, True), ([], True), ({}, True)])
async def test_a_body_must_not_name_what_the_query_names(clock: FakeClock, body: Any, *, passes: bool) -> None:
    """Rails would prefer it; pycronofy sends `{}` with every GET."""
    judge, match = privileges(kit(clock), A), Match(BY_NAME["find_real_time_scheduling"], {})
    if passes:
        assert await judge.judge_body(match, body, person(A)) is None
        return
    with pytest.raises(RequestRefused) as caught:
        await judge.judge_body(match, body, person(A))
    assert caught.value.code is Code.PARAMETER_SHADOWED


async def test_nobody_delegates_more_than_each_possible_client_may_ask_for(clock: FakeClock) -> None:
    entry = {"email": "x@y.z", "callback_url": "https://a.test/", "scope": "read_write free_busy_write"}
    judge, match = privileges(kit(clock), A, NARROW), Match(BY_NAME["authorize_with_service_account"], {})
    assert await judge.judge_body(match, entry, person(A)) is None
    for caller in (person(A, NARROW), person()):
        with pytest.raises(RequestRefused) as caught:
            await judge.judge_body(match, entry, caller)
        assert caught.value.code is Code.SCOPE_REQUIRED

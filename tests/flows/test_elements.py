"""Whose call is it, when an element token is in the query?"""

import pytest

from gateway.flows.callers import Caller
from gateway.flows.element_bindings import ElementBindings
from gateway.flows.elements import Elements
from gateway.flows.registry import Registry
from gateway.rules.client import Application
from gateway.rules.data_centres import Hosts
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.operation_table import OperationTable, extra_operation
from gateway.rules.operations import OPERATIONS
from gateway.rules.request_target import read_target
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, kit

PAGE, OTHER_PAGE = "https://a.example", "https://b.example"
A = client("a", origins=frozenset({PAGE}))
B = client("b", origins=frozenset({OTHER_PAGE}))
SECOND = Application("second", "x", "x", Hosts("https://api-de.test", "https://app-de.test"))
TABLE = OperationTable((*OPERATIONS, extra_operation("GET /v1/new_things")))
KEY = Caller(APPLICATION, (A,), "a-secret", "", is_person=False)


def elements(one: Kit, *clients: object, applications: tuple[Application, ...] = (APPLICATION,)) -> Elements:
    return Elements(Registry(applications, clients or (A, B)), ElementBindings(one.records, one.clock))  # type: ignore[arg-type]


async def bind(known: Elements, permission: str = "agenda", caller: Caller = KEY, origin: str = PAGE) -> None:
    reply = f'{{"element_token":{{"token":"t-1","permissions":["{permission}"],"origin":"{origin}"}}}}'
    await known.bind(reply.encode(), b'{"subs":["acc_1"]}', caller)


async def call(known: Elements, target: str, *headers: tuple[str, str], method: str = "GET") -> Caller | None:
    read = read_target(target)
    return await known.identify(list(headers), read.query, TABLE.match(method, read).operation)


async def refusal(known: Elements, target: str, *headers: tuple[str, str], method: str = "GET") -> Code:
    with pytest.raises(RequestRefused) as caught:
        await call(known, target, *headers, method=method)
    return caught.value.code


async def test_a_call_without_one_is_somebody_elses_to_judge(clock: FakeClock) -> None:
    assert await call(elements(kit(clock)), "/v1/events?tzid=Etc/UTC") is None


async def test_a_token_that_came_through_here_tells_client_account_and_origin(clock: FakeClock) -> None:
    known = elements(kit(clock))
    await bind(known)
    caller = await call(known, "/v1/events?et=t-1", ("Origin", PAGE))

    assert caller is not None
    assert (caller.client, caller.application, caller.account) == (A, APPLICATION, "acc_1")
    assert (caller.bearer, caller.is_element, caller.is_person) == (None, True, True)
    assert caller.element_origin == PAGE


@pytest.mark.parametrize(
    ("permission", "method", "target"),
    [
        ("agenda", "GET", "/v1/events?et=t-1"),
        ("agenda", "GET", "/v1/events/pages/x?et=t-1"),
        ("agenda", "GET", "/v1/free_busy?et=t-1"),
        ("agenda", "GET", "/v1/userinfo?et=t-1"),
        ("account_management", "GET", "/v1/userinfo?et=t-1"),
        ("account_management", "POST", "/v1/profiles/pro_1/revoke?et=t-1"),
        ("availability", "POST", "/v1/availability?et=t-1"),
        ("availability", "POST", "/v1/sequenced_availability?et=t-1"),
        ("managed_availability", "GET", "/v1/availability_rules/work_hours?et=t-1"),
        ("managed_availability", "POST", "/v1/availability_rules?et=t-1"),
        ("anything", "GET", "/v1/new_things?et=t-1"),
    ],
)
async def test_each_element_reaches_what_it_calls(clock: FakeClock, permission: str, method: str, target: str) -> None:
    """As Cronofy's script calls them; `extra_operations` opens what a newer one may call."""
    known = elements(kit(clock))
    await bind(known, permission)
    assert await call(known, target, ("Origin", PAGE), method=method) is not None


@pytest.mark.parametrize(
    ("permission", "method", "target"),
    [
        ("availability", "GET", "/v1/events?et=t-1"),
        ("agenda", "POST", "/v1/availability?et=t-1"),
        ("agenda", "POST", "/v1/profiles/pro_1/revoke?et=t-1"),
        ("agenda", "POST", "/v1/element_tokens?et=t-1"),
        ("agenda", "GET", "/v1/calendars?et=t-1"),
        ("agenda", "DELETE", "/v1/events?et=t-1"),
        ("agenda", "POST", "/v1/calendars/c/events?et=t-1"),
        ("managed_availability", "DELETE", "/v1/availability_rules/work_hours?et=t-1"),
        ("account_management", "POST", "/v1/application_calendars?et=t-1"),
    ],
)
async def test_no_element_reaches_more(clock: FakeClock, permission: str, method: str, target: str) -> None:
    known = elements(kit(clock))
    await bind(known, permission)
    assert await refusal(known, target, method=method) is Code.OPERATION_REFUSED


@pytest.mark.parametrize("origin", [OTHER_PAGE, "https://evil.example", "null"])
async def test_a_page_of_another_origin_is_refused(clock: FakeClock, origin: str) -> None:
    """Another client's page too, though its origin is registered."""
    known = elements(kit(clock))
    await bind(known)
    assert await refusal(known, "/v1/events?et=t-1", ("Origin", origin)) is Code.ORIGIN_REFUSED


async def test_an_origin_that_the_client_gave_up_is_refused(clock: FakeClock) -> None:
    one = kit(clock)
    await bind(elements(one))
    known = elements(one, client("a"), B)
    assert await refusal(known, "/v1/events?et=t-1", ("Origin", PAGE)) is Code.ORIGIN_REFUSED


async def test_a_client_that_is_gone_takes_its_tokens_along(clock: FakeClock) -> None:
    """Even where one client is left, which could otherwise have had it from before."""
    one = kit(clock)
    await bind(elements(one))
    assert await refusal(elements(one, B), "/v1/events?et=t-1") is Code.CREDENTIALS_UNKNOWN


async def test_an_unseen_token_passes_only_where_it_can_be_nobody_elses(clock: FakeClock) -> None:
    """With two applications not even its data centre is known, with two clients not whose pages use it."""
    one = kit(clock)
    alone = await call(elements(one, A), "/v1/events?et=unseen", ("Origin", PAGE))
    assert alone is not None
    assert (alone.client, alone.account, alone.is_person) == (A, "", False)
    for known in (elements(one, A, B), elements(one, A, applications=(APPLICATION, SECOND))):
        assert await refusal(known, "/v1/events?et=unseen") is Code.CREDENTIALS_UNKNOWN
    elsewhere = await refusal(elements(one, A), "/v1/events?et=unseen", ("Origin", OTHER_PAGE))
    assert elsewhere is Code.ORIGIN_REFUSED
    assert await refusal(elements(one, A), "/v1/calendars?et=unseen") is Code.OPERATION_REFUSED


async def test_a_token_leads_to_its_own_applications_data_centre(clock: FakeClock) -> None:
    german = client("german", application="second")
    known = elements(kit(clock), A, german, applications=(APPLICATION, SECOND))
    await bind(known, caller=Caller(SECOND, (german,), "x", "", is_person=False))
    caller = await call(known, "/v1/events?et=t-1")
    assert caller is not None
    assert caller.application.hosts.api == "https://api-de.test"


async def test_an_account_is_not_named_beside_it(clock: FakeClock) -> None:
    known = elements(kit(clock))
    await bind(known)
    code = await refusal(known, "/v1/events?et=t-1", ("Gateway-Account", "acc_2"))
    assert code is Code.ACCOUNT_HEADER_REFUSED


async def test_a_token_of_nobody_is_not_bound(clock: FakeClock) -> None:
    """Cronofy's own secret, used past the gateway's clients, can be any of them."""
    known = elements(kit(clock))
    await bind(known, caller=Caller(APPLICATION, (), "cronofy-secret", "", is_person=True))
    assert await refusal(known, "/v1/events?et=t-1") is Code.CREDENTIALS_UNKNOWN


async def test_an_answer_without_a_token_is_withheld(clock: FakeClock) -> None:
    with pytest.raises(CronofyUnavailable) as caught:
        await elements(kit(clock)).bind(b"{}", b"{}", KEY)
    assert caught.value.code is Code.UPSTREAM_REPLY_INVALID

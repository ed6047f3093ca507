"""A judged call is sent once, and again only with a renewed token and a body that is still there."""

import pytest

from gateway.flows.answers import Asked
from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.sending import Sender
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.operations import OPERATIONS, OperationTable
from gateway.rules.request_target import read_target
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, FakeReply, FakeUpstream, client, kit, vault
from tests.flows.test_proxy import Body

A = client("a")
CALLER = Caller(APPLICATION, (A,), "bearer-1", "acc_1", is_person=True)


@pytest.mark.parametrize(("status", "code"), [(101, Code.UPSTREAM_REPLY_INVALID), (302, Code.UPSTREAM_REDIRECTED)])
async def test_an_answer_that_no_call_may_have_is_a_502(clock: FakeClock, status: int, code: Code) -> None:
    upstream = FakeUpstream(FakeReply(status=status))
    target = read_target("/v1/calendars?a=1")
    match = OperationTable(OPERATIONS).match("GET", target)
    incoming = Incoming("GET", "/v1/calendars?a=1", [], Body(b""), "request-1")
    with pytest.raises(CronofyUnavailable) as caught:
        await Sender(upstream, vault(kit(clock), A)).send(incoming, match, target, CALLER, None, merged=False)

    assert caught.value.code == code
    assert upstream.sent[0][1] == "https://api.test/v1/calendars?a=1"


def test_what_is_asked_starts_without_refused_items() -> None:
    target = read_target("/v1/calendars")
    match = OperationTable(OPERATIONS).match("GET", target)
    assert Asked("GET", "request-1", match, CALLER).refused == {}

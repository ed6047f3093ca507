"""A judged call is sent once, and again only with a renewed token and a body that is still there."""

from dataclasses import dataclass, field, replace

import pytest

from gateway.flows.answers import Asked
from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.sending import Sender
from gateway.rules.client import Application
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import Pairs
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import OPERATIONS
from gateway.rules.request_target import read_target
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import APPLICATION, client, kit, vault
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


TWO = replace(APPLICATION, other_client_secret="other-secret")


@pytest.mark.parametrize(
    ("application", "statuses", "code"),
    [
        (APPLICATION, [401], Code.APPLICATION_CREDENTIALS_REFUSED),
        (TWO, [401, 401], Code.APPLICATION_CREDENTIALS_REFUSED),
        (TWO, [401, 200], ""),
        (TWO, [401, 404], ""),
        (TWO, [401, 429], ""),
    ],
)
async def test_a_refused_api_key_is_never_passed_on(
    clock: FakeClock, application: Application, statuses: list[int], code: str
) -> None:
    replies = [FakeReply(status) for status in statuses]
    upstream = Upstream(replies[1:])
    caller = Caller(application, (A,), "cronofy-secret", "", is_person=False, key="cronofy-secret")
    target = read_target("/v1/smart_invites")
    match = OperationTable(OPERATIONS).match("GET", target)
    incoming = Incoming("GET", "/v1/smart_invites", [], Body(b""), "request-1")
    sender, asked = Sender(upstream, vault(kit(clock), A)), Asked("GET", "request-1", match, caller)
    sending = sender.send_with_other_secret(incoming, asked, target, None, replies[0])
    if code:
        with pytest.raises(CronofyUnavailable) as caught:
            await sending
        assert caught.value.code == code
    else:
        assert (await sending).status == statuses[-1]
    assert replies[0].closed
    assert upstream.shown == ["Bearer other-secret"] * (len(statuses) - 1)
    took_it = statuses[-1] in {200, 404}
    assert sender.secrets.current(application) == ("other-secret" if took_it else "cronofy-secret")


@dataclass
class Upstream:
    """Gives one answer after the other."""

    replies: list[FakeReply]
    shown: list[str] = field(default_factory=list)

    async def send(self, _method: str, _url: str, headers: Pairs, _body: object) -> FakeReply:
        self.shown += [value for name, value in headers if name == "Authorization"]
        return self.replies.pop(0)

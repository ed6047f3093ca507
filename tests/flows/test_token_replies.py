"""What Cronofy's token endpoint answered: handed out, passed on, or of no use."""

import pytest

from gateway.flows.ports import ApiReply
from gateway.rules.client import OnUngranted
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import client, kit, token_reply
from tests.flows.test_tokens import code_request, door


@pytest.mark.parametrize(("policy", "refused"), [(OnUngranted.REFUSE, True), (OnUngranted.WARN, False)])
async def test_a_grant_without_free_busy_write_yields_no_tokens(
    clock: FakeClock, policy: OnUngranted, *, refused: bool
) -> None:
    """A link built past the gateway still ends here."""
    one = kit(clock)
    one.cronofy.tokens.append(token_reply(scope="read_events"))
    story = door(one, client(on_ungranted=policy)).exchange(code_request(), None)
    if not refused:
        assert (await story).status == 200
        return

    with pytest.raises(RequestRefused) as caught:
        await story
    assert caught.value.code == Code.INVALID_SCOPE
    assert await one.bindings.find("access-1") is None


@pytest.mark.parametrize(
    "reply",
    [
        ApiReply(200, b"<html>"),
        ApiReply(200, b'{"access_token":"a"}'),
        ApiReply(200, b"[" * 100_000),
        ApiReply(500, b"oops"),
        ApiReply(302, b""),
        ApiReply(204, b""),
    ],
)
async def test_an_unusable_reply_is_a_502_and_nothing_is_stored(clock: FakeClock, reply: ApiReply) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(reply)
    with pytest.raises(CronofyUnavailable) as caught:
        await door(one).exchange(code_request(), None)

    assert caught.value.code == Code.UPSTREAM_REPLY_INVALID
    assert one.store._records == {}


async def test_cronofys_own_error_is_passed_on(clock: FakeClock) -> None:
    one = kit(clock)
    refusal = ApiReply(400, b'{"error":"invalid_grant","error_description":"unknown_or_used"}')
    one.cronofy.tokens.append(refusal)

    assert await door(one).exchange(code_request(), None) == refusal


@pytest.mark.parametrize("reply", [ApiReply(400, b'{"error":"invalid_client"}'), ApiReply(401, b"")])
async def test_a_refusal_of_the_applications_credentials_is_not_the_clients_fault(
    clock: FakeClock, reply: ApiReply
) -> None:
    """Told `invalid_client`, the app's team would rotate a secret that is right."""
    one = kit(clock)
    one.cronofy.tokens.append(reply)
    with pytest.raises(CronofyUnavailable) as caught:
        await door(one).exchange(code_request(), None)
    assert caught.value.code == Code.APPLICATION_CREDENTIALS_REFUSED

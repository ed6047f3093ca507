"""The revocation endpoint's story."""

import json
from typing import Any

import pytest

from gateway.flows.ports import ApiReply
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import client, kit, registry, revoke_door, token_reply
from tests.flows.test_tokens import code_request, door


def _revoke(**named: Any) -> dict[str, Any]:
    return {"client_id": "a", "client_secret": "a-secret", **named}


@pytest.mark.parametrize("named", [{"token": "refresh-1"}, {"refresh_token": "refresh-1"}, {"sub": "acc_1"}])
async def test_a_revocation_ends_all_of_the_callers_bindings_for_the_account(
    clock: FakeClock, named: dict[str, str]
) -> None:
    """The Node SDK calls the field refresh_token; Cronofy documents token."""
    one = kit(clock)
    tokens = door(one, client("a"), client("b"))
    one.cronofy.tokens.append(token_reply())
    await tokens.exchange(code_request("a"), None)
    reply = await revoke_door(one, tokens.registry).revoke(_revoke(**named, request_pii_erasure=True), None)

    assert reply == ApiReply(200, b"")
    what, sent = one.cronofy.asked[-1]
    assert what == "revoke main"
    expected = {"sub": "acc_1"} if "sub" in named else {"token": "refresh-1"}
    credentials = {"client_id": "cronofy-id", "client_secret": "cronofy-secret"}
    assert sent == {**credentials, **expected, "request_pii_erasure": True}
    assert await one.bindings.find("access-1") is None
    assert await one.bindings.find("refresh-1") is None


@pytest.mark.parametrize("named", [{"token": "refresh-1"}, {"sub": "acc_1"}, {"token": "unknown"}, {"sub": "acc_9"}])
async def test_a_revocation_of_what_is_anothers_answers_200_and_sends_nothing(
    clock: FakeClock, named: dict[str, str]
) -> None:
    one = kit(clock)
    tokens = door(one, client("a"), client("b"))
    one.cronofy.tokens.append(token_reply())
    await tokens.exchange(code_request("b"), None)

    assert await revoke_door(one, tokens.registry).revoke(_revoke(**named), None) == ApiReply(200, b"")
    assert one.cronofy.count("revoke") == 0
    assert await one.bindings.find("refresh-1") is not None


async def test_a_revocation_has_to_name_something(clock: FakeClock) -> None:
    with pytest.raises(RequestRefused) as caught:
        await revoke_door(kit(clock), registry(client("a"))).revoke(_revoke(), None)
    assert caught.value.code == Code.INVALID_REQUEST


async def test_a_failed_revocation_forgets_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    tokens = door(one, client("a"))
    one.cronofy.tokens.append(token_reply())
    one.cronofy.revocations.append(ApiReply(400, json.dumps({"error": "invalid_request"}).encode()))
    await tokens.exchange(code_request("a"), None)
    reply = await revoke_door(one, tokens.registry).revoke(_revoke(token="refresh-1"), None)

    assert reply.status == 400
    assert await one.bindings.find("refresh-1") is not None

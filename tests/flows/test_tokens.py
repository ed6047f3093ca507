"""The token endpoint's stories."""

import json
from typing import Any

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.tokens import RevokeDoor, TokenDoor
from gateway.rules.access_mode import AccessMode
from gateway.rules.client import Client, OnUngranted
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, callbacks, client, kit, registry, token_door, token_reply


def door(one: Kit, *clients: Client) -> TokenDoor:
    return token_door(one, registry(*clients))


def code_request(name: str = "app", **changes: str) -> dict[str, str]:
    return {
        "client_id": name,
        "client_secret": f"{name}-secret",
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": f"https://{name}.test/cb",
        **changes,
    }


def refresh_request(name: str = "app", token: str = "refresh-1") -> dict[str, str]:
    return {
        "client_id": name,
        "client_secret": f"{name}-secret",
        "grant_type": "refresh_token",
        "refresh_token": token,
    }


async def test_cronofy_sees_the_applications_credentials_and_the_client_its_tokens(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply())
    reply = await door(one).exchange(code_request(), None)

    assert reply == token_reply()
    ((_, sent),) = one.cronofy.asked
    assert sent == {
        "client_id": "cronofy-id",
        "client_secret": "cronofy-secret",
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://app.test/cb",
    }
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://other.test/cb"}, Code.INVALID_GRANT),
        ({"redirect_uri": ""}, Code.INVALID_REQUEST),
        ({"code": ""}, Code.INVALID_REQUEST),
        ({"grant_type": ""}, Code.INVALID_REQUEST),
        ({"grant_type": "password"}, Code.UNSUPPORTED_GRANT_TYPE),
        ({"client_secret": "wrong"}, Code.INVALID_CLIENT),
        ({"client_id": ""}, Code.INVALID_CLIENT),
    ],
)
async def test_a_refused_exchange_asks_cronofy_nothing(clock: FakeClock, changes: dict[str, str], code: Code) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await door(one).exchange(code_request(**changes), None)

    assert caught.value.code == code
    assert one.cronofy.asked == []


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


async def test_a_refresh_of_an_older_grant_only_warns(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply(scope="read_events", sub=None, linking_profile=None))

    assert (await door(one).exchange(refresh_request(), None)).status == 200


async def test_a_refresh_token_is_good_for_its_own_clients_only(clock: FakeClock) -> None:
    one = kit(clock)
    both = door(one, client("a"), client("b"))
    one.cronofy.tokens.extend([token_reply(), token_reply("access-2", sub=None)])
    await both.exchange(code_request("a"), None)
    with pytest.raises(RequestRefused) as caught:
        await both.exchange(refresh_request("b"), None)
    assert caught.value.code == Code.INVALID_GRANT

    assert (await both.exchange(refresh_request("a"), None)).status == 200
    found = await one.bindings.find("access-2")
    assert found is not None
    assert (found.clients, found.account) == (("a",), "acc_1")


async def test_an_unknown_refresh_token_is_adopted_only_by_the_applications_only_client(clock: FakeClock) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await door(one, client("a"), client("b")).exchange(refresh_request("a"), None)
    assert caught.value.code == Code.INVALID_GRANT
    assert one.cronofy.asked == []

    one.cronofy.tokens.append(token_reply(sub=None))
    assert (await door(one, client("a")).exchange(refresh_request("a"), None)).status == 200


async def test_a_delegated_accounts_code_comes_to_its_own_clients_callback_url(clock: FakeClock) -> None:
    one = kit(clock)
    both = door(one, client("a"), client("b"))
    url = "https://hooks.test/cronofy?account=7"
    book = callbacks(one, registry(client("a"))).book
    await book.remember_passed_on(client("a"), url, parent="ser_1")
    one.cronofy.tokens.append(token_reply())
    assert (await both.exchange(code_request("a", redirect_uri=url), None)).status == 200

    with pytest.raises(RequestRefused) as caught:
        await both.exchange(code_request("b", redirect_uri=url), None)
    assert caught.value.code == Code.INVALID_GRANT


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
    reply = await RevokeDoor(tokens).revoke(_revoke(**named, request_pii_erasure=True), None)

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

    assert await RevokeDoor(tokens).revoke(_revoke(**named), None) == ApiReply(200, b"")
    assert one.cronofy.count("revoke") == 0
    assert await one.bindings.find("refresh-1") is not None


async def test_a_revocation_has_to_name_something(clock: FakeClock) -> None:
    with pytest.raises(RequestRefused) as caught:
        await RevokeDoor(door(kit(clock), client("a"))).revoke(_revoke(), None)
    assert caught.value.code == Code.INVALID_REQUEST


async def test_a_failed_revocation_forgets_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    tokens = door(one, client("a"))
    one.cronofy.tokens.append(token_reply())
    one.cronofy.revocations.append(ApiReply(400, json.dumps({"error": "invalid_request"}).encode()))
    await tokens.exchange(code_request("a"), None)
    reply = await RevokeDoor(tokens).revoke(_revoke(token="refresh-1"), None)

    assert reply.status == 400
    assert await one.bindings.find("refresh-1") is not None

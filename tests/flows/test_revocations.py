"""The revocation endpoint's story."""

import json
from typing import Any

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.stored_connection import connection_id
from gateway.rules.client import Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused, StoreUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import (
    Kit,
    StoreAway,
    client,
    erasure,
    kit,
    registry,
    revoke_door,
    token_reply,
    userinfo_reply,
)
from tests.flows.test_tokens import code_request, door, refresh_request


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


KEEPER = client("a", custody=Custody.GATEWAY)
OTHER = client("b", custody=Custody.GATEWAY)


async def kept(one: Kit, name: str = "a", *, profile: str = "pro_1", account: str = "acc_1") -> dict[str, Any]:
    """Sign somebody in with a client whose tokens the gateway keeps, and return the answer."""
    linked = {"provider_name": "google", "profile_id": profile}
    one.cronofy.tokens.append(token_reply(f"access-{name}", linking_profile=linked, sub=account))
    answer: dict[str, Any] = json.loads((await door(one, KEEPER, OTHER).exchange(code_request(name), None)).body)
    return answer


async def end(one: Kit, **named: Any) -> None:
    reply = await revoke_door(one, registry(KEEPER, OTHER)).revoke(_revoke(**named), None)
    assert reply == ApiReply(200, b"")


async def left(one: Kit) -> dict[str, int]:
    return {kind: len(await one.store.list_ids(kind)) for kind in ("connection", "handle", "session", "modes")}


@pytest.mark.parametrize("name", ["token", "refresh_token"])
@pytest.mark.parametrize("which", ["access_token", "refresh_token", "sub"])
async def test_any_handle_or_the_sub_ends_all_that_the_client_has_of_the_account(
    clock: FakeClock, which: str, name: str
) -> None:
    one = kit(clock)
    answer = await kept(one)
    await kept(one)
    other = await kept(one, account="acc_2")
    stored = await one.connections.load(connection_id(KEEPER, "acc_1"))
    assert stored is not None
    data = {"connection": stored.id, "account": "acc_1", "profile": {"profile_id": "pro_1"}}
    await erasure(one, registry(KEEPER, OTHER)).sessions.create(KEEPER, data)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    await end(one, **({"sub": "acc_1"} if which == "sub" else {name: answer[which]}), request_pii_erasure=True)

    what, sent = one.cronofy.asked[-1]
    assert what == "revoke main"
    assert {key: sent[key] for key in sent if not key.startswith("client_")} == {
        "token": "refresh-1",
        "request_pii_erasure": True,
    }
    assert await left(one) == {"connection": 1, "handle": 2, "session": 0, "modes": 1}
    assert await one.handles.find(other["access_token"]) is not None
    with pytest.raises(RequestRefused) as caught:
        await door(one, KEEPER, OTHER).exchange(refresh_request("a", answer["refresh_token"]), None)
    assert caught.value.code == Code.INVALID_GRANT


async def test_an_access_handle_that_has_expired_still_revokes(clock: FakeClock) -> None:
    one = kit(clock)
    answer = await kept(one)
    clock.pass_time(3_600 + 60)
    one.cronofy.tokens.append(token_reply("access-2"))
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    await end(one, token=answer["access_token"])
    assert await left(one) == {"connection": 0, "handle": 0, "session": 0, "modes": 0}


async def test_what_is_not_the_clients_own_answers_200_and_sends_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    answer = await kept(one, "b")
    asked, before = len(one.cronofy.asked), await left(one)
    foreign = [
        {"token": answer["access_token"]},
        {"token": answer["refresh_token"]},
        {"token": "refresh-1"},
        {"token": "unknown"},
        {"token": "cgr_" + "x" * 43},
        {"sub": "acc_1"},
        {"sub": "acc_9"},
        {"token": "unknown", "sub": "acc_1"},
    ]
    for named in foreign:
        await end(one, **named)
    assert (len(one.cronofy.asked), await left(one)) == (asked, before)


async def test_where_another_client_hangs_on_the_account_only_the_profile_is_ended(clock: FakeClock) -> None:
    """Revoking the token would end the other client's connection too."""
    one = kit(clock)
    answer = await kept(one, profile="pro_1")
    other = await kept(one, "b", profile="pro_2")
    await end(one, token=answer["refresh_token"])

    assert one.cronofy.asked[-1] == ("profile main", ("access-a", "pro_1"))
    assert one.cronofy.count("revoke") == 0
    assert await one.handles.find(other["access_token"]) is not None
    assert await one.connections.load(connection_id(OTHER, "acc_1")) is not None
    assert await one.connections.load(connection_id(KEEPER, "acc_1")) is None


async def test_an_app_that_keeps_its_tokens_hangs_on_the_account_as_well(clock: FakeClock) -> None:
    one = kit(clock)
    answer = await kept(one)
    await one.bindings.remember(OTHER, read_token_reply(token_reply().body), account="acc_1", scope="s")
    await end(one, token=answer["refresh_token"])
    assert (one.cronofy.count("profile"), one.cronofy.count("revoke")) == (1, 0)


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        ({"pro_1": "google"}, "revoke"),
        ({"pro_1": "google", "pro_2": "google"}, "revoke"),
        ({"pro_1": "google", "pro_3": "google"}, "profile"),
        (None, "profile"),
    ],
)
async def test_profiles_that_came_otherwise_are_left_alone(
    clock: FakeClock, told: dict[str, str] | None, ended: str
) -> None:
    """Where it cannot be known what else is linked, the client's own profiles are all that may be ended."""
    one = kit(clock)
    await kept(one, profile="pro_1")
    answer = await kept(one, profile="pro_2")
    one.cronofy.userinfos.append(userinfo_reply(**told) if told else ApiReply(500, b""))
    await end(one, sub="acc_1")

    assert (one.cronofy.count("revoke"), one.cronofy.count("profile")) == ((1, 0) if ended == "revoke" else (0, 2))
    assert await one.handles.find(answer["access_token"]) is None


@pytest.mark.parametrize("status", [500, 400, 302])
async def test_while_cronofy_refuses_nothing_is_lost(clock: FakeClock, status: int) -> None:
    one = kit(clock)
    answer = await kept(one)
    before = dict(one.store._records)
    one.cronofy.userinfos += [userinfo_reply(pro_1="google"), userinfo_reply(pro_1="google")]
    one.cronofy.revocations.append(ApiReply(status, b""))
    with pytest.raises(CronofyUnavailable):
        await end(one, token=answer["refresh_token"])
    assert {key: one.store._records[key] for key in before if key[0] != "modes"} == {
        key: before[key] for key in before if key[0] != "modes"
    }

    await end(one, token=answer["refresh_token"])
    assert await left(one) == {"connection": 0, "handle": 0, "session": 0, "modes": 0}


async def test_while_the_store_is_away_the_same_handle_can_be_named_again(clock: FakeClock) -> None:
    one = kit(clock)
    answer = await kept(one)
    one.cronofy.userinfos += [userinfo_reply(pro_1="google"), userinfo_reply(pro_1="google")]
    doors = revoke_door(one, registry(KEEPER, OTHER))
    away = StoreAway(one.store, "delete")
    one.records.store = away
    with pytest.raises(StoreUnavailable):
        await doors.revoke(_revoke(token=answer["refresh_token"]), None)
    away.is_away = False
    await end(one, token=answer["refresh_token"])

    assert await left(one) == {"connection": 0, "handle": 0, "session": 0, "modes": 0}


async def test_a_token_from_before_the_handles_ends_it_all_as_well(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply())
    await door(one, client("a"), client("b")).exchange(code_request("a"), None)
    await end(one, token="refresh-1")

    assert one.cronofy.asked[-1][1]["sub"] == "acc_1"
    assert await one.bindings.find("refresh-1") is None


async def test_a_token_of_which_the_account_was_never_learnt_is_revoked_by_itself(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply(sub=None))
    await door(one, client("a")).exchange(refresh_request("a", "adopted"), None)
    await end(one, token="refresh-1")
    assert one.cronofy.asked[-1][1]["token"] == "refresh-1"

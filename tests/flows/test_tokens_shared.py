"""Apps of several clients hold the same refresh token of one account, and go on with it whoever replaced it."""

import json

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.refreshes import REMEMBERED
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, connected, kit, registry, token_door, token_reply, vault

A, B = client("a"), client("b")


async def refresh(one: Kit, name: str, token: str) -> ApiReply:
    fields = {
        "client_id": name,
        "client_secret": f"{name}-secret",
        "grant_type": "refresh_token",
        "refresh_token": token,
    }
    return await token_door(one, registry(A, B)).exchange(fields, None)


async def bound(one: Kit) -> None:
    """Let both clients have been handed refresh-1, as Cronofy does."""
    for each in (A, B):
        await one.bindings.remember_refresh(each, "refresh-1", account="acc_1", scope="free_busy_write")


def renewal(number: int) -> ApiReply:
    return token_reply(f"access-{number}", f"refresh-{number}", sub=None, linking_profile=None)


@pytest.mark.parametrize("wait", [0.0, REMEMBERED + 1, 50_000.0])
async def test_a_client_whose_refresh_token_another_one_replaced_lives_on(clock: FakeClock, wait: float) -> None:
    """With strict rotation the second client's token is dead at Cronofy from then on, and nobody tells it."""
    one = kit(clock)
    await bound(one)
    one.cronofy.tokens.extend([renewal(2), renewal(3)])
    await refresh(one, "a", "refresh-1")
    clock.pass_time(wait)
    reply = json.loads((await refresh(one, "b", "refresh-1")).body)

    assert reply["access_token"] == ("access-3" if wait > 3_600 else "access-2")
    assert [sent["refresh_token"] for _, sent in one.cronofy.asked] == ["refresh-1", "refresh-2"][: 1 + (wait > 3_600)]


async def test_an_app_lives_on_beside_a_session_of_the_same_account(clock: FakeClock) -> None:
    one = kit(clock)
    await bound(one)
    stored = await connected(one, A)
    clock.pass_time(3_600)
    one.cronofy.tokens.append(renewal(2))
    assert (await vault(one, A, B).fresh(stored.id)).bearer == "access-2"
    clock.pass_time(1_000)

    assert json.loads((await refresh(one, "b", "refresh-1")).body)["refresh_token"] == "refresh-2"
    assert one.cronofy.count("token") == 1

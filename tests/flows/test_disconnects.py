"""Ending a connection without ending more than was asked for."""

import pytest

from gateway.flows.disconnects import Disconnects
from gateway.flows.ports import ApiReply
from gateway.flows.stored_connection import Stored
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import (
    APPLICATION,
    Kit,
    StoreAway,
    client,
    connected,
    delegations,
    kit,
    registry,
    token_reply,
    userinfo_reply,
    vault,
)

A, B = client("a"), client("b")
AWAY = CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")
ALONE, LINKED = userinfo_reply(pro_1="google"), userinfo_reply(pro_1="google", pro_2="office365")


def disconnects(one: Kit) -> Disconnects:
    return Disconnects(
        one.connections, one.bindings, one.modes, vault(one, A, B), one.cronofy, delegations(one, registry(A, B))
    )


async def signed_in(one: Kit, userinfo: ApiReply | CronofyUnavailable = ALONE) -> Stored:
    """Return a connection whose account answers userinfo like this."""
    one.cronofy.userinfos.append(userinfo)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.READ_WRITE))
    return await connected(one, A)


def ended(one: Kit) -> list[str]:
    """Return what Cronofy was told to end."""
    return [what.partition(" ")[0] for what, _ in one.cronofy.asked if not what.startswith("userinfo")]


async def state(one: Kit, stored: Stored) -> str | None:
    found = await one.connections.load(stored.id)
    return found.connection.state if found else None


@pytest.mark.parametrize(("keep", "left"), [(False, None), (True, "reconnect_required")])
async def test_where_nothing_else_hangs_on_it_the_whole_authorization_ends(
    clock: FakeClock, *, keep: bool, left: str | None
) -> None:
    """With `keep` the record stays, marked, for the sign-in that follows."""
    one = kit(clock)
    stored = await signed_in(one)
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == ["revoke"]
    sent = one.cronofy.asked[-1][1]
    assert sent == {"client_id": "cronofy-id", "client_secret": "cronofy-secret", "token": "refresh-1"}
    assert await state(one, stored) == left
    assert await one.modes.known(APPLICATION, "acc_1") is None


@pytest.mark.parametrize(("keep", "left"), [(False, "active"), (True, "reconnect_required")])
async def test_an_account_with_other_calendars_loses_the_one_profile(
    clock: FakeClock, *, keep: bool, left: str
) -> None:
    """The token would take the other calendars along, so the connection lives on for them."""
    one = kit(clock)
    stored = await signed_in(one, LINKED)
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == ["profile"]
    assert one.cronofy.asked[-1][1] == ("access-1", "pro_1")
    assert await state(one, stored) == left


@pytest.mark.parametrize("keep", [False, True])
async def test_another_clients_connection_is_not_taken_along(clock: FakeClock, *, keep: bool) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    theirs = await connected(one, B)
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == ["profile"]
    assert await state(one, theirs) == "active"


@pytest.mark.parametrize("keep", [False, True])
async def test_a_client_that_has_no_calendar_left_does_not_stay_on_anothers(clock: FakeClock, *, keep: bool) -> None:
    """Cronofy's token is for the whole account, so its backend and its handles would go on reading B's calendar."""
    one = kit(clock)
    stored = await signed_in(one)
    await connected(one, B)
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == ["profile"]
    assert await state(one, stored) == ("reconnect_required" if keep else None)
    assert not await one.bindings.has_account(A, "acc_1")


async def test_a_client_with_another_calendar_of_its_own_stays(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    await connected(one, A, linking_profile={"provider_name": "google", "profile_id": "pro_2"})
    await connected(one, B)
    await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert await state(one, stored) == "active"


async def test_nor_are_another_clients_tokens_of_the_drop_in_door(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    await one.bindings.remember(B, read_token_reply(token_reply().body), account="acc_1", scope="s")
    await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert ended(one) == ["profile"]


async def test_what_hangs_on_another_account_does_not_count(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    await connected(one, B, sub="acc_2")
    await one.bindings.remember(B, read_token_reply(token_reply("x", "y").body), account="acc_2", scope="s")
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert ended(one) == ["revoke"]


async def test_a_lost_connection_of_another_client_does_not_count_either(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    await one.connections.require_reconnect(await connected(one, B), lost_by="refused")
    await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert ended(one) == ["revoke"]


@pytest.mark.parametrize("userinfo", [AWAY, ApiReply(500, b""), ApiReply(200, b"?")])
async def test_where_the_other_calendars_cannot_be_known_only_the_profile_ends(
    clock: FakeClock, userinfo: ApiReply | CronofyUnavailable
) -> None:
    """What the sign-in told names one profile, which does not mean that there is one."""
    one = kit(clock)
    stored = await signed_in(one, userinfo)
    await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert ended(one) == ["profile"]


async def test_without_a_profile_there_is_only_the_token(clock: FakeClock) -> None:
    """A service account has none."""
    one = kit(clock)
    stored = await connected(one, A, sub="ser_1", linking_profile=None)
    await disconnects(one).end(stored.id, "", keep=False)

    assert ended(one) == ["revoke"]
    assert await state(one, stored) is None


@pytest.mark.parametrize(("keep", "left"), [(False, None), (True, "reconnect_required")])
async def test_what_cronofy_ended_already_is_only_tidied_up(clock: FakeClock, *, keep: bool, left: str | None) -> None:
    one = kit(clock)
    stored = await one.connections.require_reconnect(await signed_in(one), lost_by="refused")
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == []
    assert await state(one, stored) == left


@pytest.mark.parametrize("keep", [False, True])
async def test_an_authorization_that_turns_out_to_be_dead_is_tidied_up_too(clock: FakeClock, *, keep: bool) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    clock.pass_time(3600)
    one.cronofy.tokens.append(ApiReply(400, b'{"error":"invalid_grant"}'))
    await disconnects(one).end(stored.id, "pro_1", keep=keep)

    assert ended(one) == ["token"]
    assert await state(one, stored) == ("reconnect_required" if keep else None)


async def test_a_connection_that_is_gone_is_no_error(clock: FakeClock) -> None:
    one = kit(clock)
    await disconnects(one).end("gone", "pro_1", keep=False)
    assert one.cronofy.asked == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_profile_that_cronofy_does_not_know_any_more_is_ended(clock: FakeClock, status: int) -> None:
    one = kit(clock)
    stored = await signed_in(one, LINKED)
    one.cronofy.revocations.append(ApiReply(status, b""))
    await disconnects(one).end(stored.id, "pro_1", keep=True)

    assert await state(one, stored) == "reconnect_required"


@pytest.mark.parametrize("userinfo", [ALONE, LINKED], ids=["token", "profile"])
@pytest.mark.parametrize("status", [400, 403, 429, 500, 302])
async def test_where_cronofy_refuses_nothing_was_ended(clock: FakeClock, status: int, userinfo: ApiReply) -> None:
    """The person is told so and tries again, instead of believing that the calendar is disconnected."""
    one = kit(clock)
    stored = await signed_in(one, userinfo)
    one.cronofy.revocations.append(ApiReply(status, b""))
    with pytest.raises(CronofyUnavailable) as caught:
        await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert "nothing was ended" in caught.value.public
    assert caught.value.headers["Retry-After"]
    assert await one.connections.load(stored.id) == stored


async def test_where_it_cannot_be_known_who_else_hangs_on_it_nothing_is_ended(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one)
    one.records.store = StoreAway(one.store, "list_ids")
    with pytest.raises(StoreUnavailable):
        await disconnects(one).end(stored.id, "pro_1", keep=False)

    assert ended(one) == []


async def test_a_token_that_expired_is_renewed_to_end_its_profile(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await signed_in(one, LINKED)
    clock.pass_time(3600)
    one.cronofy.tokens.append(token_reply("access-2", sub=None))
    await disconnects(one).end(stored.id, "pro_1", keep=True)

    assert one.cronofy.asked[-1][1] == ("access-2", "pro_1")
    assert await state(one, stored) == "reconnect_required"

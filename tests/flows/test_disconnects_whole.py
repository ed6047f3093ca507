"""Ending all that a client has of an account, or the account itself, for an operator."""

import pytest

from gateway.flows.disconnects import Disconnects, Ended
from gateway.flows.ports import ApiReply
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import Client
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, delegations, kit, registry, token_reply, vault

A, B = client("a"), client("b")


def disconnects(one: Kit) -> Disconnects:
    return Disconnects(
        one.connections, one.bindings, one.modes, vault(one, A, B), one.cronofy, delegations(one, registry(A, B))
    )


async def held_by_app(one: Kit, whose: Client, account: str = "acc_1") -> None:
    """Let a client's app hold tokens for the account, as the drop-in door hands them out."""
    tokens = read_token_reply(token_reply("app-access", "app-refresh").body)
    await one.bindings.remember(whose, tokens, account=account, scope="s")


async def test_a_whole_account_ends_by_the_newest_connections_token(clock: FakeClock) -> None:
    """A token that was replaced means nothing to Cronofy, which answers 200 all the same (RFC 7009)."""
    one = kit(clock)
    await connected(one, A, refresh_token="replaced")
    clock.pass_time(10)
    await connected(one, B, refresh_token="newest")
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.READ_WRITE))

    assert await disconnects(one).end_account(APPLICATION, "acc_1") is Ended.AUTHORIZATION
    assert one.cronofy.asked == [
        ("revoke main", {"client_id": "cronofy-id", "client_secret": "cronofy-secret", "token": "newest"})
    ]
    assert await one.modes.known(APPLICATION, "acc_1") is None


@pytest.mark.parametrize("case", ["no connection", "a lost connection", "an app holds tokens too"])
async def test_where_the_present_token_is_not_held_for_certain_the_account_itself_is_named(
    clock: FakeClock, case: str
) -> None:
    """An app refreshes by itself; a lost connection may have had a successor whose answer was lost."""
    one = kit(clock)
    if case != "no connection":
        stored = await connected(one, B)
        if case == "a lost connection":
            await one.connections.require_reconnect(stored, lost_by="interrupted")
    if case != "a lost connection":
        await held_by_app(one, A)
    await disconnects(one).end_account(APPLICATION, "acc_1")

    (what, sent), *_ = one.cronofy.asked
    assert (what, sent.get("sub"), sent.get("token")) == ("revoke main", "acc_1", None)


async def test_a_client_that_is_alone_ends_the_whole_authorization_with_every_profile(clock: FakeClock) -> None:
    """The other profiles are this client's own as well."""
    one = kit(clock)
    await connected(one, A)
    await connected(one, B, sub="acc_2")

    assert await disconnects(one).end_client(A, APPLICATION, "acc_1", ["pro_1"]) is Ended.AUTHORIZATION
    assert [what for what, _ in one.cronofy.asked] == ["revoke main"]


@pytest.mark.parametrize("door", ["browser", "drop-in"])
async def test_beside_another_client_only_its_own_profiles_end(clock: FakeClock, door: str) -> None:
    one = kit(clock)
    await connected(one, A)
    await (connected(one, B) if door == "browser" else held_by_app(one, B))

    assert await disconnects(one).end_client(A, APPLICATION, "acc_1", ["pro_1", "pro_2"]) is Ended.PROFILES
    assert one.cronofy.asked == [("profile main", ("access-1", "pro_1")), ("profile main", ("access-1", "pro_2"))]


@pytest.mark.parametrize("case", ["no profile known", "no connection", "a lost connection"])
async def test_beside_another_client_nothing_ends_that_cannot_be_ended_alone(clock: FakeClock, case: str) -> None:
    one = kit(clock)
    await connected(one, B)
    if case != "no connection":
        stored = await connected(one, A)
        if case == "a lost connection":
            await one.connections.require_reconnect(stored, lost_by="refused")
    profiles = [] if case == "no profile known" else ["pro_1"]

    assert await disconnects(one).end_client(A, APPLICATION, "acc_1", profiles) is Ended.NOTHING
    assert one.cronofy.asked == []


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_revocation_that_cronofy_refuses_is_told(clock: FakeClock, status: int) -> None:
    one = kit(clock)
    await connected(one, A)
    one.cronofy.revocations.append(ApiReply(status, b""))
    with pytest.raises(CronofyUnavailable):
        await disconnects(one).end_client(A, APPLICATION, "acc_1", [])

"""Letting a sign-in in by its mode; a refusal disconnects no more than the sign-in connected."""

import pytest

from gateway.flows.ports import ApiReply
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.mode_policy import ModePolicy, OnOtherMode, RevokeRefused
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, admission, client, kit, token_reply, userinfo_reply

NO_ACCESS_ONLY = frozenset({AccessMode.NO_ACCESS})
TOKENS = read_token_reply(token_reply().body)  # free_busy, pro_1 of acc_1
UNNAMED = read_token_reply(token_reply(linking_profile=None).body)


async def admit(one: Kit, tokens: object = TOKENS, **policy: object) -> None:
    modes = ModePolicy(NO_ACCESS_ONLY, **policy)  # type: ignore[arg-type]
    await admission(one).admit(client("a", modes=modes), APPLICATION, tokens)  # type: ignore[arg-type]


async def test_a_mode_that_is_taken_is_learnt(clock: FakeClock) -> None:
    one = kit(clock)
    await admission(one).admit(client("a"), APPLICATION, TOKENS)
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)
    assert one.cronofy.asked == []


async def test_another_mode_is_refused_and_its_new_profile_disconnected(clock: FakeClock) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await admit(one)
    assert caught.value.code is Code.MODE_REFUSED
    assert one.cronofy.asked == [("profile main", ("access-1", "pro_1"))]
    assert await one.modes.known(APPLICATION, "acc_1") is None


@pytest.mark.parametrize("how", [OnOtherMode.WARN, OnOtherMode.ALLOW])
async def test_a_lenient_policy_lets_in(clock: FakeClock, how: OnOtherMode) -> None:
    one = kit(clock)
    await admit(one, on_other_mode=how)
    assert await one.modes.known(APPLICATION, "acc_1") is not None
    assert one.cronofy.asked == []


async def test_a_refused_profile_can_be_left_connected(clock: FakeClock) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused):
        await admit(one, revoke_refused=RevokeRefused.NONE)
    assert one.cronofy.asked == []


@pytest.mark.parametrize("door", ["drop-in", "browser", "nobody"])
async def test_a_profile_that_another_client_lives_on_is_left_alone(clock: FakeClock, door: str) -> None:
    """The same person, the same calendar: b took the mode that a refuses."""
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY))
    if door == "drop-in":
        await one.bindings.remember(client("b"), TOKENS, account="acc_1", scope="free_busy_write")
    if door == "browser":
        await one.connections.connect(client("b"), TOKENS)
    with pytest.raises(RequestRefused):
        await admit(one)

    assert one.cronofy.count("profile") == (1 if door == "nobody" else 0)
    assert one.cronofy.count("revoke") == 0


async def test_a_new_profile_of_a_linked_account_is_disconnected_and_the_others_stay(clock: FakeClock) -> None:
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_other", AccessMode.NO_ACCESS))
    await one.connections.connect(client("b"), TOKENS)
    with pytest.raises(RequestRefused):
        await admit(one)
    assert one.cronofy.asked == [("profile main", ("access-1", "pro_1"))]


async def test_a_reply_that_names_no_profile_is_looked_up_where_a_policy_depends_on_it(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    with pytest.raises(RequestRefused):
        await admit(one, UNNAMED)
    assert one.cronofy.count("userinfo") == 1
    assert one.cronofy.count("profile") == 0

    await admission(one).admit(client("b"), APPLICATION, UNNAMED)
    assert one.cronofy.count("userinfo") == 1


async def test_cronofy_away_at_the_disconnection_does_not_let_anybody_in(clock: FakeClock) -> None:
    one = kit(clock)

    async def away(*_args: object) -> ApiReply:
        raise CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")

    one.cronofy.revoke_profile = away  # type: ignore[assignment,method-assign]
    with pytest.raises(RequestRefused) as caught:
        await admit(one)
    assert caught.value.code is Code.MODE_REFUSED

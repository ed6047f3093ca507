"""Learning modes: shared, bounded, remembered, and never in the way."""

import asyncio

import pytest

from gateway.flows.modes import DOUBT_EVERY, FAILED_FOR, FRESH_FOR, ModeBook
from gateway.flows.ports import ApiReply, Record
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.look_up_budget import LookUpBudget
from gateway.rules.userinfo import read_userinfo
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, kit, userinfo_reply

TOKEN = "token-1"
FREE_BUSY = Profile("pro_1", AccessMode.FREE_BUSY)


async def _learnt(one: Kit) -> None:
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google_free_busy"))
    await one.modes.look_up(APPLICATION, TOKEN)


async def test_what_an_exchange_told_is_known_but_not_the_whole(clock: FakeClock) -> None:
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY))
    known = await one.modes.known(APPLICATION, "acc_1")

    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)
    assert one.modes.needs_look_up(known)


async def test_what_somebody_else_asked_userinfo_is_known_as_well(clock: FakeClock) -> None:
    one = kit(clock)
    modes = read_userinfo(userinfo_reply(pro_1="google").body, now=clock.now())
    await one.modes.learn_whole(APPLICATION, modes)

    for book in (one.modes, ModeBook(one.records, one.cronofy, clock, one.metrics)):
        known = await book.known(APPLICATION, "acc_1")
        assert known is not None
        assert known.all() == (AccessMode.READ_WRITE,)
        assert not book.needs_look_up(known)
    assert one.cronofy.asked == []


async def test_a_look_up_learns_every_profile_and_calendar(clock: FakeClock) -> None:
    one = kit(clock)
    await _learnt(one)
    known = await one.modes.known_for(APPLICATION, "", TOKEN)

    assert known is not None
    assert known.of_calendar("cal_pro_1") is AccessMode.READ_WRITE
    assert known.of_calendar("cal_pro_2") is AccessMode.FREE_BUSY
    assert not one.modes.needs_look_up(known)
    clock.pass_time(FRESH_FOR)
    assert one.modes.needs_look_up(known)


async def test_a_profile_in_another_mode_than_before_is_counted(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.extend(
        [userinfo_reply(pro_1="google"), userinfo_reply(pro_1="google_free_busy", pro_2="cronofy")]
    )
    for _ in range(2):
        await one.modes.look_up(APPLICATION, TOKEN)
    sample = one.metrics.registry.get_sample_value
    assert sample("gateway_mode_changes_total", {"before": "read_write", "after": "free_busy"}) == 1
    assert sample("gateway_mode_changes_total", {"before": "no_access", "after": "no_access"}) is None


async def test_a_restart_forgets_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    await _learnt(one)
    restarted = ModeBook(one.records, one.cronofy, clock, one.metrics)

    assert await restarted.known(APPLICATION, "acc_1") == await one.modes.known(APPLICATION, "acc_1")


def another_node(one: Kit) -> ModeBook:
    return ModeBook(one.records, one.cronofy, one.clock, one.metrics)


async def test_what_another_node_learnt_is_known_here_within_two_seconds(clock: FakeClock) -> None:
    one = kit(clock)
    there = another_node(one)
    await one.modes.learn(APPLICATION, "acc_1", FREE_BUSY)
    assert await there.known(APPLICATION, "acc_1") == await one.modes.known(APPLICATION, "acc_1")
    clock.pass_time(1)
    await there.learn(APPLICATION, "acc_1", Profile("pro_2", AccessMode.NO_ACCESS))

    clock.pass_time(2)
    for book in (one.modes, there):
        known = await book.known(APPLICATION, "acc_1")
        assert known is not None
        assert known.all() == (AccessMode.FREE_BUSY, AccessMode.NO_ACCESS)
    await there.forget(APPLICATION, "acc_1")
    clock.pass_time(2)
    assert await one.modes.known(APPLICATION, "acc_1") is None


async def test_the_store_is_asked_about_an_account_in_use_every_two_seconds(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by fifty calls at once, and while it is away."""
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", FREE_BUSY)
    reads, get = 0, one.store.get

    async def counting(kind: str, record_id: str) -> Record | None:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        if reads > 5:
            raise StoreUnavailable("away")
        return await get(kind, record_id)

    monkeypatch.setattr(one.store, "get", counting)
    for _ in range(100):
        clock.pass_time(0.2)
        found = await asyncio.gather(*(one.modes.known(APPLICATION, "acc_1") for _ in range(50)))
        assert {each.all() for each in found if each} == {(AccessMode.FREE_BUSY,)}
        assert None not in found
    assert 9 <= reads <= 10


async def test_what_could_not_be_written_is_not_lost_to_what_the_store_still_has(clock: FakeClock) -> None:
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", FREE_BUSY)
    one.records.store = StoreAway(one.store, "put")
    clock.pass_time(10)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.READ_WRITE))
    await one.modes.learn(APPLICATION, "acc_2", FREE_BUSY)

    clock.pass_time(10)
    for account, mode in (("acc_1", AccessMode.READ_WRITE), ("acc_2", AccessMode.FREE_BUSY)):
        known = await one.modes.known(APPLICATION, account)
        assert known is not None
        assert known.all() == (mode,)

    one.records.store = one.store
    await another_node(one).learn(APPLICATION, "acc_1", FREE_BUSY)
    clock.pass_time(10)
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)


@pytest.mark.parametrize("forgets", [False, True])
async def test_what_is_learnt_or_forgotten_here_while_the_store_answers_counts(
    clock: FakeClock, *, forgets: bool
) -> None:
    one = kit(clock)
    original, reading, go_on = one.store.get, asyncio.Event(), asyncio.Event()

    async def slow(kind: str, record_id: str) -> Record | None:
        record = await original(kind, record_id)
        reading.set()
        await go_on.wait()
        return record

    await one.modes.learn(APPLICATION, "acc_1", FREE_BUSY)
    clock.pass_time(2)
    one.store.get = slow  # type: ignore[method-assign]
    asking = asyncio.ensure_future(one.modes.known(APPLICATION, "acc_1"))
    await reading.wait()
    one.store.get = original  # type: ignore[method-assign]
    if forgets:
        await one.modes.forget(APPLICATION, "acc_1")
    else:
        await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.READ_WRITE))
    go_on.set()
    known = await asking

    assert known == await one.modes.known(APPLICATION, "acc_1")
    assert (known is None) is forgets


async def test_many_callers_share_one_look_up_and_it_outlives_them(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.gate = asyncio.Event()
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    callers = [asyncio.ensure_future(one.modes.look_up(APPLICATION, TOKEN)) for _ in range(50)]
    await asyncio.sleep(0)
    callers[0].cancel()
    one.cronofy.gate.set()
    found = await asyncio.gather(*callers[1:])

    assert one.cronofy.count("userinfo") == 1
    assert {modes.all() for modes in found if modes} == {(AccessMode.READ_WRITE,)}


async def test_two_tokens_are_two_look_ups(clock: FakeClock) -> None:
    """CVE-2026-71326: a single flight whose key collided between users."""
    one = kit(clock)
    one.cronofy.userinfos.extend([userinfo_reply("acc_1", pro_1="google"), userinfo_reply("acc_2", pro_2="cronofy")])
    first, second = await asyncio.gather(one.modes.look_up(APPLICATION, "t1"), one.modes.look_up(APPLICATION, "t2"))

    assert first is not None
    assert second is not None
    assert (first.account, second.account) == ("acc_1", "acc_2")


async def test_a_failed_look_up_is_not_repeated_for_a_while(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.extend(
        [
            CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"),
            ApiReply(401, b""),
            ApiReply(200, b"[]"),
            userinfo_reply(pro_1="google"),
        ]
    )
    for number in range(1, 4):
        assert await one.modes.look_up(APPLICATION, TOKEN) is None
        assert await one.modes.look_up(APPLICATION, TOKEN) is None
        assert one.cronofy.count("userinfo") == number
        clock.pass_time(FAILED_FOR)

    assert await one.modes.look_up(APPLICATION, TOKEN) is not None


async def test_look_ups_take_a_tenth_of_the_rate_limit_at_the_most(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.extend(userinfo_reply(f"acc_{number}", pro="google") for number in range(30))
    found = [await one.modes.look_up(APPLICATION, f"t{number}") for number in range(10)]
    assert sum(modes is not None for modes in found) == one.cronofy.count("userinfo") == 4
    sample = one.metrics.registry.get_sample_value
    assert sample("gateway_mode_lookups_total", {"outcome": "over_budget"}) == 6
    assert sample("gateway_mode_lookup_share", {"application": "main"}) == 0.1

    clock.pass_time(1.1)
    assert await one.modes.look_up(APPLICATION, "t9") is not None


async def test_invented_tokens_cannot_use_up_the_look_ups_of_real_ones(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.extend(userinfo_reply(f"acc_{number}", pro="google") for number in range(3))
    invented = [await one.modes.look_up(APPLICATION, f"invented-{number}", bound=False) for number in range(20)]
    assert sum(modes is not None for modes in invented) == 1
    assert await one.modes.look_up(APPLICATION, "real") is not None


async def test_a_refusal_by_cronofy_makes_the_known_mode_doubtful_now_and_then(clock: FakeClock) -> None:
    one = kit(clock)
    await _learnt(one)
    for passed, doubtful in ((0.0, False), (DOUBT_EVERY, True)):
        clock.pass_time(passed)
        await one.modes.doubt(APPLICATION, "acc_1")
        assert one.modes.needs_look_up(await one.modes.known(APPLICATION, "acc_1")) is doubtful
    await one.modes.doubt(APPLICATION, "acc_unknown")
    assert await one.modes.known(APPLICATION, "acc_unknown") is None


@pytest.mark.parametrize("here", [True, False])
async def test_a_doubt_lasts_until_any_node_has_looked_again(clock: FakeClock, *, here: bool) -> None:
    one = kit(clock)
    await _learnt(one)
    clock.pass_time(DOUBT_EVERY)
    await one.modes.doubt(APPLICATION, "acc_1")
    for _ in range(3):
        clock.pass_time(10)
        assert one.modes.needs_look_up(await one.modes.known(APPLICATION, "acc_1"))

    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    await (one.modes if here else another_node(one)).look_up(APPLICATION, "another token")
    clock.pass_time(2)
    assert not one.modes.needs_look_up(await one.modes.known(APPLICATION, "acc_1"))


async def test_at_most_eight_look_ups_run_at_once(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LookUpBudget, "take", lambda *_, **_more: True)
    one = kit(clock)
    one.cronofy.gate = asyncio.Event()
    one.cronofy.userinfos.extend(userinfo_reply(f"acc_{number}", pro="google") for number in range(30))
    waiting = [asyncio.ensure_future(one.modes.look_up(APPLICATION, f"t{number}")) for number in range(30)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert one.cronofy.count("userinfo") == 8

    one.cronofy.gate.set()
    await asyncio.gather(*waiting)
    assert one.cronofy.count("userinfo") == 30


async def test_closing_ends_what_still_runs(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.gate = asyncio.Event()
    waiting = asyncio.ensure_future(one.modes.look_up(APPLICATION, TOKEN))
    await asyncio.sleep(0)
    await one.modes.close()
    await asyncio.gather(waiting, return_exceptions=True)

    assert waiting.cancelled()

"""A refresh token is used once for any number of callers on any number of nodes, and no answer gets lost."""

import asyncio
import json
import math
from contextlib import suppress

import pytest

from gateway.flows.ports import ApiReply, LeaseLost
from gateway.flows.refresh_journal import Entry, RefreshJournal, refresh_name
from gateway.flows.refresh_outcomes import UnusableReply, remaining
from gateway.flows.refreshes import COOL_OFF, LEASE, REMEMBERED, Refreshes
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, kit, refreshes, token_reply

DEAD = ApiReply(400, b'{"error":"invalid_grant"}')
AWAY = CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")
NAME = refresh_name(APPLICATION, "refresh-1")


def rotated(number: int = 2) -> ApiReply:
    return token_reply(f"access-{number}", f"refresh-{number}", sub=None)


def unchanged(number: int = 2) -> ApiReply:
    return token_reply(f"access-{number}", "refresh-1", sub=None)


async def entry_of(one: Kit) -> Entry | None:
    return await RefreshJournal(one.records, one.clock, 0).find(NAME)


@pytest.mark.parametrize("answer", [rotated(), unchanged(), DEAD], ids=["rotated", "unchanged", "dead"])
async def test_a_hundred_callers_on_three_nodes_ask_once(clock: FakeClock, answer: ApiReply) -> None:
    one = kit(clock)
    nodes = [refreshes(one) for _ in range(3)]
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(answer)
    asking = [asyncio.ensure_future(node.ask(APPLICATION, "refresh-1")) for node in nodes for _ in range(34)]
    await one.cronofy.token_asked.wait()
    one.cronofy.token_gate.set()

    assert {refreshed.reply.body for refreshed in await asyncio.gather(*asking)} == {answer.body}
    assert one.cronofy.count("token") == 1


async def test_a_failure_is_shared_by_the_nodes_and_waited_out(clock: FakeClock) -> None:
    """Three nodes that each wait for a dead endpoint would take three times as long to say so."""
    one = kit(clock)
    first, second = refreshes(one), refreshes(one)
    one.cronofy.tokens.extend([AWAY, rotated()])
    for node in (first, second, first):
        with pytest.raises(CronofyUnavailable) as caught:
            await node.ask(APPLICATION, "refresh-1")
        assert caught.value.code is Code.UPSTREAM_TIMEOUT
        assert node.is_cooling(APPLICATION, "refresh-1")
    assert one.cronofy.count("token") == 1

    clock.pass_time(COOL_OFF)
    assert not second.is_cooling(APPLICATION, "refresh-1")
    assert (await second.ask(APPLICATION, "refresh-1")).reply == rotated()


async def test_cronofys_own_refusal_is_told_to_other_nodes_as_it_was(clock: FakeClock) -> None:
    one = kit(clock)
    limited = ApiReply(429, b'{"error":"rate_limited"}')
    one.cronofy.tokens.append(limited)
    for node in (refreshes(one), refreshes(one)):
        with pytest.raises(UnusableReply) as caught:
            await node.ask(APPLICATION, "refresh-1")
        assert caught.value.reply == limited


async def test_a_replaced_refresh_token_gives_the_same_answer_for_a_while(clock: FakeClock) -> None:
    """An app that lost the answer asks again with what it has; using the old token again could end everything."""
    one = kit(clock)
    one.cronofy.tokens.extend([rotated(), DEAD])
    await refreshes(one).ask(APPLICATION, "refresh-1")
    clock.pass_time(REMEMBERED)
    again = await refreshes(one).ask(APPLICATION, "refresh-1")
    assert again.reply == rotated()
    assert json.loads(remaining(again, clock.now()).body)["expires_in"] == 3600 - REMEMBERED
    clock.pass_time(1)

    assert (await refreshes(one).ask(APPLICATION, "refresh-1")).is_final
    assert one.cronofy.count("token") == 2


@pytest.mark.parametrize("answer", [DEAD, AWAY, ApiReply(500, b"")], ids=["dead", "away", "failing"])
async def test_where_an_old_token_led_stays_known(clock: FakeClock, answer: ApiReply | CronofyUnavailable) -> None:
    """Another client holds the old token too: an app that tries it again must not cut that one's way to the new one."""
    one = kit(clock)
    one.cronofy.tokens.extend([rotated(), answer])
    await refreshes(one).ask(APPLICATION, "refresh-1")
    clock.pass_time(REMEMBERED + 1)
    with suppress(CronofyUnavailable):
        assert (await refreshes(one).ask(APPLICATION, "refresh-1")).is_final
    assert one.cronofy.count("token") == 2

    assert (await refreshes(one).ask(APPLICATION, "refresh-1", remembered=math.inf)).reply == rotated()


async def test_who_is_led_on_waits_for_nobody_who_is_not(clock: FakeClock) -> None:
    """An app tries its old token at this moment; the stored connection must not be given that refusal."""
    one = kit(clock)
    one.cronofy.tokens.extend([rotated(), DEAD])
    node = refreshes(one)
    await node.ask(APPLICATION, "refresh-1")
    clock.pass_time(REMEMBERED + 1)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.token_asked.clear()
    trying = asyncio.ensure_future(node.ask(APPLICATION, "refresh-1"))
    await one.cronofy.token_asked.wait()

    async with asyncio.timeout(5):
        assert (await node.ask(APPLICATION, "refresh-1", remembered=math.inf)).reply == rotated()
    one.cronofy.token_gate.set()
    assert (await trying).is_final


async def test_a_refusal_gives_way_to_the_answer_of_whoever_took_the_lease(clock: FakeClock) -> None:
    """Both asked, since the first lease ran out under its call; one has the new token, and both get it."""
    one = kit(clock)
    one.cronofy.tokens.append(DEAD)
    one.cronofy.token_gate = asyncio.Event()
    asking = asyncio.ensure_future(refreshes(one).ask(APPLICATION, "refresh-1"))
    await one.cronofy.token_asked.wait()
    theirs = Entry("answered", clock.now(), 200, rotated().body, rotated=True)
    await RefreshJournal(one.records, clock, 10_000).write(NAME, "", theirs)
    one.cronofy.token_gate.set()

    assert (await asking).reply == rotated()
    assert await entry_of(one) == theirs


async def test_a_refresh_token_that_stays_is_simply_used_again(clock: FakeClock) -> None:
    """The access token that it brought may be refused by now; to repeat it would help nobody."""
    one = kit(clock)
    one.cronofy.tokens.extend([unchanged(2), unchanged(3)])
    node = refreshes(one)
    await node.ask(APPLICATION, "refresh-1")
    clock.pass_time(1)
    assert (await node.ask(APPLICATION, "refresh-1")).reply == unchanged(3)


async def test_nothing_is_asked_without_the_lease_or_the_mark(clock: FakeClock) -> None:
    one = kit(clock)
    for method in ("acquire", "put"):
        one.records.store = StoreAway(one.store, method)
        with pytest.raises(StoreUnavailable):
            await refreshes(one).ask(APPLICATION, "refresh-1")
    assert one.cronofy.asked == []


async def test_an_answer_that_could_not_be_written_is_given_and_written_later(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(rotated())
    one.cronofy.token_gate = asyncio.Event()
    away = StoreAway(one.store, "put")
    away.is_away = False
    one.records.store = away
    node = refreshes(one)
    asking = asyncio.ensure_future(node.ask(APPLICATION, "refresh-1"))
    await one.cronofy.token_asked.wait()
    away.is_away = True
    one.cronofy.token_gate.set()
    assert (await asking).reply == rotated()
    with pytest.raises(StoreUnavailable):
        await node.ask(APPLICATION, "refresh-1")
    away.is_away = False
    clock.pass_time(REMEMBERED + 1)

    assert (await node.ask(APPLICATION, "refresh-1")).reply == rotated()
    entry = await entry_of(one)
    assert entry is not None
    assert entry.rotated
    assert one.cronofy.count("token") == 1


@pytest.mark.parametrize(("answer", "outcome"), [(rotated(), "recovered"), (DEAD, "lost")])
async def test_a_crash_between_mark_and_answer_is_told_apart(clock: FakeClock, answer: ApiReply, outcome: str) -> None:
    """What a killed node leaves: its lease, which runs out, and its mark."""
    one = kit(clock)
    lease = await one.store.acquire(NAME, "killed", LEASE)
    await RefreshJournal(one.records, clock, 10_000).write(NAME, "", Entry("asked", clock.now()), lease=lease)
    clock.pass_time(LEASE)
    one.cronofy.tokens.append(answer)
    refreshed = await refreshes(one).ask(APPLICATION, "refresh-1")

    assert (refreshed.interrupted, refreshed.is_final) == (True, outcome == "lost")
    assert one.metrics.refresh_interruptions.labels(outcome)._value.get() == 1


@pytest.mark.parametrize(
    ("failure", "unclear"),
    [
        (AWAY, True),
        (ApiReply(500, b""), True),
        (ApiReply(200, b"<html>"), True),
        (ApiReply(429, b""), False),
        (ApiReply(400, b'{"error":"invalid_client"}'), False),
    ],
)
async def test_whether_a_failed_refresh_may_have_been_carried_out(
    clock: FakeClock, failure: ApiReply | CronofyUnavailable, *, unclear: bool
) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([failure, DEAD])
    with pytest.raises(CronofyUnavailable):
        await refreshes(one).ask(APPLICATION, "refresh-1")
    clock.pass_time(COOL_OFF)
    assert (await refreshes(one).ask(APPLICATION, "refresh-1")).interrupted is unclear


async def test_a_lease_that_runs_out_before_the_mark_begins_anew(clock: FakeClock) -> None:
    """A process that slept must not send a refresh that another one has sent meanwhile."""
    one = kit(clock)
    one.cronofy.tokens.append(rotated())
    original, sleeps = one.store.put, [1]

    async def sleepy(*args: object, **more: object) -> int:
        if more.get("lease") is not None and sleeps:
            sleeps.pop()
            raise LeaseLost
        return await original(*args, **more)  # type: ignore[arg-type]

    one.store.put = sleepy  # type: ignore[method-assign]
    assert (await refreshes(one).ask(APPLICATION, "refresh-1")).reply == rotated()
    assert one.cronofy.count("token") == 1


async def test_another_application_or_other_fields_are_another_refresh(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([unchanged(2), unchanged(3)])
    node = refreshes(one)
    plain, scoped = await asyncio.gather(
        node.ask(APPLICATION, "refresh-1"), node.ask(APPLICATION, "refresh-1", more={"scope": "free_busy_write"})
    )

    assert {plain.reply, scoped.reply} == {unchanged(2), unchanged(3)}
    assert {sent.get("scope") for _, sent in one.cronofy.asked} == {None, "free_busy_write"}


@pytest.mark.parametrize(("first", "second"), [({"redirect_uri": "u"}, {}), ({}, {"redirect_uri": "u"})])
async def test_a_token_that_was_replaced_with_other_fields_leads_on(
    clock: FakeClock, first: dict[str, str], second: dict[str, str]
) -> None:
    """OAuth libraries send the redirect URI or the scope along; the stored connection's refresh does not."""
    one = kit(clock)
    one.cronofy.tokens.extend([rotated(), DEAD])
    one.cronofy.token_gate = asyncio.Event()
    winner = asyncio.ensure_future(refreshes(one).ask(APPLICATION, "refresh-1", more=first))
    await one.cronofy.token_asked.wait()
    loser = asyncio.ensure_future(refreshes(one).ask(APPLICATION, "refresh-1", more=second))
    one.cronofy.token_gate.set()

    assert [(await each).reply for each in (winner, loser)] == [rotated(), rotated()]
    assert await entry_of(one) is not None
    assert one.cronofy.count("token") == 1
    clock.pass_time(REMEMBERED + 1)
    assert (await refreshes(one).ask(APPLICATION, "refresh-1", remembered=math.inf)).reply == rotated()


async def test_whoever_holds_the_lease_for_ever_is_not_waited_for_for_ever(clock: FakeClock) -> None:
    one = kit(clock)
    await one.store.acquire(NAME, "hung", 1_000)
    journal = RefreshJournal(one.records, clock, kept=86_400)
    node = Refreshes(journal, one.cronofy, clock, one.metrics, patience=0.05)
    with pytest.raises(StoreUnavailable):
        await node.ask(APPLICATION, "refresh-1")
    assert one.cronofy.asked == []

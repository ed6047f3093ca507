"""An import while Cronofy or the store is away loses no answer that it got, and says how to go on."""

import asyncio
from typing import Any

import pytest

from gateway.flows.import_turns import STORING_PAUSES
from gateway.flows.ports import ApiReply
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.import_lines import ImportLine
from gateway.rules.import_outcomes import Outcome, Reason, Result
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway, kit, refreshes, userinfo_reply
from tests.flows.moving import APP, AWAY, DEAD, LINE, FakeSleep, answer, bring, imports, knows, stored


async def test_a_refusal_after_a_lost_answer_is_told_apart(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([AWAY, DEAD])
    assert (await bring(one)).reasons == (Reason.ANSWER_LOST,)


@pytest.mark.parametrize("failure", [AWAY, ApiReply(503, b""), ApiReply(429, b""), ApiReply(200, b"<html>")])
async def test_a_cronofy_that_is_away_is_asked_a_few_times(
    clock: FakeClock, failure: ApiReply | CronofyUnavailable
) -> None:
    one = kit(clock)
    knows(one, "acc_1", failure, failure, answer())
    one.cronofy.userinfos.extendleft([AWAY, ApiReply(502, b""), ApiReply(429, b"")])
    assert (await bring(one)).outcome is Outcome.IMPORTED

    one = kit(clock)
    one.cronofy.tokens.extend([failure] * 5)
    result = await bring(one)
    assert (result.reasons, await stored(one)) == ((Reason.CRONOFY_AWAY,), None)
    assert not one.cronofy.tokens


@pytest.mark.parametrize("reply", [ApiReply(400, b'{"error":"invalid_client"}'), ApiReply(401, b"")])
async def test_an_application_that_cronofy_does_not_know_is_not_asked_for_again(
    clock: FakeClock, reply: ApiReply
) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(reply)
    assert (await bring(one)).reasons == (Reason.CREDENTIALS,)


@pytest.mark.parametrize("reply", [ApiReply(403, b""), ApiReply(200, b"{}"), ApiReply(200, b"<html>")])
async def test_without_a_sub_nothing_is_stored_and_the_next_run_goes_on(clock: FakeClock, reply: ApiReply) -> None:
    """A line's own `sub` is not proved by a refresh. The answer is in the journal."""
    one = kit(clock)
    one.cronofy.tokens.append(answer())
    one.cronofy.userinfos.append(reply)
    assert (await bring(one, ImportLine("refresh-1", "acc_1"))).reasons == (Reason.NO_ACCOUNT,)
    assert await stored(one) is None

    one.cronofy.userinfos.append(userinfo_reply("acc_1"))
    assert (await bring(one)).outcome is Outcome.IMPORTED
    assert one.cronofy.count("token") == 1


async def test_a_kept_answer_that_was_ended_since_is_asked_for_again(clock: FakeClock) -> None:
    """Userinfo's 401 does not say why; a refresh does."""
    one = kit(clock)
    one.cronofy.tokens.extend([answer(), DEAD])
    one.cronofy.userinfos.extend([ApiReply(403, b""), ApiReply(401, b"")])
    await bring(one)
    clock.pass_time(60)
    assert (await bring(one)).reasons == (Reason.REFUSED,)
    assert [sent["refresh_token"] for name, sent in one.cronofy.asked if "token" in name] == ["refresh-1", "refresh-2"]


@pytest.mark.parametrize("kind", ["connection", "binding"])
async def test_refreshed_but_not_stored_is_told_and_the_next_run_goes_on(clock: FakeClock, kind: str) -> None:
    """The one moment in which a person can be lost: Cronofy has replaced the token, and the store is away."""
    one, sleep = kit(clock), FakeSleep(clock)
    knows(one)
    original = one.store.put

    async def full(of_kind: str, *arguments: Any, **more: Any) -> int:
        if of_kind == kind:
            raise StoreUnavailable("full")
        return await original(of_kind, *arguments, **more)

    one.store.put = full  # type: ignore[method-assign, assignment]
    result = await imports(one, sleep=sleep).bring_in(APP, 1, LINE)
    assert (result.outcome, result.sub, result.reasons) == (Outcome.FAILED, "acc_1", (Reason.NOT_STORED,))
    assert tuple(sleep.slept[-len(STORING_PAUSES) :]) == STORING_PAUSES

    one.store.put = original  # type: ignore[method-assign]
    one.cronofy.userinfos.append(userinfo_reply("acc_1"))
    clock.pass_time(86_000)
    one.cronofy.tokens.append(answer("access-3", "refresh-3"))
    assert await bring(one) == Result(1, Outcome.IMPORTED, "acc_1")
    assert [sent["refresh_token"] for name, sent in one.cronofy.asked if "token" in name] == ["refresh-1", "refresh-2"]


async def test_a_store_that_is_away_from_the_answer_on_is_written_at_the_end(clock: FakeClock) -> None:
    """Not even the journal took the answer; the process keeps it until it leaves."""
    one, node = kit(clock), None
    away = StoreAway(one.store)
    away.is_away = False
    one.records.store = away
    node = refreshes(one)
    knows(one)
    one.cronofy.token_gate = asyncio.Event()
    bringing = asyncio.ensure_future(imports(one, node=node).bring_in(APP, 1, LINE))
    await one.cronofy.token_asked.wait()
    away.is_away = True
    one.cronofy.token_gate.set()
    assert (await bringing).reasons == (Reason.NOT_STORED,)
    away.is_away = False
    await node.close()

    one.cronofy.userinfos.append(userinfo_reply("acc_1"))
    assert (await bring(one)).outcome is Outcome.IMPORTED
    assert one.cronofy.count("token") == 1


@pytest.mark.parametrize("method", ["get", "put", "acquire"])
async def test_nothing_is_asked_without_a_store(clock: FakeClock, method: str) -> None:
    one = kit(clock)
    one.records.store = StoreAway(one.store, method)
    assert (await bring(one)).reasons == (Reason.STORE_AWAY,)
    assert one.cronofy.asked == []


async def test_a_store_that_comes_back_costs_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    away = StoreAway(one.store)
    one.records.store = away

    class Returning(FakeSleep):
        async def __call__(self, seconds: float) -> None:
            away.is_away = False
            await super().__call__(seconds)

    result = await imports(one, sleep=Returning(clock)).bring_in(APP, 1, LINE)
    assert result.outcome is Outcome.IMPORTED

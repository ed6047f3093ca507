"""An import waits its turn, waits failures out, and stops where nothing was begun."""

import asyncio

import pytest

from gateway.flows.import_turns import PAUSES, STORING_PAUSES, Stopped, Turns, is_about_credentials
from gateway.flows.ports import ApiReply
from gateway.flows.refresh_outcomes import UnusableReply
from gateway.flows.refreshes import COOL_OFF
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.pace import Pace
from tests.clock import FakeClock
from tests.flows.moving import FakeSleep

AWAY = CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")
STORE = StoreUnavailable("away")
LIMITED = UnusableReply(ApiReply(429, b""), "status 429")


def turns(clock: FakeClock, rate: float = 5.0) -> tuple[Turns, FakeSleep]:
    sleep = FakeSleep(clock)
    return Turns(Pace(rate), clock, sleep=sleep), sleep


class Failing:
    """Fails so often, then does well."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left, self.calls = error, times, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


def test_pauses_outlast_what_they_are_for() -> None:
    """A shorter one would meet the cooling-off of the refresh; in all they pass a limit that Cronofy has by minute."""
    assert min(PAUSES) > COOL_OFF
    assert sum(PAUSES) > 60


async def test_turns_are_taken_at_the_pace(clock: FakeClock) -> None:
    waits, _ = turns(clock, rate=5)
    began = clock.now()
    for _ in range(10):
        await waits.begin()
        await waits.take()
    assert clock.now() - began == pytest.approx(19 / 5, abs=0.01)


async def test_a_line_that_waits_for_its_first_turn_is_let_go(clock: FakeClock) -> None:
    waits = Turns(Pace(0.001), clock)
    await waits.begin()
    waiting = asyncio.ensure_future(waits.begin())
    await asyncio.sleep(0)
    waits.stop.set()
    with pytest.raises(Stopped):
        await waiting


@pytest.mark.parametrize("error", [AWAY, STORE])
async def test_a_failure_is_waited_out(clock: FakeClock, error: Exception) -> None:
    waits, sleep = turns(clock)
    assert await waits.ask(Failing(error, len(PAUSES))) == "done"
    assert tuple(sleep.slept) == PAUSES

    with pytest.raises(type(error)):
        await waits.ask(Failing(error, len(PAUSES) + 1))


async def test_nothing_is_waited_for_once_the_import_is_to_stop(clock: FakeClock) -> None:
    waits, sleep = turns(clock)
    waits.stop.set()
    with pytest.raises(CronofyUnavailable):
        await waits.ask(Failing(AWAY, 1))
    assert sleep.slept == []


async def test_a_pause_ends_when_the_import_is_to_stop(clock: FakeClock) -> None:
    waits = Turns(Pace(5), clock)  # whose sleep is a real one, of seconds
    act = Failing(AWAY, 2)
    asking = asyncio.ensure_future(waits.ask(act))
    await asyncio.sleep(0)
    waits.stop.set()
    with pytest.raises(CronofyUnavailable):
        await asking
    assert act.calls == 2


async def test_storing_goes_on_although_the_import_is_to_stop(clock: FakeClock) -> None:
    """What Cronofy replaced lies in this process alone."""
    waits, sleep = turns(clock)
    waits.stop.set()
    assert await waits.store(Failing(STORE, len(STORING_PAUSES))) == "done"
    assert tuple(sleep.slept) == STORING_PAUSES

    with pytest.raises(StoreUnavailable):
        await waits.store(Failing(STORE, len(STORING_PAUSES) + 1))


async def test_a_limit_holds_everybody(clock: FakeClock) -> None:
    waits, _ = turns(clock)
    began = clock.now()
    act = Failing(LIMITED, 1)
    asking = asyncio.ensure_future(waits.ask(act))
    await asyncio.sleep(0)
    await waits.take()
    assert clock.now() - began >= PAUSES[0]
    assert await asking == "done"


@pytest.mark.parametrize(
    ("error", "about"),
    [
        (UnusableReply(ApiReply(400, b'{"error":"invalid_client"}'), ""), True),
        (UnusableReply(ApiReply(401, b""), ""), True),
        (UnusableReply(ApiReply(400, b'{"error":"invalid_request"}'), ""), False),
        (LIMITED, False),
        (AWAY, False),
        (STORE, False),
    ],
)
async def test_an_application_that_is_refused_is_not_waited_for(
    clock: FakeClock, error: Exception, *, about: bool
) -> None:
    assert is_about_credentials(error) is about
    waits, sleep = turns(clock)
    if about:
        with pytest.raises(CronofyUnavailable):
            await waits.ask(Failing(error, 1))
        assert sleep.slept == []

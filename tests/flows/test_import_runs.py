"""A run brings a file's people in, a few at a time; bad lines and interruptions lose nobody."""

import asyncio
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.flows.import_runs import HOPELESS, ImportRun
from gateway.flows.import_turns import Turns
from gateway.flows.ports import ApiReply
from gateway.rules.import_outcomes import Outcome, Reason, Result, Tally
from gateway.rules.pace import Pace
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, kit
from tests.flows.moving import Crowd, FakeSleep, imports, lines
from tests.journeys.canaries import ears
from tests.journeys.waiting import until

APP = client()


def crowded(clock: FakeClock, people: int) -> Kit:
    """Return a kit whose Cronofy knows so many people: `old-1` is acc1's, and so on."""
    one = kit(clock)
    one.cronofy = Crowd(people={f"old-{n}": f"acc_{n}" for n in range(1, people + 1)})
    return one


async def run(
    one: Kit, entries: Iterable[tuple[int, bytes]], *, parallel: int = 4, stop_after: int = 0, **more: Any
) -> tuple[Tally, list[Result], int, ImportRun]:
    """Run an import as a process of its own; `stop_after` so many results somebody presses Ctrl-C."""
    results: list[Result] = []
    tally = Tally()
    story = imports(one, APP, **more)

    def told(result: Result) -> None:
        results.append(result)
        tally.add(result)
        if len(results) == stop_after:
            story.turns.stop.set()

    running = ImportRun(story, APP, told)
    left = await running.over(iter(entries), parallel=parallel)
    return tally, results, left, running


def people(number: int, first: int = 1) -> list[dict[str, str]]:
    return [{"refresh_token": f"old-{n}"} for n in range(first, number + 1)]


async def test_everybody_is_brought_in_and_a_second_run_asks_nothing(clock: FakeClock) -> None:
    one = crowded(clock, 50)
    tally, _, left, _ = await run(one, lines(*people(50)))
    assert (tally.outcomes[Outcome.IMPORTED], tally.is_clean, left) == (50, True, 0)
    assert (one.cronofy.count("token"), one.cronofy.count("userinfo")) == (50, 50)

    tally, _, left, _ = await run(one, lines(*people(50)))
    assert (tally.outcomes[Outcome.ALREADY_THERE], left) == (50, 0)
    assert one.cronofy.count("token") == 50


async def test_so_many_at_a_time_and_no_more(clock: FakeClock) -> None:
    one = crowded(clock, 30)
    crowd = one.cronofy
    assert isinstance(crowd, Crowd)
    crowd.token_gate = asyncio.Event()
    running = asyncio.ensure_future(run(one, lines(*people(30)), parallel=3))
    await until(lambda: crowd.at_once == 3)
    crowd.token_gate.set()
    await running
    assert crowd.most_at_once == 3


async def test_the_pace_is_kept_and_skipped_lines_do_not_count(clock: FakeClock) -> None:
    one, sleep = crowded(clock, 20), FakeSleep(clock)
    began = clock.now()
    await run(one, lines(*people(20)), parallel=1, rate=5.0, sleep=sleep)
    assert clock.now() - began == pytest.approx(39 / 5, abs=0.05)

    began = clock.now()
    await run(one, lines(*people(20)), parallel=1, rate=5.0, sleep=sleep)
    assert clock.now() == began


async def test_bad_lines_do_not_stop_good_ones(clock: FakeClock) -> None:
    one = crowded(clock, 2)
    entries = [(1, b"nonsense"), *((n + 1, raw) for n, raw in lines(*people(2))), (7, b'{"refreshToken":"x"}')]
    tally, results, _, _ = await run(one, entries, parallel=1)
    assert tally.outcomes == {Outcome.IMPORTED: 2, Outcome.FAILED: 2}
    assert [(result.line, result.reasons) for result in results if result.outcome is Outcome.FAILED] == [
        (1, (Reason.UNREADABLE,)),
        (7, (Reason.UNREADABLE,)),
    ]


async def test_the_same_person_twice_is_brought_in_once(clock: FakeClock) -> None:
    one = crowded(clock, 1)
    tally, _, _, _ = await run(one, lines(*people(1), *people(1), *people(1)))
    assert tally.is_clean
    assert one.cronofy.count("token") == 1


async def test_an_interrupted_run_says_what_is_left_and_the_next_one_goes_on(clock: FakeClock) -> None:
    one = crowded(clock, 40)
    tally, _, left, running = await run(one, lines(*people(40)), stop_after=10)
    assert (running.is_hopeless, tally.total + left) == (False, 40)
    assert 10 <= tally.outcomes[Outcome.IMPORTED] <= 13
    asked = one.cronofy.count("token")
    assert asked == tally.total

    tally, _, left, _ = await run(one, lines(*people(40)))
    assert tally.outcomes == {Outcome.ALREADY_THERE: asked, Outcome.IMPORTED: 40 - asked}
    assert one.cronofy.count("token") == 40


async def test_lines_that_wait_for_their_turn_count_as_left(clock: FakeClock) -> None:
    one = crowded(clock, 10)
    one.cronofy.token_gate = asyncio.Event()
    go_on, results = asyncio.Event(), list[Result]()

    async def sleep(_seconds: float) -> None:
        await go_on.wait()

    turns = Turns(Pace(1), clock, sleep=sleep)
    running = ImportRun(replace(imports(one, APP), turns=turns), APP, results.append)
    ending = asyncio.ensure_future(running.over(iter(lines(*people(10))), parallel=3))
    await until(lambda: one.cronofy.count("token") == 1)
    turns.stop.set()
    go_on.set()
    one.cronofy.token_gate.set()
    assert (await ending, [result.line for result in results]) == (9, [1])


async def test_it_gives_up_where_nothing_goes_well(clock: FakeClock) -> None:
    """Ten thousand lines that each wait a minute for a Cronofy that is away would take days."""
    one = kit(clock)
    one.cronofy.tokens.extend([ApiReply(503, b"")] * 10_000)
    tally, results, left, running = await run(one, lines(*people(100)), parallel=1)
    assert (running.is_hopeless, tally.total, left) == (True, HOPELESS, 100 - HOPELESS)
    assert {result.reasons for result in results} == {(Reason.CRONOFY_AWAY,)}


async def test_refusals_are_no_reason_to_give_up(clock: FakeClock) -> None:
    one = crowded(clock, 0)
    tally, _, left, running = await run(one, lines(*people(30)), parallel=1)
    assert (running.is_hopeless, tally.reasons[Outcome.FAILED, Reason.REFUSED], left) == (False, 30, 0)


async def test_refused_credentials_end_the_run_at_once(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([ApiReply(401, b"")] * 10)
    tally, _, left, running = await run(one, lines(*people(5)), parallel=1)
    assert (running.is_hopeless, tally.total, left) == (True, 1, 4)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_have_a_result_for_each_line(raw: list[bytes]) -> None:
    one = crowded(FakeClock(), 1)
    tally, results, left, _ = asyncio.run(run(one, enumerate(raw, 1), parallel=1))
    assert (tally.total, left, [result.line for result in results]) == (len(raw), 0, list(range(1, len(raw) + 1)))


async def test_no_token_is_said_whatever_comes_of_a_line(clock: FakeClock) -> None:
    """Not in a result, not in the log at its most talkative."""
    one = crowded(clock, 0)
    assert isinstance(one.cronofy, Crowd)
    fine, other, dead = (f"canary-{name}-0123456789abcdef" for name in ("fine", "other", "dead"))
    one.cronofy.people = {fine: "acc_fine", other: "acc_other"}
    entries: list[dict[str, Any]] = [
        {"refresh_token": fine},
        {"refresh_token": fine},
        {"refresh_token": other, "sub": "acc_wrong"},
        {"refresh_token": dead, "sub": "acc_dead"},
        {"refresh_token": dead, "sub": dead},
        {"refresh-token": dead, dead: dead},
        {"refresh_token": [dead]},
    ]
    with ears() as heard:
        tally, results, _, _ = await run(one, lines(*entries), parallel=1)
        secrets = {
            **{token: token for token in (fine, other, dead)},
            **{
                f"{name} {n}": f"acc_{name}-{kind}-{n}"
                for name in ("fine", "other")
                for n in (1, 2)
                for kind in ("access", "refresh")
            },
        }
        heard.keep(**secrets)
        told = io.StringIO()
        for result in results:
            told.write(json.dumps(result.described()) + repr(result))
        assert heard.heard(told=told.getvalue()) == []
        assert "modes.learnt" in heard.log.getvalue()
    assert tally.outcomes == {
        Outcome.IMPORTED: 1,
        Outcome.ALREADY_THERE: 1,
        Outcome.OTHER_ACCOUNT: 1,
        Outcome.FAILED: 4,
    }

"""Whoever holds a refresh token that was replaced is led on to the newest one."""

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.refresh_journal import Entry, refresh_name
from gateway.flows.refresh_outcomes import Refreshed
from gateway.flows.refreshes import COOL_OFF
from gateway.flows.successors import WORTH_HAVING, find_newest, use_newest
from gateway.rules.errors import CronofyUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, kit, refreshes
from tests.flows.moving import DEAD, answer


async def use(one: Kit, token: str) -> Refreshed:
    """Use it as a node of its own."""
    return await use_newest(refreshes(one), one.clock, APPLICATION, token)


def shown(one: Kit) -> list[str]:
    return [fields["refresh_token"] for _, fields in one.cronofy.asked]


async def test_a_good_answer_is_given_again_to_whoever_holds_the_old_token(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(answer("access-2", "refresh-2"))
    first = await use(one, "refresh-1")
    clock.pass_time(3600 - WORTH_HAVING - 1)

    assert (await use(one, "refresh-1")) == first
    assert shown(one) == ["refresh-1"]


async def test_an_answer_near_its_end_leads_on_link_by_link(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend(answer(f"access-{n}", f"refresh-{n}") for n in range(2, 5))
    told = []
    for token in ("refresh-1", "refresh-1", "refresh-2"):
        told.append((await use(one, token)).reply)
        clock.pass_time(3600 - WORTH_HAVING)

    assert shown(one) == ["refresh-1", "refresh-2", "refresh-3"]
    assert told == [answer(f"access-{n}", f"refresh-{n}") for n in (2, 3, 4)]


async def test_a_token_that_stays_is_simply_used(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([answer("access-2", "refresh-1"), answer("access-3", "refresh-1")])
    await use(one, "refresh-1")
    clock.pass_time(1)
    assert (await use(one, "refresh-1")).reply == answer("access-3", "refresh-1")


async def test_the_last_links_refusal_is_final(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), DEAD])
    await use(one, "refresh-1")
    clock.pass_time(3600)
    assert (await use(one, "refresh-1")).is_final


async def test_a_failure_on_the_way_is_told_and_loses_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), ApiReply(500, b""), answer("access-3", "refresh-3")])
    await use(one, "refresh-1")
    clock.pass_time(3600)
    with pytest.raises(CronofyUnavailable):
        await use(one, "refresh-1")
    clock.pass_time(COOL_OFF)
    assert (await use(one, "refresh-1")).reply == answer("access-3", "refresh-3")


async def test_the_newest_is_found_without_asking(clock: FakeClock) -> None:
    one = kit(clock)
    journal = refreshes(one).journal
    assert await find_newest(journal, APPLICATION, "refresh-1") is None
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), answer("access-3", "refresh-3"), DEAD])
    began = clock.now()
    for token in ("refresh-1", "refresh-2", "refresh-3"):
        await refreshes(one).ask(APPLICATION, token)
        clock.pass_time(10)

    found = await find_newest(journal, APPLICATION, "refresh-1")
    assert found is not None
    assert (found[0].access_token, found[0].refresh_token, found[1]) == ("access-3", "refresh-3", began + 10)
    assert len(shown(one)) == 3


async def test_what_the_journal_cannot_tell_ends_the_way(clock: FakeClock) -> None:
    one = kit(clock)
    journal = refreshes(one).journal
    for entry in (Entry("asked", 1.0), Entry("answered", 1.0, 200, b"<html>", rotated=True)):
        await journal.write(refresh_name(APPLICATION, "refresh-1"), "", entry)
        assert await find_newest(journal, APPLICATION, "refresh-1") is None

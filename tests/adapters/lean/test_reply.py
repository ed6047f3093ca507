"""An answer is handed out as it arrives, held back where nobody reads it, and told apart from one that broke off."""

import asyncio

import pytest

from gateway.adapters.lean.reply import HIGH_WATER, LeanReply
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable


async def _told(reply: LeanReply) -> tuple[object, ...]:
    return reply.ready, reply.headers, await reply.read(10), reply.ready


class Flow:
    """A connection that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def hold(self) -> None:
        self.told.append("hold")

    def go_on(self) -> None:
        self.told.append("go on")

    def drop(self) -> None:
        self.told.append("drop")


def broken() -> CronofyUnavailable:
    return CronofyUnavailable(Code.UPSTREAM_UNREACHABLE, "broke")


async def test_a_whole_body_is_ready_until_somebody_begins_to_read_it() -> None:
    reply = LeanReply(200, [(b"X-A", b"caf\xe9")], Flow())
    reply.feed(b"a")
    reply.feed(b"b")
    assert reply.ready is None
    reply.finish()

    assert await _told(reply) == (b"ab", [("X-A", "caf\udce9")], b"ab", None)


async def test_what_waits_for_a_slow_reader_is_bounded() -> None:
    """A person on a slow line must not make the gateway hold an answer of any size."""
    flow = Flow()
    reply = LeanReply(200, [], flow)
    reply.feed(b"x" * (HIGH_WATER + 1))
    reply.feed(b"y")
    assert flow.told == ["hold"]

    chunks = reply.chunks()
    assert len(await anext(chunks)) == HIGH_WATER + 2
    assert flow.told == ["hold", "go on"]


async def test_a_body_that_has_arrived_whole_holds_nobody_back() -> None:
    """Its connection is the next call's by then: it must be read, and is not this reader's to let go on."""
    flow = Flow()
    reply = LeanReply(200, [], flow)
    reply.feed(b"x" * (HIGH_WATER + 1))
    reply.finish()
    assert flow.told == ["hold", "go on"]

    await reply.read(HIGH_WATER + 1)
    assert flow.told == ["hold", "go on"]


async def test_what_arrived_before_it_broke_is_handed_out_first() -> None:
    reply = LeanReply(200, [], Flow())
    reply.feed(b"a")
    reply.fail(broken)
    chunks = reply.chunks()
    assert await anext(chunks) == b"a"
    with pytest.raises(CronofyUnavailable):
        await anext(chunks)


async def test_a_reader_who_waits_is_woken_by_the_next_piece() -> None:
    reply = LeanReply(200, [], Flow())
    reading = asyncio.create_task(reply.read(10))
    await asyncio.sleep(0)
    reply.feed(b"a")
    await asyncio.sleep(0)
    reply.finish()
    assert await reading == b"a"


async def test_letting_go_of_half_a_body_cuts_the_connection() -> None:
    flow = Flow()
    half, whole = LeanReply(200, [], flow), LeanReply(200, [], flow)
    whole.finish()
    whole.close()
    assert flow.told == []
    half.close()
    assert flow.told == ["drop"]

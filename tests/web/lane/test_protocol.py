"""A connection that is the lane's until it wants more; then aiohttp reads the very same bytes."""

import asyncio
from typing import Any

import pytest

from gateway.web.lane.blocks import Blocks
from gateway.web.lane.message import Message
from gateway.web.lane.protocol import KEPT, PATIENCE, Begins, Lane
from tests.journeys.waiting import until
from tests.web.lane.surroundings import Lanes

GET = b"GET /v1/one HTTP/1.1\r\nHost: gw\r\n\r\n"


class Plain(asyncio.Protocol):
    """Stands for aiohttp's protocol."""

    def __init__(self) -> None:
        self.read = b""
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data


class Transport:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.written = b""
        self.protocol: Any = None

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return "close" in self.told or "abort" in self.told

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return lambda: self.told.append(name)


class Stage:
    """A lane, what answers on it, and what it belongs to."""

    def __init__(self) -> None:
        self.plain = Plain()
        self.lanes = Lanes(self.plain)
        self.open = self.lanes.open
        self.blocks = Blocks()
        self.served: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.keeps = True
        self.swift: Begins | None = None
        self.lane = Lane(self.lanes, self)
        self.transport = Transport()
        self.lane.connection_made(self.transport)  # type: ignore[arg-type]

    async def serve(self, message: Message, lane: Lane) -> bool:
        await self.gate.wait()
        self.served.append(message.raw_path)
        lane.write(b"answer")
        return self.keeps

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_requests_that_come_in_one_piece_are_answered_in_order(stage: Stage) -> None:
    stage.lane.data_received(GET + GET.replace(b"one", b"two") + GET[:10])
    await stage.settle()
    assert (stage.served, stage.transport.written) == (["/v1/one", "/v1/two"], b"answeranswer")
    stage.lane.data_received(GET[10:])
    await stage.settle()
    assert stage.served[-1] == "/v1/one"


async def test_a_connection_that_wants_something_else_is_aiohttps_from_then_on(stage: Stage) -> None:
    other = b"GET /auth/session HTTP/1.1\r\nHost: gw\r\n\r\n"
    stage.lane.data_received(GET + other)
    await stage.settle()

    assert stage.served == ["/v1/one"]
    assert stage.transport.protocol is stage.plain
    assert (stage.plain.read, stage.plain.transport) == (other, stage.transport)
    assert stage.open == set()


async def test_who_is_slow_with_half_a_message_is_aiohttps_too(stage: Stage) -> None:
    """Its time limits hold for the rest."""
    stage.lane.data_received(GET[:-1])
    stage.lane.look(stage.lane.touched_at + PATIENCE - 0.1)
    assert stage.transport.protocol is None
    stage.lane.look(stage.lane.touched_at + PATIENCE)
    assert stage.plain.read == GET[:-1]


async def test_half_a_message_that_came_behind_a_call_has_its_second_from_the_answer_on(stage: Stage) -> None:
    stage.gate.clear()
    stage.lane.data_received(GET + GET[:-1])
    came = stage.lane.touched_at
    await stage.settle()
    await asyncio.sleep(0.01)
    stage.gate.set()
    await stage.settle()
    stage.lane.look(came + PATIENCE)
    assert stage.transport.protocol is None


async def test_who_sends_byte_by_byte_is_slow_too(stage: Stage) -> None:
    """Every byte would buy another second, for days."""
    begun = stage.lane.touched_at
    for byte in GET[:-1]:
        stage.lane.data_received(bytes([byte]))
    stage.lane.touched_at = begun + PATIENCE  # the last of them came just now
    stage.lane.look(begun + PATIENCE + 0.1)
    assert stage.plain.read == GET[:-1]


async def test_what_waits_behind_the_last_answer_is_nobodys(stage: Stage) -> None:
    """The client takes its answer slowly, so the connection is still there; another call is not carried out on it."""
    stage.keeps = False
    stage.lane.data_received(GET + GET)
    await stage.settle()
    stage.lane.look(stage.lane.touched_at + KEPT)
    assert (stage.transport.protocol, stage.plain.read, len(stage.served)) == (None, b"", 1)


async def test_the_next_call_waits_until_the_client_takes_answers(stage: Stage) -> None:
    """Answers to requests that came in one piece would pile up."""
    stage.lane.pause_writing()
    stage.lane.data_received(GET * 3)
    await stage.settle()
    assert len(stage.served) == 1
    stage.lane.resume_writing()
    await stage.settle()
    assert len(stage.served) == 3


async def test_who_leaves_without_taking_its_answers_leaves_nothing_behind(stage: Stage) -> None:
    stage.lane.pause_writing()
    stage.lane.data_received(GET * 3)
    await stage.settle()
    stage.lane.connection_lost(None)
    await stage.settle()
    assert (len(stage.served), stage.lane.is_busy) == (1, False)


async def test_an_idle_connection_is_closed_after_a_while(stage: Stage) -> None:
    stage.lane.look(stage.lane.touched_at + KEPT - 1)
    assert stage.transport.told == []
    stage.lane.look(stage.lane.touched_at + KEPT)
    assert stage.transport.told == ["close"]


async def test_an_answer_that_ends_the_connection_ends_it(stage: Stage) -> None:
    stage.keeps = False
    stage.lane.data_received(GET + GET)
    await stage.settle()
    assert (len(stage.served), stage.transport.told) == (1, ["close"])


async def test_a_call_under_way_is_finished_before_the_end(stage: Stage) -> None:
    stage.gate.clear()
    stage.lane.data_received(GET)
    await stage.settle()
    stage.lane.end_soon()
    assert stage.transport.told == []
    stage.gate.set()
    await stage.settle()
    assert (stage.served, stage.transport.told) == (["/v1/one"], ["close"])


async def test_who_leaves_takes_the_call_along(stage: Stage) -> None:
    stage.gate.clear()
    stage.lane.data_received(GET)
    await stage.settle()
    stage.lane.connection_lost(None)
    await stage.settle()
    stage.gate.set()
    await stage.settle()
    assert (stage.served, stage.lane.is_busy) == ([], False)
    with pytest.raises(ConnectionResetError):
        stage.lane.write(b"late")


async def test_what_waits_behind_a_call_is_bounded(stage: Stage) -> None:
    stage.gate.clear()
    stage.lane.data_received(GET)
    stage.lane.data_received(GET * 5_000)
    assert stage.transport.told == ["pause_reading"]
    stage.gate.set()
    await until(lambda: len(stage.served) == 5_001)
    assert stage.transport.told[:2] == ["pause_reading", "resume_reading"]


async def test_a_client_that_takes_nothing_holds_the_answer_back(stage: Stage) -> None:
    stage.lane.pause_writing()
    waiting = asyncio.create_task(stage.lane.drain())
    await stage.settle()
    assert not waiting.done()
    stage.lane.resume_writing()
    await waiting
    stage.lane.pause_writing()
    waiting = asyncio.create_task(stage.lane.drain())
    await stage.settle()
    stage.lane.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await waiting

"""A course's calls go out as any other call does, without a task; a stale connection costs one open retry."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.adapters.lean.course import LeanCourse
from gateway.adapters.lean.upstream import LeanUpstream
from gateway.adapters.one_retry import ConnectionLost
from gateway.rules.errors import CronofyUnavailable
from tests.adapters.lean.test_upstream import OK, reaching
from tests.journeys.waiting import until

LINES = [("Accept", "application/json"), ("Authorization", "Bearer t"), ("X-Request-Id", "first")]


class Taker:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def take(self, reply: object) -> None:
        self.told.append(reply)

    def lose(self, error: Exception) -> None:
        self.told.append(error)


def requests(seen: list[bytes], answers: list[bytes]) -> Callable[..., object]:
    """Return a handler that notes requests' heads and answers one after the other; b"" closes the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            answer = answers.pop(0)
            if not answer:
                return
            writer.write(answer)

    return handler


async def warmed(upstream: LeanUpstream, url: str) -> LeanCourse:
    """Return a course, after one call by the usual way has left a connection behind."""
    course = upstream.course(url.removesuffix("/"), LINES)
    assert course.begin("/v1/one", "id-0", Taker()) is None  # no connection is there yet
    reply = await upstream.send("GET", f"{url}v1/warm", LINES[:2], None)
    assert await reply.read(10) == b"ok"
    return course


async def test_a_calls_head_is_the_one_that_the_usual_way_writes() -> None:
    seen: list[bytes] = []
    async with reaching(requests(seen, [OK, OK, OK])) as (upstream, url):  # type: ignore[arg-type]
        course, taker = await warmed(upstream, url), Taker()
        assert course.begin("/v1/two?from=1", "id-2", taker) is not None
        await until(lambda: taker.told != [])
        await upstream.send("GET", f"{url}v1/two?from=1", [*LINES[:2], ("X-Request-Id", "id-2")], None)

    assert seen[1] == seen[2]
    assert seen[1].startswith(b"GET /v1/two?from=1 HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_the_connection_is_free_when_the_answer_is_told() -> None:
    async with reaching(requests([], [OK] * 3)) as (upstream, url):  # type: ignore[arg-type]
        course = await warmed(upstream, url)

        class Next(Taker):
            def take(self, reply: object) -> None:
                super().take(reply)
                self.next = course.begin("/v1/again", "id", last)

        first, last = Next(), Taker()
        course.begin("/v1/one", "id", first)
        await until(lambda: last.told != [])
        assert first.next is not None


async def test_a_stale_connection_costs_one_open_retry() -> None:
    seen: list[bytes] = []
    async with reaching(requests(seen, [OK, b"", OK])) as (upstream, url):  # type: ignore[arg-type]
        course, taker = await warmed(upstream, url), Taker()
        course.begin("/v1/two", "id-2", taker)
        await until(lambda: taker.told != [])

    assert seen[1] == seen[2]
    assert not isinstance(taker.told[0], Exception)
    assert upstream.metrics.upstream_retries._value.get() == 1


async def test_a_second_loss_is_told() -> None:
    seen: list[bytes] = []
    async with reaching(requests(seen, [OK, b"", b""])) as (upstream, url):  # type: ignore[arg-type]
        course, taker = await warmed(upstream, url), Taker()
        course.begin("/v1/two", "id-2", taker)
        await until(lambda: taker.told != [])

    (error,) = taker.told
    assert isinstance(error, CronofyUnavailable)
    assert error.detail == "closed the connection without an answer, twice"
    assert len(seen) == 3


async def test_an_answer_that_breaks_off_is_told_and_not_asked_for_again() -> None:
    seen: list[bytes] = []
    async with reaching(requests(seen, [OK, b"HTTP/1.1 200 OK\r\nX-", b""])) as (upstream, url):  # type: ignore[arg-type]
        course, taker = await warmed(upstream, url), Taker()
        course.begin("/v1/two", "id-2", taker)
        await until(lambda: len(seen) == 2)
        connection = next(iter(upstream._pool._origins))
        connection.drop()
        await until(lambda: taker.told != [])

    assert isinstance(taker.told[0], CronofyUnavailable)
    assert not isinstance(taker.told[0], ConnectionLost)


async def test_a_server_that_is_gone_by_then_is_told() -> None:
    async with reaching(requests([], [OK])) as (upstream, url):  # type: ignore[arg-type]
        course, taker = await warmed(upstream, url), Taker()
    # The server is gone, and so are its connections; what is kept is a memory of one.
    assert course.begin("/v1/two", "id-2", taker) is None
    assert taker.told == []


async def test_a_call_that_is_given_up_costs_its_connection_and_is_told_nothing() -> None:
    seen: list[bytes] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.read())

    async with reaching(silent) as (upstream, url):
        course, taker = await warmed(upstream, url), Taker()
        sent = course.begin("/v1/two", "id-2", taker)
        await until(lambda: len(seen) == 2)
        assert sent is not None
        sent()
        await until(lambda: len(seen) == 3)
        assert len(upstream._pool._origins) == 0

    assert taker.told == []


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()

    async with reaching(silent) as (upstream, url):
        course, taker = await warmed(upstream, url), Taker()
        course.begin("/v1/two", "id-2", taker)
        next(iter(upstream._pool._origins)).time_out()
        (error,) = taker.told
        assert isinstance(error, CronofyUnavailable)
        assert error.code == "upstream_timeout"


async def test_lines_that_hold_a_line_break_make_no_course() -> None:
    async with reaching(requests([], [])) as (upstream, url):  # type: ignore[arg-type]
        with pytest.raises(CronofyUnavailable):
            upstream.course(url.removesuffix("/"), [("X-A", "b\r\nX-C: d"), ("X-Request-Id", "x")])

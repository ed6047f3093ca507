"""A lane over fakes, whose next call needs no task."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.flows.upstream_port import Taker
from gateway.rules.headers import Pairs
from gateway.rules.token_reply import read_token_reply
from gateway.web.keys import PublicDoors
from gateway.web.lane.calls import LaneCalls
from gateway.web.lane.protocol import Lane
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import Kit, kit, token_reply, userinfo_reply
from tests.web.doors import doors
from tests.web.lane.surroundings import Lanes
from tests.web.lane.test_protocol import Transport

BODY = b'{"calendars": []}'


@dataclass
class Whole:
    """An answer of Cronofy's that came in one piece."""

    status: int = 200
    lines: list[bytes] = field(default_factory=lambda: [b"Content-Type: application/json", b"ETag: W/1"])
    ready: bytes | None = BODY
    is_closed: bool = False

    @property
    def headers(self) -> Pairs:
        lines = [one.decode("utf-8", "surrogateescape").partition(": ") for one in self.lines]
        return [(name, value) for name, _, value in lines]

    async def chunks(self) -> Any:
        for piece in (BODY[:5], BODY[5:]) if self.ready is None else (self.ready,):
            yield piece

    async def read(self, limit: int) -> bytes:
        assert limit
        return b"".join([piece async for piece in self.chunks()])

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Courses:
    """Courses that note what is sent on them."""

    made: list[tuple[str, Pairs]] = field(default_factory=list)
    sent: list[tuple[str, str, Taker]] = field(default_factory=list)
    left: int = 0
    is_there: bool = True

    def course(self, origin: str, headers: Pairs) -> "Courses":
        self.made.append((origin, headers))
        return self

    def begin(self, target: str, request_id: str, taker: Taker) -> Callable[[], None] | None:
        if not self.is_there:
            return None
        self.sent.append((target, request_id, taker))
        return self.leave

    def leave(self) -> None:
        self.left += 1


class Stage:
    """A gateway over fakes with somebody signed in at a page of client `a`."""

    def __init__(self, one: Kit, upstream: FakeUpstream, known: PublicDoors) -> None:
        self.one = one
        self.upstream = upstream
        self.courses = Courses()
        sender = replace(known.proxy.sender, courses=self.courses)
        self.doors = replace(known, proxy=replace(known.proxy, sender=sender))
        self.calls = LaneCalls(self.doors)
        self.transport = Transport()
        self.lane = Lane(Lanes(), self.calls)
        self.lane.connection_made(self.transport)  # type: ignore[arg-type]
        self.handle = ""

    def raw(self, target: str = "/v1/calendars", *lines: str) -> bytes:
        cookie = f"Cookie: {self.doors.browser.browsers.names.session('a')}={self.handle}"
        head = (f"GET {target} HTTP/1.1", "Host: gw.test", *(lines or (cookie, "X-CSRF: 1")))
        return "\r\n".join(head).encode() + b"\r\n\r\n"

    def send(self, target: str = "/v1/calendars", *lines: str) -> bool:
        """Send a call; say whether it went without a task."""
        before = len(self.courses.sent)
        self.transport.written = b""
        self.lane.data_received(self.raw(target, *lines))
        return len(self.courses.sent) > before

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def prime(self, target: str = "/v1/calendars", *lines: str) -> None:
        """Make calls until one goes without a task, and answer that one."""
        for _ in range(5):
            if self.send(target, *lines):
                self.answer()
                return
            await self.settle()
            await asyncio.sleep(0.01)  # a store's thread
        raise AssertionError(self.transport.written)

    @property
    def taker(self) -> Taker:
        return self.courses.sent[-1][2]

    def answer(self, reply: Whole | None = None) -> None:
        self.taker.take(reply or Whole())


async def open_stage(clock: FakeClock, *, lives: int = 36_000) -> Stage:
    """Return a stage; the token lives so many seconds."""
    one = kit(clock)
    body = FakeReply(headers=[("Content-Type", "application/json")], body=BODY, ready=BODY)
    upstream = FakeUpstream(body)
    stage = Stage(one, upstream, doors(one, upstream))
    client = stage.doors.registry.client("a")
    stored = await one.connections.connect(client, read_token_reply(token_reply(expires_in=lives).body))
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    data = {"connection": stored.id, "account": "acc_1", "profile": {}}
    stage.handle = await stage.doors.browser.sessions.create(client, data)
    return stage

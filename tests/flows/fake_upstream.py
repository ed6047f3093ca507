"""A fake of the upstream port: answers proxied calls from one reply."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from gateway.rules.headers import Pairs


@dataclass
class FakeReply:
    """An upstream reply."""

    status: int = 200
    headers: Pairs = field(default_factory=list)
    body: bytes = b""
    closed: bool = False
    ready: bytes | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.body

    async def read(self, limit: int) -> bytes:
        assert len(self.body) <= limit
        return self.body

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeUpstream:
    """Answers proxied calls from one reply, and remembers them."""

    reply: FakeReply = field(default_factory=FakeReply)
    sent: list[tuple[str, str, Pairs, Any]] = field(default_factory=list)

    async def send(self, method: str, url: str, headers: Pairs, body: Any) -> FakeReply:
        self.sent.append((method, url, headers, body))
        return self.reply

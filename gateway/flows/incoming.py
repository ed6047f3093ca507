"""A call as it came, before anything was judged."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from gateway.rules.headers import Pairs


class IncomingBody(Protocol):
    """A request's body, not read yet."""

    @property
    def is_there(self) -> bool:
        """Whether there is one."""
        ...

    @property
    def length(self) -> int | None:
        """Its announced length, in bytes; None where it was not announced."""
        ...

    async def read(self, limit: int) -> bytes:
        """Return it whole, as sent.

        Raises:
            RequestRefused: `body_too_large`.
        """
        ...

    def stream(self) -> AsyncIterator[bytes]:
        """Yield it as it arrives."""
        ...


@dataclass(frozen=True, slots=True)
class NoBody:
    """The body of a request that has none."""

    is_there: bool = False
    length: int | None = 0

    async def read(self, limit: int) -> bytes:  # noqa: ARG002  as of every body
        """Return nothing."""
        return b""

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield nothing."""
        nothing: tuple[bytes, ...] = ()
        for piece in nothing:
            yield piece


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as it came: method, raw target, all header lines, body; and the connection of its session, if any."""

    method: str
    target: str
    headers: Pairs
    body: IncomingBody
    request_id: str
    connection: str = ""


@dataclass(slots=True)
class CallFacts:
    """What the log line and the metrics want to know; filled on the way, so that a refusal has it too."""

    operation: str = "unmatched"
    client: str = ""
    mode: str = ""

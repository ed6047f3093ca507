"""The port that proxied calls leave by; see `ports` for the others."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from gateway.rules.headers import Pairs


class UpstreamReply(Protocol):
    """An answer of Cronofy's whose head has arrived."""

    @property
    def status(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Pairs:
        """All header lines, in order."""
        ...

    @property
    def ready(self) -> bytes | None:
        """The whole body, where it has arrived already; None where it has to be waited for."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, undecoded.

        Raises:
            CronofyUnavailable: it broke off or stalled.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            CronofyUnavailable: it broke off, stalled, or is larger than `limit` bytes.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; a body that was not read to its end is cut."""
        ...


class Upstream(Protocol):
    """Sends proxied calls."""

    async def send(
        self, method: str, url: str, headers: Pairs, body: bytes | AsyncIterator[bytes] | None
    ) -> UpstreamReply:
        """Send a request and return when the answer's head is there.

        Args:
            method: upper case.
            url: absolute; sent byte for byte.
            headers: all of them, but Host and the body's length.
            body: whole, or streamed, or none.

        Raises:
            CronofyUnavailable: `upstream_unreachable` or `upstream_timeout`.
        """
        ...


class WholeReply(UpstreamReply, Protocol):
    """An answer of Cronofy's, for whoever writes heads as bytes."""

    @property
    def lines(self) -> list[bytes]:
        """All header lines, in order, as they came, without their ends: name, colon, one blank, value."""
        ...


class Taker(Protocol):
    """Whoever waits for an answer; is told once, in the round of the event loop in which it is known."""

    def take(self, reply: WholeReply) -> None:
        """Take an answer whose head is there, and as much of its body as came with it."""
        ...

    def lose(self, error: Exception) -> None:
        """Learn that there is none: CronofyUnavailable."""
        ...


class Course(Protocol):
    """GETs that differ in their target and request id only: the rest of their head is written once."""

    def begin(self, target: str, request_id: str, taker: Taker) -> Callable[[], None] | None:
        """Send one over a connection that is there, and return what gives it up; None when there is no connection now.

        Args:
            target: path and query, sent byte for byte.
            request_id: ours.
            taker: waits for the answer.
        """
        ...


class Courses(Protocol):
    """Makes courses."""

    def course(self, origin: str, headers: Pairs) -> Course:
        """Return the course of calls.

        Args:
            origin: of Cronofy's API.
            headers: all of them but Host, and the request id in the last place.

        Raises:
            CronofyUnavailable: they cannot be written.
        """
        ...

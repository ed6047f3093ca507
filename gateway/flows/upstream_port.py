"""The port that proxied calls leave by; see `ports` for the others."""

from collections.abc import AsyncIterator
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

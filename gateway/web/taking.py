"""Whether a client takes its answer, or lets it stand.

Whoever never reads keeps a connection, what waits to be written, and mostly a connection to Cronofy, of which there are
only so many. Nothing is measured but while the client takes less than there is, and then once a second.
"""

import asyncio
from typing import Final

LEAST_STEP: Final = 0.05  # seconds between two looks
MOST_STEP: Final = 1.0


def step_of(timeout: float) -> float:
    """Return the seconds between two looks, for so many seconds of patience."""
    return max(LEAST_STEP, min(MOST_STEP, timeout / 4))


class Taking:
    """How a client takes what is written to it.

    A protocol tells of `pause_writing` and `resume_writing`; in between whoever writes waits, so what is left grows
    less, or nothing is taken.
    """

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._since: float | None = None  # when it last took something; None while it takes all
        self._left = 0

    def pause(self, now: float) -> None:
        """Note that it takes less than there is."""
        self._since, self._left = now, 0

    def resume(self) -> None:
        """Note that it has taken what there was."""
        self._since = None

    def has_stalled(self, transport: asyncio.WriteTransport, now: float, timeout: float) -> bool:
        """Say whether it has taken nothing for so many seconds, as far as looks now and then can tell."""
        if self._since is None:
            return False
        left = transport.get_write_buffer_size()
        if left < self._left:
            self._since = now
        self._left = left
        return self._since + timeout <= now

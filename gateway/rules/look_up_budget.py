"""How many look-ups the gateway may make of its own: a tenth of what Cronofy allows an application.

A sliding count over a second and over a minute. Times in, verdicts out.

Source: https://docs.cronofy.com/developers/faqs/rate-limits/ (50 requests a second and 500 a minute by default).
"""

from collections import deque
from typing import Final

PER_SECOND: Final = 5
PER_MINUTE: Final = 50


class LookUpBudget:
    """The budget of one application."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Take one look-up, or say that none is left.

        Args:
            now: Unix time, in seconds; never earlier than before.
        """
        while self._taken and self._taken[0] <= now - 60.0:
            self._taken.popleft()
        last_second = sum(at > now - 1.0 for at in list(self._taken)[-PER_SECOND:])
        if len(self._taken) >= PER_MINUTE or last_second >= PER_SECOND:
            return False
        self._taken.append(now)
        return True

    def share(self, now: float) -> float:
        """Return the part of the minute's budget that is taken, 0 to 1."""
        return sum(at > now - 60.0 for at in self._taken) / PER_MINUTE

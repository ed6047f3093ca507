"""How many look-ups the gateway may make of its own: a tenth of what Cronofy allows an application.

A sliding count over a second and over a minute. Times in, verdicts out. Most of it is for tokens that are bound to a
client; a small part for tokens that nobody knows, since anybody can invent those. Several processes divide it.

Source: https://docs.cronofy.com/developers/faqs/rate-limits/ (50 requests a second and 500 a minute by default).
"""

from collections import deque
from typing import Final

BOUND: Final = (4, 40)  # a second, a minute
UNBOUND: Final = (1, 10)


class LookUpBudget:
    """One of an application's budgets.

    Args:
        per_second: the most in any second.
        per_minute: the most in any minute.
    """

    def __init__(self, per_second: int, per_minute: int) -> None:
        self._per_second, self._per_minute = per_second, per_minute
        self._taken: deque[float] = deque()

    def take(self, now: float, *, nodes: int = 1) -> bool:
        """Take one look-up, or say that none is left.

        Args:
            now: Unix time, in seconds; never earlier than before.
            nodes: how many processes share what Cronofy allows; each has its part, and one look-up at least.
        """
        per_second, per_minute = max(1, self._per_second // nodes), max(1, self._per_minute // nodes)
        while self._taken and self._taken[0] <= now - 60.0:
            self._taken.popleft()
        last_second = sum(at > now - 1.0 for at in list(self._taken)[-per_second:])
        if len(self._taken) >= per_minute or last_second >= per_second:
            return False
        self._taken.append(now)
        return True

    def share(self, now: float, *, nodes: int = 1) -> float:
        """Return the part of the minute's budget that is taken, 0 to 1."""
        return min(1.0, sum(at > now - 60.0 for at in self._taken) / max(1, self._per_minute // nodes))

"""Keeping to a pace: whose turn it is when, at so many turns a second. Times in, spans out.

A token bucket that holds one token: turns are handed out evenly, so that no second sees more of them than it should,
not even the first. A bucket of a second's worth would let twice the pace through there.

Source: https://docs.cronofy.com/developers/faqs/rate-limits/ (50 requests a second and 500 a minute by default).
"""

from typing import Final

HIGHEST_RATE: Final = 50.0  # calls a second; Cronofy's own limit for an application
USUAL_RATE: Final = 5.0  # 300 of the minute's 500, so that the apps that run keep a part


class Pace:
    """Hands out turns.

    Args:
        per_second: how many turns a second.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._free_at = 0.0

    def reserve(self, now: float) -> float:
        """Take the next turn, and return in how many seconds it comes.

        Args:
            now: Unix time, in seconds.
        """
        at = max(self._free_at, now)
        self._free_at = at + self._gap
        return at - now

    def hold(self, until: float) -> None:
        """Let nobody have a turn before a time: Cronofy has just said that it was too much.

        Args:
            until: Unix time, in seconds.
        """
        self._free_at = max(self._free_at, until)

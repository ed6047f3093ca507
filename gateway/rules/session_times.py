"""How long a session lives.

Idle and absolute (OWASP ASVS 5.0, 7.3.1 and 7.3.2): a session ends when nobody used it for a while, and in any case a
fixed time after the sign-in. All times are Unix times or spans, in seconds.
"""

from dataclasses import dataclass
from typing import Final

# A session in use is written at most this often; its idle time is exact to this.
_WRITE_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds: without use, and in all."""

    idle: float
    absolute: float

    def ends_at(self, *, created_at: float, seen_at: float) -> float:
        """Return when a session ends."""
        return min(seen_at + self.idle, created_at + self.absolute)

    def is_over(self, *, created_at: float, seen_at: float, now: float) -> bool:
        """Say whether a session has ended."""
        return now >= self.ends_at(created_at=created_at, seen_at=seen_at)

    def needs_write(self, *, seen_at: float, now: float) -> bool:
        """Say whether a use is worth writing down: seldom enough to be cheap, often enough for a short idle time."""
        return now - seen_at >= min(_WRITE_EVERY, self.idle / 10)


def needs_refresh(*, expires_at: float, now: float, margin: float = 60.0) -> bool:
    """Say whether an access token must be renewed before it is used.

    Args:
        expires_at: Unix time, in seconds.
        now: Unix time, in seconds.
        margin: seconds of safety for clock drift and a slow first byte.
    """
    return now + margin >= expires_at

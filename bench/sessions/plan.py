"""How much is measured: in full, or quickly to see that everything works."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Numbers of everything.

    Attributes:
        sizes: signed-in people in the store, growing; multiples of a thousand.
        rounds: in which all sizes take turns.
        loads: loads in a round at each size, each of another session.
        writes: sign-ins, uses that are written down, and lists in a round at each size.
        used: sessions that are used through a gateway process, twice so many in all.
        idle: seconds that a gateway process is left alone before its memory is read.
        parallel: calls at once on one stale token.
        delay: seconds by which the token endpoint is slow.
        crowd: people, each with a token that is stale at every call.
        crowd_calls: calls of each of them.
        away: seconds that a store is away.
        aside: seconds of calls before and after.
        outage_people: people whose sessions are counted afterwards.
        rotations: how often the key is changed.
        rotation_people: people who are signed in meanwhile.
    """

    sizes: tuple[int, ...]
    rounds: int = 10
    loads: int = 1_000
    writes: int = 50
    used: int = 10_000
    idle: float = 15.0
    parallel: int = 100
    delay: float = 15.0
    crowd: int = 1_000
    crowd_calls: int = 20
    away: float = 5.0
    aside: float = 3.0
    outage_people: int = 200
    rotations: int = 2
    rotation_people: int = 500


FULL: Final = Plan(sizes=(1_000, 10_000, 100_000, 1_000_000))
QUICK: Final = Plan(
    sizes=(1_000, 10_000),
    rounds=3,
    writes=20,
    used=1_000,
    idle=3.0,
    delay=6.0,
    crowd=100,
    crowd_calls=5,
    away=2.0,
    aside=1.0,
    outage_people=50,
    rotations=1,
    rotation_people=100,
)

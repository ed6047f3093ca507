"""What each access mode means for each operation: works, works differently, refused. Code, tests and docs read it.

Only what Cronofy documents as impossible is refused here; where a mode merely changes the outcome the call goes
through, and this table says how. Operations without a row work alike in every mode.

Source: https://docs.cronofy.com/developers/authorization/access-modes/ (its pages on each mode, and the FAQ).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.rules.access_mode import AccessMode


class Effect(StrEnum):
    """What happens to an operation in a mode."""

    WORKS = "works"
    DIFFERS = "works differently"
    REFUSED = "refused"


class RuleState(StrEnum):
    """How a rule is applied: refuse, or let pass and count, or do not look."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    OFF = "off"


class Rule(StrEnum):
    """The rules that can refuse a call because of a mode."""

    INTEGRATED_CONFERENCING = "integrated_conferencing"


@dataclass(frozen=True, slots=True)
class Limit:
    """What an operation comes to in one mode.

    Attributes:
        effect: works, works differently, refused.
        how: one sentence; empty where it simply works.
        rule: the rule that refuses.
    """

    effect: Effect
    how: str = ""
    rule: Rule | None = None


WORKS: Final = Limit(Effect.WORKS)
# The part of an operation that a limit is about, beside the operation as a whole.
WHOLE: Final = ""
INTEGRATED: Final = "integrated conferencing"

_INVITE: Final = Limit(
    Effect.DIFFERS, "The person gets an invitation by e-mail; the event is in the calendar once accepted."
)
_RECALLED: Final = Limit(Effect.DIFFERS, "The person is told by e-mail.")
_BUSY_ONLY: Final = Limit(Effect.DIFFERS, "Only when the person is busy, and events made through the API; no details.")
_MANAGED_ONLY: Final = Limit(Effect.DIFFERS, "Only events made through the API are known.")
_REFUSED: Final = Limit(
    Effect.REFUSED,
    "Teams and Meet need a conferencing profile of their own here; the calendar cannot be written to.",
    Rule.INTEGRATED_CONFERENCING,
)


def _both(limit: Limit) -> dict[AccessMode, Limit]:
    return {AccessMode.FREE_BUSY: limit, AccessMode.NO_ACCESS: limit}


_READ: Final = {AccessMode.FREE_BUSY: _BUSY_ONLY, AccessMode.NO_ACCESS: _MANAGED_ONLY}
_AVAILABILITY: Final = {
    AccessMode.NO_ACCESS: Limit(
        Effect.DIFFERS, "Only events made through the API count; add available periods or rules."
    )
}

LIMITS: Final[dict[tuple[str, str], dict[AccessMode, Limit]]] = {
    ("read_events", WHOLE): _READ,
    ("read_events_page", WHOLE): _READ,
    ("free_busy", WHOLE): {AccessMode.NO_ACCESS: _MANAGED_ONLY},
    ("free_busy_page", WHOLE): {AccessMode.NO_ACCESS: _MANAGED_ONLY},
    ("upsert_event", WHOLE): _both(_INVITE),
    ("delete_event", WHOLE): _both(_RECALLED),
    ("batch", WHOLE): _both(_INVITE),
    ("availability", WHOLE): _AVAILABILITY,
    ("sequenced_availability", WHOLE): _AVAILABILITY,
    ("create_real_time_scheduling", WHOLE): _both(_INVITE),
    ("create_real_time_sequencing", WHOLE): _both(_INVITE),
    ("upsert_event", INTEGRATED): _both(_REFUSED),
    ("batch", INTEGRATED): _both(_REFUSED),
    ("create_real_time_scheduling", INTEGRATED): _both(_REFUSED),
    ("create_real_time_sequencing", INTEGRATED): _both(_REFUSED),
}


def limit_of(operation: str, mode: AccessMode, part: str = WHOLE) -> Limit:
    """Return what an operation, or a part of it, comes to in a mode."""
    return LIMITS.get((operation, part), {}).get(mode, WORKS)

"""What came of an import, line by line and in all. Plain values; nothing in here can hold a token."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What came of a line."""

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    OTHER_ACCOUNT = "other_account"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a line failed, or what to know of one that did not."""

    UNREADABLE = "the line cannot be used"
    REFUSED = "refused by Cronofy: the person has to connect again"
    ANSWER_LOST = "refused by Cronofy after an earlier answer got lost: the person has to connect again"
    CRONOFY_AWAY = "Cronofy is away: not tried to its end; run the import again"
    CREDENTIALS = "Cronofy does not accept the application's credentials; mend them, then run the import again"
    STORE_AWAY = "the store is away: run the import again"
    NOT_STORED = "refreshed but not stored: run the import again, it goes on from the answer that is kept"
    NO_ACCOUNT = "Cronofy does not say whose it is: nothing was stored; run the import again"
    OTHER_ACCOUNT = "stored for the account that it is of, not for the line's"
    UNGRANTED = "free_busy_write was not granted"
    OTHER_MODE = "connected in a mode that this client does not take"


UNFINISHED = frozenset({Reason.CRONOFY_AWAY, Reason.CREDENTIALS, Reason.STORE_AWAY, Reason.NOT_STORED})
"""A failure that says nothing about the line: the next one is likely to fail as well."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one line.

    Attributes:
        line: its number, from 1.
        outcome: what came of it.
        sub: the account that it is of; as the line says where nothing better is known, empty where it says nothing.
        reasons: why it failed, or what to know of it.
        detail: what the reasons leave open, for people.
    """

    line: int
    outcome: Outcome
    sub: str = ""
    reasons: tuple[Reason, ...] = ()
    detail: str = ""

    @property
    def text(self) -> str:
        """The reasons as one sentence; empty where there is nothing to say."""
        told = "; ".join(self.reasons)
        return f"{told} ({self.detail})" if self.detail else told

    def described(self) -> dict[str, int | str]:
        """Return the line of the report."""
        return {"line": self.line, "sub": self.sub, "outcome": self.outcome, "reason": self.text}


def failed(line: int, reason: Reason, *, sub: str = "", detail: str = "") -> Result:
    """Make the result of a line that failed."""
    return Result(line, Outcome.FAILED, sub, (reason,), detail)


@dataclass(slots=True)
class Tally:
    """Counts results."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[tuple[Outcome, Reason]] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count one."""
        self.outcomes[result.outcome] += 1
        for reason in result.reasons:
            self.reasons[result.outcome, reason] += 1

    @property
    def total(self) -> int:
        """How many lines there were."""
        return self.outcomes.total()

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed and nothing was found to be another account's."""
        return not self.outcomes[Outcome.FAILED] and not self.outcomes[Outcome.OTHER_ACCOUNT]

    def rows(self) -> Iterator[tuple[str, str, int]]:
        """Yield outcome, reason (empty for the whole outcome) and number, in a fixed order."""
        for outcome in Outcome:
            if outcome is Outcome.OTHER_ACCOUNT and not self.outcomes[outcome]:
                continue
            yield outcome.replace("_", " "), "", self.outcomes[outcome]
            for reason in Reason:
                if number := self.reasons[outcome, reason]:
                    yield outcome.replace("_", " "), reason, number

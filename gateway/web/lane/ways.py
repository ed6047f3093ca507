"""The way of calls whose caller's standing is known: what their heads have in common, in both directions, as bytes."""

from collections.abc import Callable
from typing import Final

from multidict import CIMultiDict

from gateway.flows.incoming import CallFacts
from gateway.flows.standings import Standing
from gateway.flows.upstream_port import Course
from gateway.observe.metrics import Metrics
from gateway.rules.operations import Match
from gateway.rules.request_target import Target

_MARK: Final = "\0"  # where the request id goes; no header holds one


class Tail:
    """What is said below Cronofy's own lines when the mode is known.

    Attributes:
        before: bytes before the request id.
        after: bytes after it.
        facts: what the log line says.
        count: counts the mode.
    """

    __slots__ = ("after", "before", "count", "facts")

    def __init__(self, before: bytes, after: bytes, facts: CallFacts, count: Callable[[], None]) -> None:
        self.before = before
        self.after = after
        self.facts = facts
        self.count = count


class Way:
    """One caller's calls of one operation.

    Args:
        standing: who calls.
        course: how its calls leave.
        offered: the caller's own request id.
        ours: makes the header lines that are ours, by mode and request id.
        metrics: counts modes.

    Attributes:
        withheld: what must not stand in an answer's head.
        is_of_page: nobody may keep the answers.
    """

    __slots__ = (
        "_metrics",
        "_of_account",
        "_ours",
        "_tails",
        "course",
        "is_of_page",
        "offered",
        "standing",
        "withheld",
    )

    def __init__(
        self,
        standing: Standing,
        course: Course,
        offered: str,
        ours: Callable[[str, str], CIMultiDict[str]],
        metrics: Metrics,
    ) -> None:
        self.standing = standing
        self.course = course
        self.offered = offered
        self.withheld = tuple(one.encode() for one in standing.caller.withheld)
        self.is_of_page = standing.caller.is_of_page
        self._ours = ours
        self._metrics = metrics
        self._tails: dict[str, Tail] = {}
        self._of_account: Tail | None = None  # where no calendar is named

    def tail(self, target: Target, match: Match) -> Tail:
        """Return the tail of an answer."""
        names_nothing = not target.query and not match.values
        if names_nothing and self._of_account is not None:
            return self._of_account
        mode = self.standing.mode(target, match)
        tail = self._tails.get(mode)
        if tail is None:
            tail = self._tails[mode] = self._tail(mode)
        if names_nothing:
            self._of_account = tail
        return tail

    def _tail(self, mode: str) -> Tail:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self._ours(mode, _MARK).items())
        before, _, after = lines.encode().partition(_MARK.encode())
        facts = self.standing.facts
        shown = CallFacts(facts.operation, facts.client, mode)
        return Tail(before, after, shown, self._metrics.modes.labels(mode).inc)

"""When the people of a query are free together. Plain numbers in, plain numbers out.

A query has groups of members; of each group so many must be free. Times are Unix seconds, spans are pairs of
them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Group:
    """Members by `sub`, and how many of them are required."""

    subs: tuple[str, ...]
    required: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A time that works, and who is free throughout it."""

    start: float
    end: float
    subs: tuple[str, ...]


def openings(
    *, periods: Iterable[Span], groups: Sequence[Group], busy: dict[str, list[Span]], duration: float
) -> list[Opening]:
    """Find every stretch of at least `duration` seconds in which enough of each group are free.

    Args:
        periods: where to look.
        groups: who is needed.
        busy: when each `sub` is not free.
        duration: seconds.
    """
    found: list[Opening] = []
    for start, end in periods:
        found += [one for one in _within(start, end, groups, busy) if one.end - one.start >= duration]
    return found


def slots(found: Iterable[Opening], *, duration: float, step: float) -> list[Opening]:
    """Cut stretches into slots of `duration` seconds that start every `step` seconds."""
    cut: list[Opening] = []
    for one in found:
        start = one.start
        while start + duration <= one.end:
            cut.append(Opening(start, start + duration, one.subs))
            start += step
    return cut


def _within(start: float, end: float, groups: Sequence[Group], busy: dict[str, list[Span]]) -> list[Opening]:
    subs = list(dict.fromkeys(sub for group in groups for sub in group.subs))
    edges = {edge for sub in subs for span in busy.get(sub, []) for edge in span if start < edge < end}
    points = sorted({start, end} | edges)
    found: list[Opening] = []
    for left, right in pairwise(points):
        free = {sub for sub in subs if not any(a < right and left < b for a, b in busy.get(sub, []))}
        if not all(sum(sub in free for sub in group.subs) >= group.required for group in groups):
            continue
        names = tuple(sub for sub in subs if sub in free)
        if found and found[-1].end == left and found[-1].subs == names:
            found[-1] = Opening(found[-1].start, right, names)
        else:
            found.append(Opening(left, right, names))
    return found

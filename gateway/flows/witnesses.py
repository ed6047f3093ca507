"""What a judgement rests on: an entry of a short memory, which bears witness as long as that very entry is there.

Whoever ends, changes or reads anew what was remembered puts another entry there or none, so nobody has to be told.
"""

from collections.abc import Mapping
from typing import Any


class Witness:
    """An entry of a short memory.

    Args:
        entries: the memory.
        name: the entry's name.
        entry: what stands there.
        until: Unix time, in seconds, until which it may be relied on.
    """

    __slots__ = ("entries", "entry", "name", "until")

    def __init__(self, entries: Mapping[str, Any], name: str, entry: object, until: float) -> None:
        self.entries = entries
        self.name = name
        self.entry = entry
        self.until = until


def witness_of(entries: Mapping[str, tuple[float, Any]], name: str, *, at_most: float = float("inf")) -> Witness | None:
    """Return the witness of an entry that says itself until when it counts; None where there is none.

    Args:
        entries: the memory.
        name: the entry's name.
        at_most: Unix time, in seconds, after which what was remembered is over whatever the memory says.
    """
    entry = entries.get(name)
    return None if entry is None else Witness(entries, name, entry, min(entry[0], at_most))

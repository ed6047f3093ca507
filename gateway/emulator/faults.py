"""Faults to order: the next requests to a path are slow, or fail, or both.

With `after`, what was asked for is done first: Cronofy has rotated a token, and the answer is late or lost.
"""

from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal, get_args

from gateway.emulator.bodies import Body, number_within
from gateway.emulator.refusals import Complaints

When = Literal["before", "after"]

_STATUSES: Final = (200, 599)
_LONGEST_DELAY: Final = 60  # seconds; more than any client waits
_MOST_TIMES: Final = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One order: `delay` in seconds; without a status the request is only delayed.

    `when` says whether it strikes before or after the request is carried out.
    """

    path: str
    status: int | None
    delay: float
    times: int
    when: When = "before"

    def described(self) -> dict[str, object]:
        """The order as JSON."""
        return asdict(self)


class Faults:
    """Orders that wait, first come, first served."""

    def __init__(self) -> None:
        self._orders: deque[Fault] = deque()

    def order(self, fault: Fault) -> None:
        """Add one."""
        self._orders.append(fault)

    def take(self, path: str) -> Fault | None:
        """Use up one turn of the first order for this exact path."""
        found = next((order for order in self._orders if order.path == path), None)
        if found is not None:
            position = self._orders.index(found)
            if found.times > 1:
                self._orders[position] = replace(found, times=found.times - 1)
            else:
                del self._orders[position]
        return found


def fault_from(fields: Body) -> Fault | Complaints:
    """Read an order, or say of each bad field what is allowed."""
    complaints: dict[str, tuple[str, str]] = {}
    path, status = fields.get("path"), fields.get("status")
    code = number_within(status, *_STATUSES, whole=True)
    delay = number_within(fields.get("delay", 0), 0, _LONGEST_DELAY)
    times = number_within(fields.get("times", 1), 1, _MOST_TIMES, whole=True)
    when = next((known for known in get_args(When) if known == fields.get("when", "before")), None)
    if not isinstance(path, str) or not path.startswith("/"):
        complaints["path"] = ("errors.invalid", "path is the exact path of a request, such as /v1/events")
    if status is not None and code is None:
        complaints["status"] = ("errors.invalid", "status is a number from 200 to 599, or left out")
    if delay is None:
        complaints["delay"] = ("errors.invalid", "delay is a number of seconds from 0 to 60")
    if times is None:
        complaints["times"] = ("errors.invalid", "times is a number from 1 to 1000")
    if when is None:
        complaints["when"] = ("errors.not_recognized", f"when is one of {', '.join(get_args(When))}")
    if complaints or delay is None or times is None or when is None:
        return complaints
    return Fault(str(path), None if code is None else int(code), delay, int(times), when)

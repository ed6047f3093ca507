"""Faults to order: the next requests to a path are slow, or fail, or both."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from gateway.emulator.bodies import Body
from gateway.emulator.refusals import Complaints

_STATUSES: Final = range(200, 600)
_LONGEST_DELAY: Final = 60  # seconds; more than any client waits
_MOST_TIMES: Final = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One order: `delay` in seconds; without a status the request is only delayed."""

    path: str
    status: int | None
    delay: float
    times: int


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
    delay, times = fields.get("delay", 0), fields.get("times", 1)
    if not isinstance(path, str) or not path.startswith("/"):
        complaints["path"] = ("errors.invalid", "path is the exact path of a request, such as /v1/events")
    if status is not None and not (_is_number(status, whole=True) and _number(status) in _STATUSES):
        complaints["status"] = ("errors.invalid", "status is a number from 200 to 599, or left out")
    if not (_is_number(delay) and 0 <= _number(delay) <= _LONGEST_DELAY):
        complaints["delay"] = ("errors.invalid", "delay is a number of seconds from 0 to 60")
    if not (_is_number(times, whole=True) and 1 <= _number(times) <= _MOST_TIMES):
        complaints["times"] = ("errors.invalid", "times is a number from 1 to 1000")
    if complaints:
        return complaints
    return Fault(
        path=str(path),
        status=None if status is None else int(_number(status)),
        delay=_number(delay),
        times=int(_number(times)),
    )


def _is_number(value: object, *, whole: bool = False) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0

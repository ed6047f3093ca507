"""Work that is done once at the end of a round of the event loop, for all that asked for it within the round."""

import asyncio
from collections.abc import Callable


class RoundEnd:
    """Does one kind of work.

    Args:
        work: what is to be done; at once where no event loop runs.
    """

    __slots__ = ("_is_due", "_work")

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._is_due = False

    def ask(self) -> None:
        """Have the work done at the end of this round."""
        if self._is_due:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._work()
            return
        self._is_due = True
        loop.call_soon(self._do)

    def _do(self) -> None:
        self._is_due = False
        self._work()

"""What an operator sees of an import: a bar at a terminal, else a line now and then; a table at the end."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gateway.rules.import_outcomes import Outcome, Result, Tally

EVERY: Final = 10.0  # seconds between two lines where there is no terminal
MOST_SHOWN: Final = 20


class ImportProgress:
    """Shows how far an import is, for as long as the block runs.

    Args:
        total: how many lines there are.
        console: where to.
        sleep: waits for so many seconds.
    """

    def __init__(
        self, total: int, console: Console, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.tally = Tally()
        self.failures: list[Result] = []
        self._total = total
        self._console = console
        self._sleep = sleep
        self._telling: asyncio.Task[None] | None = None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console) if console.is_terminal else None
        self._task = self._bar.add_task(self._described(), total=total) if self._bar else None

    def add(self, result: Result) -> None:
        """Take a result in."""
        self.tally.add(result)
        if result.outcome in {Outcome.FAILED, Outcome.OTHER_ACCOUNT} and len(self.failures) < MOST_SHOWN:
            self.failures.append(result)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self.tally.total, description=self._described())

    def _described(self) -> str:
        failures = self.tally.outcomes[Outcome.FAILED]
        return "Importing" + (f", {failures} failed" if failures else "")

    async def _tell(self) -> None:
        while True:
            await self._sleep(EVERY)
            self._console.print(f"{self._described()}: {self.tally.total} of {self._total} lines", highlight=False)

    async def __aenter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        else:
            self._telling = asyncio.create_task(self._tell(), name="tell progress")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)


def summary(tally: Tally) -> Table:
    """Return the table of what came of it."""
    table = Table("outcome", "reason", "lines")
    table.columns[2].justify = "right"
    for outcome, reason, number in tally.rows():
        table.add_row("" if reason else outcome, escape(reason), str(number))
    return table


def print_failures(console: Console, progress: ImportProgress) -> None:
    """Name the first lines that failed, and say how to learn of the others."""
    for one in progress.failures:
        sub = f" {one.sub}" if one.sub else ""
        console.print(escape(f"line {one.line}{sub}: {one.text}"), highlight=False, soft_wrap=True)
    counted = progress.tally.outcomes
    more = counted[Outcome.FAILED] + counted[Outcome.OTHER_ACCOUNT] - len(progress.failures)
    if more:
        console.print(f"… and {more} more; --report FILE names each.", highlight=False)

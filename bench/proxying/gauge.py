"""The progress bar: how much of the time is over that everything may take."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Gauge:
    """A bar over all scenarios.

    Args:
        console: where it is drawn.
        seconds: that each scenario is guessed to take.
    """

    def __init__(self, console: Console, seconds: Mapping[str, float]) -> None:
        columns = BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
        # Twice a second: drawing takes time on the core that makes the load.
        self._progress = Progress(*columns, console=console, refresh_per_second=2)
        self._task = self._progress.add_task("starting", total=sum(seconds.values()))
        self._seconds = seconds
        self._before = 0.0
        self._name = ""
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None:
            self._progress.update(self._task, completed=sum(self._seconds.values()), description="done")
        self._progress.stop()

    def begin(self, name: str) -> None:
        """Go on to a scenario."""
        self._before += self._seconds.get(self._name, 0.0)
        self._name, self._began = name, time.monotonic()
        self.tick("")

    def tick(self, what: str) -> None:
        """Say what is being done."""
        within = min(time.monotonic() - self._began, self._seconds[self._name])
        told = f"{self._name}: {what}" if what else self._name
        self._progress.update(self._task, completed=self._before + within, description=told)
        if not self._progress.console.is_terminal:
            self._progress.console.print(f"{time.strftime('%H:%M:%S')} {told}", highlight=False)

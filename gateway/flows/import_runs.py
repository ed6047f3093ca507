"""Running an import: a few lines at a time, stopping cleanly, and not going on against a Cronofy that is away."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.flows.import_turns import Stopped
from gateway.flows.imports import Imports
from gateway.rules.client import Client
from gateway.rules.import_lines import LineUnusable, read_import_line
from gateway.rules.import_outcomes import UNFINISHED, Reason, Result, failed

HOPELESS: Final = 10  # unfinished lines in a row after which the rest is left alone

Lines = Iterator[tuple[int, bytes]]


@dataclass(slots=True)
class ImportRun:
    """One run over a file.

    Attributes:
        imports: the story of a line.
        client: whose connections they become.
        told: is called with each result.
        again: prove and store anew also what is there already.
        is_hopeless: it gave up by itself; the results say why.
    """

    imports: Imports
    client: Client
    told: Callable[[Result], None]
    again: bool = False
    is_hopeless: bool = False
    _unfinished: int = field(default=0, init=False)
    _begun_in_vain: int = field(default=0, init=False)

    async def over(self, lines: Lines, *, parallel: int) -> int:
        """Bring lines in, and return how many were left untouched because the run was to stop.

        Args:
            lines: number and bytes of each.
            parallel: how many at a time.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(self._work(lines), name="import")
        return self._begun_in_vain + sum(1 for _ in lines)

    async def _work(self, lines: Lines) -> None:
        stop = self.imports.turns.stop
        while not stop.is_set() and (taken := next(lines, None)) is not None:
            try:
                result = await self._bring_in(*taken)
            except Stopped:
                self._begun_in_vain += 1
                return
            self.told(result)
            self._note(result)

    async def _bring_in(self, number: int, raw: bytes) -> Result:
        try:
            line = read_import_line(raw)
        except LineUnusable as unusable:
            return failed(number, Reason.UNREADABLE, detail=str(unusable))
        return await self.imports.bring_in(self.client, number, line, again=self.again)

    def _note(self, result: Result) -> None:
        """Stop when nothing goes well any more: each further line would wait its minute, and fail."""
        unfinished = UNFINISHED.intersection(result.reasons)
        self._unfinished = self._unfinished + 1 if unfinished else 0
        if self._unfinished >= HOPELESS or Reason.CREDENTIALS in unfinished:
            self.is_hopeless = True
            self.imports.turns.stop.set()

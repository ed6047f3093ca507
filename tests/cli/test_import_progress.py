"""An operator sees how far an import is, at a terminal and in a log alike, and never a token."""

import asyncio
import io

from rich.console import Console

from gateway.cli.import_progress import EVERY, MOST_SHOWN, ImportProgress, print_failures, summary
from gateway.rules.import_outcomes import Outcome, Reason, Result, failed

DONE = Result(1, Outcome.IMPORTED, "acc_1")


def console(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    said = io.StringIO()
    return Console(file=said, force_terminal=terminal, width=120), said


class Ticks:
    """A sleep that ends when the test lets it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.turn = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.turn.wait()
        self.turn.clear()


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_without_a_terminal_a_line_is_said_now_and_then() -> None:
    shown, said = console()
    ticks = Ticks()
    async with ImportProgress(3, shown, sleep=ticks) as progress:
        await settle()
        assert said.getvalue() == ""
        progress.add(DONE)
        ticks.turn.set()
        await settle()
        progress.add(failed(2, Reason.REFUSED))
        ticks.turn.set()
        await settle()
    assert said.getvalue() == "Importing: 1 of 3 lines\nImporting, 1 failed: 2 of 3 lines\n"
    assert set(ticks.slept) == {EVERY}


async def test_at_a_terminal_there_is_a_bar() -> None:
    shown, said = console(terminal=True)
    async with ImportProgress(2, shown) as progress:
        progress.add(DONE)
        progress.add(failed(2, Reason.REFUSED))
    assert "2/2" in said.getvalue()
    assert "1 failed" in said.getvalue()


async def test_the_table_says_what_came_of_it() -> None:
    shown, said = console()
    async with ImportProgress(4, shown) as progress:
        for result in (DONE, DONE, failed(3, Reason.REFUSED), failed(4, Reason.UNREADABLE, detail="it is not JSON")):
            progress.add(result)
    shown.print(summary(progress.tally))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.getvalue().splitlines() if "│" in line]
    assert rows == [
        ["imported", "", "2"],
        ["already there", "", "0"],
        ["failed", "", "2"],
        ["", Reason.UNREADABLE, "1"],
        ["", Reason.REFUSED, "1"],
    ]


async def test_the_first_failures_are_named_and_the_others_counted() -> None:
    shown, said = console()
    async with ImportProgress(100, shown) as progress:
        progress.add(DONE)
        progress.add(failed(2, Reason.UNREADABLE, detail="refresh_token is missing; it has [bold] instead"))
        for line in range(3, MOST_SHOWN + 5):
            progress.add(failed(line, Reason.REFUSED, sub="acc_1"))
    print_failures(shown, progress)
    told = said.getvalue().splitlines()
    assert told[0] == "line 2: the line cannot be used (refresh_token is missing; it has [bold] instead)"
    assert told[1] == f"line 3 acc_1: {Reason.REFUSED}"
    assert (len(told), told[-1]) == (MOST_SHOWN + 1, "… and 3 more; --report FILE names each.")

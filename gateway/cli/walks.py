"""Walking through a store that may be large: bounded in what is kept, with a bar for whoever waits at a terminal."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from rich.progress import Progress

from gateway.cli.settings import err
from gateway.flows.inventory import Looked
from gateway.flows.ports import RecordStore

T = TypeVar("T")


async def first(lines: AsyncGenerator[T, None], limit: int) -> tuple[list[T], bool]:
    """Return the first lines, and whether there are more; the walk ends there.

    Args:
        lines: as a walk yields them.
        limit: the most that are returned.
    """
    found: list[T] = []
    async with aclosing(lines) as every:
        async for one in every:
            if len(found) == limit:
                return found, True
            found.append(one)
    return found, False


@asynccontextmanager
async def looking(store: RecordStore, *kinds: str) -> AsyncIterator[Looked]:
    """Show how far a walk through records of these kinds has got, on standard error where that is a terminal.

    Raises:
        StoreUnavailable: it cannot be known how many there are.
    """
    if not err.is_terminal:
        yield _unseen
        return
    total = sum(tally.number for tally in await store.count() if tally.kind in kinds)
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("looking through the store", total=total)
        yield lambda number: progress.advance(task, number)


def _unseen(_number: int) -> None:
    """Show nothing."""

"""Walks end when enough was seen, and show how far they are to whoever waits."""

import io
from collections.abc import AsyncGenerator

import pytest
from rich.console import Console

from gateway.adapters.store_memory import MemoryStore
from gateway.cli import walks
from gateway.cli.walks import first, looking
from gateway.flows.ports import Record
from tests.clock import FakeClock


@pytest.mark.parametrize(("limit", "found", "more"), [(1, [0], True), (2, [0, 1], True), (3, [0, 1, 2], False)])
async def test_a_walk_goes_no_further_than_it_must(limit: int, found: list[int], *, more: bool) -> None:
    yielded: list[int] = []
    closed = False

    async def lines() -> AsyncGenerator[int, None]:
        nonlocal closed
        try:
            for number in range(3):
                yielded.append(number)
                yield number
        finally:
            closed = True

    assert await first(lines(), limit) == (found, more)
    assert closed
    assert len(yielded) == min(limit + 1, 3)


async def test_at_a_terminal_a_bar_shows_how_far_it_is(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the records that will be looked at, not of all: the bar would never come to its end."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(walks, "err", screen)
    store = MemoryStore(clock)
    for kind, number in (("session", 4), ("binding", 100)):
        for one in range(number):
            await store.put(kind, str(one), Record(b"", 0))
    async with looking(store, "session") as looked:
        looked(3)
        assert isinstance(screen.file, io.StringIO)
        screen.file.truncate(0)
        looked(1)
    assert "100%" in screen.file.getvalue()


async def test_elsewhere_nothing_is_shown_and_nothing_counted(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Console(file=io.StringIO())
    monkeypatch.setattr(walks, "err", silent)
    monkeypatch.setattr(MemoryStore, "count", None)
    async with looking(MemoryStore(clock), "session") as looked:
        looked(1)
    assert isinstance(silent.file, io.StringIO)
    assert silent.file.getvalue() == ""

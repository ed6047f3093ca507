"""The first signal asks for a clean end, the second ends the process."""

import asyncio
import os
import signal

import pytest

from gateway.cli.interrupts import stopping
from tests.journeys.waiting import until


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_asks_and_the_second_ends(name: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    stop, announced = asyncio.Event(), []
    try:
        with stopping(stop, lambda: announced.append(1)):
            os.kill(os.getpid(), name)
            await until(stop.is_set)
            assert signal.getsignal(name) is signal.SIG_DFL
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert announced == [1]


async def test_without_a_signal_nothing_is_asked() -> None:
    stop = asyncio.Event()
    before = signal.getsignal(signal.SIGTERM)
    with stopping(stop, lambda: None):
        assert not stop.is_set()
    assert not stop.is_set()
    assert signal.getsignal(signal.SIGTERM) is before

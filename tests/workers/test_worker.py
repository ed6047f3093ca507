"""A worker and the signals that end it; the journeys run real ones."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gunicorn.config import Config
from structlog.testing import capture_logs

from gateway.config_check import Checked, check_settings
from gateway.rules.errors import StoreUnavailable
from gateway.workers.arbiter_log import ArbiterLog
from gateway.workers.worker import GatewayWorker, reason_of
from tests.settings import good_settings


@dataclass(frozen=True)
class Plan:
    checked: Checked
    folder: Path


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[GatewayWorker]:
    """A worker that is ready."""
    plan, config = Plan(check_settings(good_settings()), tmp_path), Config()
    made = GatewayWorker(1, os.getppid(), [], plan, 15, config, ArbiterLog(config))
    made.load_wsgi()
    made.readiness.waiting_for = ""
    yield made
    made.tmp.close()


@pytest.mark.parametrize(("name", "draining"), [("exit", True), ("quit", False)])
async def test_only_the_end_of_all_makes_it_unready(worker: GatewayWorker, name: str, draining: bool) -> None:
    """A worker that others replace may be asked until it has drained: the gateway as a whole is ready."""
    with capture_logs() as lines:
        for _ in range(2):
            getattr(worker, f"handle_{name}")(signal.SIGTERM, None)
    assert (worker.alive, bool(await worker.readiness.reasons_against())) == (False, draining)
    assert [line["event"] for line in lines] == ["gateway.draining"]


async def test_one_that_still_waits_for_its_store_is_not_waited_for(worker: GatewayWorker) -> None:
    worker._opening = asyncio.create_task(asyncio.sleep(60))
    with capture_logs() as lines:
        worker.handle_exit(signal.SIGTERM, None)
    with pytest.raises(asyncio.CancelledError):
        await worker._opening
    assert (worker.alive, lines) == (False, [])


def test_what_aiohttp_runs_is_the_whole_gateway(worker: GatewayWorker) -> None:
    assert worker.wsgi == worker.open_runner


def test_a_reason_is_in_words() -> None:
    assert reason_of(StoreUnavailable("connection refused")) == "connection refused"
    assert reason_of(OSError("no such file")) == "no such file"

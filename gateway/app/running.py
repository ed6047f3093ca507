"""A gateway that runs: opened, answering, drained and closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from gateway.adapters.clock import SystemClock
from gateway.adapters.key_ring import parse_key_ring
from gateway.app.doors import make_doors
from gateway.app.outside import open_outside
from gateway.config import Listener
from gateway.config_check import Checked
from gateway.flows.ports import Clock, RecordStore
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from gateway.web.operations_listener import Readiness, make_operations_app
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner

_SWEEP_EVERY: Final = 300.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers.

    Attributes:
        public_port: where the public listener is bound.
        operations_port: where the operations listener is bound.
        readiness: set `draining` before stopping it.
        metrics: its metrics.
    """

    public_port: int
    operations_port: int
    readiness: Readiness
    metrics: Metrics


@asynccontextmanager
async def run_gateway(checked: Checked, *, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Run a gateway in this event loop: it answers inside the block, drains and ends after it.

    Raises:
        StoreUnavailable: the store cannot be opened.
        KeyRingInvalid: the keys cannot be used.
        OSError: an address cannot be bound, or the ca_file cannot be read.
    """
    settings, clock, metrics = checked.settings, clock or SystemClock(), Metrics()
    for warning in checked.warnings:
        _log.warning(events.GATEWAY_WARNED, about=warning.place, problem=warning.problem)
    async with AsyncExitStack() as stack:
        parse_key_ring(checked.key_ring)  # complain before anything is opened
        outside = await stack.enter_async_context(open_outside(checked, clock, metrics))
        doors = make_doors(checked, outside, clock, metrics)
        stack.push_async_callback(doors.close)
        sweeper = asyncio.create_task(_sweep(outside.store), name="sweep expired records")
        stack.push_async_callback(_cancel, sweeper)
        readiness = Readiness(outside.store.ping)
        operations = await _listen(stack, make_operations_app(readiness, metrics), settings.operations, 1.0, None)
        public = await _listen(stack, make_public_app(doors), settings.listen, settings.drain_timeout, metrics)
        _log.info(events.GATEWAY_STARTED, public_url=settings.public_url, port=public, operations_port=operations)
        yield Running(public, operations, readiness, metrics)
    _log.info(events.GATEWAY_STOPPED)


async def _listen(
    stack: AsyncExitStack, app: web.Application, listener: Listener, drain: float, metrics: Metrics | None
) -> int:
    """Bind an application to its address and return the port."""
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=drain)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, listener.host, listener.port, reuse_address=True).start()
    return int(runner.addresses[0][1])


async def _sweep(store: RecordStore) -> None:
    """Remove expired records for as long as the gateway runs."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        try:
            removed = await store.delete_expired()
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)
        else:
            _log.info(events.RECORDS_SWEPT, removed=removed)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

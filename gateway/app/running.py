"""A gateway that runs: opened, answering, drained and closed."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web

from gateway.adapters.clock import SystemClock
from gateway.app.doors import make_doors, stored_clients_of
from gateway.app.live_clients import LiveClients
from gateway.app.outside import open_outside, patiently
from gateway.app.reloading import Reloading, SettingsSource
from gateway.config import Listener, Settings
from gateway.config_check import Checked
from gateway.flows.housekeeping import Housekeeping
from gateway.flows.nodes import Nodes
from gateway.flows.ports import Clock
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.store_urls import MEMORY
from gateway.web.keys import PublicDoors
from gateway.web.lane.calls import LaneCalls
from gateway.web.lane.protocol import Serve
from gateway.web.operations_listener import Check, Readiness, make_operations_app, store_check
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner

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
async def run_gateway(
    checked: Checked, *, clock: Clock | None = None, source: SettingsSource | None = None
) -> AsyncIterator[Running]:
    """Run a gateway in this event loop: it answers inside the block, drains and ends after it.

    Args:
        checked: the settings.
        clock: the time; the system's when None.
        source: where the settings came from, to read them again; None: they stay as they are.

    Raises:
        StoreUnavailable: the store cannot be opened.
        KeyRingInvalid: the keys cannot be used.
        OSError: an address cannot be bound, or the ca_file cannot be read.
    """
    settings, clock, metrics = checked.settings, clock or SystemClock(), Metrics()
    for warning in checked.warnings:
        _log.warning(events.GATEWAY_WARNED, about=warning.place, problem=warning.problem)
    async with AsyncExitStack() as stack:
        readiness = Readiness()
        operations = await listen(stack, make_operations_app(readiness, metrics), settings.operations, 1.0, None)

        def wait(reason: str) -> None:
            readiness.waiting_for = reason

        gateway = open_gateway(checked, clock, metrics, wait=wait, source=source)
        doors, checks = await stack.enter_async_context(gateway)
        serve = lane_of(doors, settings)
        public = await listen(
            stack,
            make_public_app(doors),
            settings.listen,
            settings.drain_timeout,
            metrics,
            serve=serve,
            write_timeout=settings.proxy.write_timeout,
        )
        readiness.checks, readiness.waiting_for = checks, ""
        _log.info(events.GATEWAY_STARTED, public_url=settings.public_url, port=public, operations_port=operations)
        yield Running(public, operations, readiness, metrics)
    _log.info(events.GATEWAY_STOPPED)


@asynccontextmanager
async def open_gateway(
    checked: Checked,
    clock: Clock,
    metrics: Metrics,
    *,
    wait: Callable[[str], None],
    source: SettingsSource | None = None,
) -> AsyncIterator[tuple[PublicDoors, list[Check]]]:
    """Open everything but the listeners: the stories that serve, and the checks of their readiness.

    Args:
        checked: the settings.
        clock: the time.
        metrics: counts and measures.
        wait: is told why the store is waited for.
        source: where the settings are read again in place; None: somebody else looks after that.

    Raises:
        StoreUnusable: the store cannot be used; one that is away is waited for, and `wait` is told why.
        KeyRingInvalid: the keys cannot be used.
        OSError: the ca_file cannot be read.
    """
    async with AsyncExitStack() as stack:
        outside = await stack.enter_async_context(open_outside(checked, clock, metrics, wait=wait))
        nodes = Nodes(outside.store, outside.sealer, clock, metrics)
        housekeeping = Housekeeping(outside.store, nodes, metrics)
        await patiently(housekeeping.begin, wait)
        stack.push_async_callback(housekeeping.end)
        doors = make_doors(checked, outside, clock, metrics, nodes=lambda: nodes.count)
        stack.push_async_callback(doors.close)
        stored = None if checked.store_url == MEMORY else stored_clients_of(doors)
        live = LiveClients(checked, doors.registry, stored)
        await patiently(live.begin, wait)
        stack.push_async_callback(live.end)
        if source is not None:
            reloading = Reloading(source, live, clock, metrics)
            await reloading.begin()
            stack.push_async_callback(reloading.end)
        yield doors, [store_check(outside.store.ping), nodes.reason_against]


def lane_of(doors: PublicDoors, settings: Settings) -> Serve | None:
    """Return what answers plain calls in the lane; None where aiohttp is to answer them all.

    In cookie shape an answer may have to carry a renewed session, which is aiohttp-session's to write.
    """
    wanted = settings.proxy.lane and settings.sessions.shape == "record"
    return LaneCalls(doors).serve if wanted else None


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    listener: Listener,
    drain: float,
    metrics: Metrics | None,
    *,
    shared: bool = False,
    serve: Serve | None = None,
    write_timeout: float = 60.0,
) -> int:
    """Bind an application to its address until the stack ends, and return the port.

    Args:
        stack: what ends it.
        app: what answers.
        listener: the address.
        drain: seconds that calls under way get in the end.
        metrics: where malformed requests are counted.
        serve: answers plain calls in the lane; None leaves all to aiohttp.
        shared: other processes bind the same address, and any of them may answer.
        write_timeout: seconds in which a client takes nothing of its answer, after which it is cut off.

    Raises:
        OSError: the address cannot be bound.
    """
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=drain, serve=serve, write_timeout=write_timeout)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, listener.host, listener.port, reuse_address=True, reuse_port=shared)
    try:
        await site.start()
    except OSError as error:  # asyncio's own sentence does not say "port"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise OSError(error.errno, f"{listener.host} port {listener.port}: {reason}") from None
    return int(runner.addresses[0][1])

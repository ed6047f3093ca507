"""A gateway that runs: opened, answering, drained and closed."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

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
from gateway.web.engine_listener import make_engine_app
from gateway.web.keys import PublicDoors
from gateway.web.lane.calls import LaneCalls
from gateway.web.lane.protocol import Serve
from gateway.web.operations_listener import Check, Readiness, make_operations_app, store_check
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner

_ENGINE_DRAIN: Final = 1.0  # seconds; a check is answered at once

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers.

    Attributes:
        public_port: where the public listener is bound.
        operations_port: where the operations listener is bound.
        engine_port: where the engine listener is bound; 0 where there is none.
        readiness: set `draining` before stopping it.
        metrics: its metrics.
    """

    public_port: int
    operations_port: int
    readiness: Readiness
    metrics: Metrics
    engine_port: int = 0


class Opened(NamedTuple):
    """What serves.

    Attributes:
        doors: the stories.
        checks: of its readiness.
        live: keeps its clients as they are.
    """

    doors: PublicDoors
    checks: list[Check]
    live: LiveClients


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
        doors, checks, live = await stack.enter_async_context(gateway)
        engine = await listen_for_engines(stack, checked, doors, live)
        serve = lane_of(doors, settings)
        public = await listen(
            stack, make_public_app(doors), settings.listen, settings.drain_timeout, metrics, serve=serve
        )
        readiness.checks, readiness.waiting_for = checks, ""
        _log.info(events.GATEWAY_STARTED, public_url=settings.public_url, port=public, operations_port=operations)
        yield Running(public, operations, readiness, metrics, engine)
    _log.info(events.GATEWAY_STOPPED)


@asynccontextmanager
async def open_gateway(
    checked: Checked,
    clock: Clock,
    metrics: Metrics,
    *,
    wait: Callable[[str], None],
    source: SettingsSource | None = None,
) -> AsyncIterator[Opened]:
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
        yield Opened(doors, [store_check(outside.store.ping), nodes.reason_against], live)


def lane_of(doors: PublicDoors, settings: Settings) -> Serve | None:
    """Return what answers plain calls in the lane; None where aiohttp is to answer them all.

    In cookie shape an answer may have to carry a renewed session, which is aiohttp-session's to write.
    """
    wanted = settings.proxy.lane and settings.sessions.shape == "record"
    return LaneCalls(doors).serve if wanted else None


async def listen_for_engines(
    stack: AsyncExitStack, checked: Checked, doors: PublicDoors, live: LiveClients, *, shared: bool = False
) -> int:
    """Bind the engine listener until the stack ends, and return its port; 0 where the settings want none.

    Args:
        stack: what ends it.
        checked: the settings.
        doors: the stories.
        live: keeps the clients as they are.
        shared: other processes bind the same address, and any of them may answer.

    Raises:
        OSError: the address cannot be bound.
    """
    section = checked.settings.engine
    if section.port is None:
        return 0
    app = make_engine_app(doors, checked.engine_key, live.follow_now)
    address = Listener(host=section.host, port=section.port)
    return await listen(stack, app, address, _ENGINE_DRAIN, doors.metrics, shared=shared)


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    listener: Listener,
    drain: float,
    metrics: Metrics | None,
    *,
    shared: bool = False,
    serve: Serve | None = None,
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

    Raises:
        OSError: the address cannot be bound.
    """
    runner = QuietRunner(app, metrics=metrics, shutdown_timeout=drain, serve=serve)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, listener.host, listener.port, reuse_address=True, reuse_port=shared)
    try:
        await site.start()
    except OSError as error:  # asyncio's own sentence does not say "port"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise OSError(error.errno, f"{listener.host} port {listener.port}: {reason}") from None
    return int(runner.addresses[0][1])

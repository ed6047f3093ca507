"""A worker: a process that runs the whole gateway, with its own connection to the store and its own caches.

gunicorn's arbiter forks it and hands it the public sockets; aiohttp's worker class runs the event loop, tells the
arbiter once a second that it lives, and drains the runner at the end.

Source: https://docs.aiohttp.org/en/stable/deployment.html
"""

import asyncio
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

import structlog
from aiohttp import GunicornUVLoopWebWorker, web

from gateway.adapters.clock import SystemClock
from gateway.adapters.key_ring import KeyRingInvalid
from gateway.app.running import lane_of, listen, listen_for_engines, open_gateway
from gateway.config_check import Checked
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from gateway.web.operations_listener import Readiness, make_operations_app
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner
from gateway.workers.sockets import BACKLOG

CANNOT_OPEN: Final = (StoreUnavailable, KeyRingInvalid, OSError)
_HEARTBEAT: Final = 1.0
_BEFORE_NEXT: Final = 1.0
_OPERATIONS_DRAIN: Final = 1.0

_log = structlog.get_logger()


class Plan(Protocol):
    """What a worker is to run.

    Attributes:
        checked: the settings.
        folder: where the workers count together.
    """

    checked: Checked
    folder: Path


class GatewayWorker(GunicornUVLoopWebWorker):
    """Runs the gateway in a forked process.

    Attributes:
        readiness: what its `/readyz` says.
        retired: the arbiter has told it to drain, because others take over.
    """

    app: Plan
    alive: bool
    readiness: Readiness
    retired: bool = False
    _opening: asyncio.Task[None] | None = None

    def load_wsgi(self) -> None:
        """Say what makes the runner; aiohttp calls it in the event loop."""
        self.readiness = Readiness()
        self.wsgi = self.open_runner

    async def open_runner(self) -> QuietRunner:
        """Open everything; the runner closes it when it has drained.

        Raises:
            StoreUnavailable: the store cannot be used; one that is away is waited for.
            KeyRingInvalid: the keys cannot be used.
            OSError: the operations or engine address cannot be bound, or the ca_file cannot be read.
        """
        checked, metrics = self.app.checked, Metrics(shared=self.app.folder)
        settings = checked.settings
        self._opening = asyncio.current_task()
        async with AsyncExitStack() as stack:
            heart = asyncio.create_task(self._beat(), name="tell the arbiter")
            stack.push_async_callback(_stop, heart)
            operations_app = make_operations_app(self.readiness, metrics)
            await listen(stack, operations_app, settings.operations, _OPERATIONS_DRAIN, None, shared=True)
            gateway = open_gateway(checked, SystemClock(), metrics, wait=self._wait)
            doors, self.readiness.checks, live = await stack.enter_async_context(gateway)
            await listen_for_engines(stack, checked, doors, live, shared=True)
            public = make_public_app(doors)
            opened = stack.pop_all()
        self._opening = None

        async def close(_app: web.Application) -> None:
            await opened.aclose()
            _log.info(events.GATEWAY_STOPPED)

        public.on_cleanup.append(close)
        for one in self.sockets:
            one.listen(BACKLOG)  # aiohttp takes the connections as soon as it has the runner
        self.readiness.waiting_for = ""
        port, operations_port = self.sockets[0].getsockname()[1], settings.operations.port
        _log.info(events.GATEWAY_STARTED, public_url=settings.public_url, port=port, operations_port=operations_port)
        serve = lane_of(doors, settings)
        return QuietRunner(public, metrics=metrics, shutdown_timeout=settings.drain_timeout, serve=serve)

    def _wait(self, reason: str) -> None:
        self.readiness.waiting_for = reason

    async def _beat(self) -> None:
        """Live in the arbiter's eyes while draining too; a loop that hangs does not get here."""
        while True:
            self.notify()
            await asyncio.sleep(_HEARTBEAT)

    def run(self) -> None:
        """Run until told to end; a failure at the start is tried again in another process, which the arbiter starts."""
        try:
            super().run()
        except CANNOT_OPEN as error:
            _log.error(events.WORKER_FAILED, detail=reason_of(error))
            time.sleep(_BEFORE_NEXT)
            sys.exit(1)
        except asyncio.CancelledError:
            sys.exit(0)  # it was told to end before it had opened everything

    def init_signals(self) -> None:
        """Listen to the arbiter; Ctrl-C at a terminal reaches every process, and is for the arbiter to act upon."""
        super().init_signals()
        self.loop.add_signal_handler(signal.SIGINT, _leave_it_to_the_arbiter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain, because the whole gateway ends: send no more requests here."""
        self.readiness.draining = True
        self.handle_quit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Drain, because another worker takes over: `/readyz` stays as it is, for the gateway as a whole is ready."""
        if self._opening is not None:
            self._opening.cancel()
        elif self.alive:
            _log.info(events.GATEWAY_DRAINING, seconds=self.app.checked.settings.drain_timeout)
        super().handle_quit(sig, frame)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _leave_it_to_the_arbiter() -> None:
    """Do nothing."""


def reason_of(error: Exception) -> str:
    """Return what cannot be opened, in words."""
    return error.detail if isinstance(error, StoreUnavailable) else str(error)

"""The arbiter: starts the workers, replaces those that die or hang, and passes signals on.

SIGTERM and SIGINT drain, a second one ends all at once; SIGHUP reads the settings again, and so does a change of their
files. The arbiter reads them for all, so that a worker that is started later runs on no older ones than its siblings.
"""

import asyncio
import math
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from gateway.adapters.clock import SystemClock
from gateway.app.operator import open_doors
from gateway.app.outside import open_outside
from gateway.app.reloading import LOOK_EVERY, SettingsSource
from gateway.config import Listener, Settings
from gateway.config.watched_files import FileWatch, files_of
from gateway.config_check import Checked, SettingsInvalid
from gateway.observe import events
from gateway.observe.log import set_up_log
from gateway.observe.metrics import Metrics, forget_process
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from gateway.workers.arbiter_log import ArbiterLog
from gateway.workers.sockets import bind, check_free
from gateway.workers.worker import CANNOT_OPEN, GatewayWorker, reason_of

HUNG_AFTER: Final = 30  # seconds without a sign of life
_TO_CLOSE: Final = 5.0  # seconds to store what came in the end, and to close the store

_log = structlog.get_logger()


def run_workers(checked: Checked, source: SettingsSource, *, hung_after: int = HUNG_AFTER) -> None:
    """Run as many workers as the settings say, until a signal; does not return, but leaves with SystemExit.

    Args:
        checked: the settings.
        source: where they come from, to read them anew.
        hung_after: seconds without a sign of life after which a worker is killed.

    Raises:
        StoreUnusable: the store cannot be used; one that is away is waited for by each worker.
        KeyRingInvalid: the keys cannot be used.
        OSError: an address cannot be bound, or the ca_file cannot be read.
    """
    _warn(checked)
    asyncio.run(_try_to_start(checked))
    settings = checked.settings
    engine = settings.engine
    engines = [] if engine.port is None else [Listener(host=engine.host, port=engine.port)]
    for listener in (settings.operations, *engines, settings.listen):
        check_free(listener)
    sockets = bind(settings.listen)
    with _private_folder() as folder:
        Workers(checked, source, sockets, folder, hung_after).run()


def _warn(checked: Checked) -> None:
    for warning in checked.warnings:
        _log.warning(events.GATEWAY_WARNED, about=warning.place, problem=warning.problem)


async def _try_to_start(checked: Checked) -> None:
    """Open the world outside once, so that what cannot work is told before a worker is there."""
    try:
        async with open_outside(checked, SystemClock(), Metrics()):
            pass
    except StoreUnusable:
        raise
    except StoreUnavailable:
        pass  # the workers wait for it, and their readiness says so


async def _try_to_go_on(checked: Checked) -> None:
    """Open everything once, beside the workers that serve: with a key that they hold as well."""
    async with open_doors(checked):
        pass


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that is this user's alone, and remove it in the end."""
    owner, folder = os.getpid(), tempfile.mkdtemp(prefix="cronofy-gateway-")
    try:
        yield Path(folder)
    finally:
        if os.getpid() == owner:  # a worker leaves through here as well
            shutil.rmtree(folder, ignore_errors=True)


class Workers(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """What the workers run, as gunicorn wishes to be told.

    Attributes:
        checked: the settings.
        folder: where the workers count together.
        sockets: the public ones, bound.
        watch: looks at the files that the settings come from.
        has_moved: the settings that were read last differ from those before.
    """

    def __init__(
        self,
        checked: Checked,
        source: SettingsSource,
        sockets: list[socket.socket],
        folder: Path,
        hung_after: int,
    ) -> None:
        self.checked = checked
        self.folder = folder
        self.sockets = sockets
        self.watch = FileWatch(source.files(*files_of(checked.settings)))
        self.has_moved = False
        self._source = source
        self._hung_after = hung_after
        super().__init__(prog="cronofy-gateway")

    def load_config(self) -> None:
        """Set gunicorn's own settings."""
        settings = self.checked.settings
        for name, value in {
            "workers": settings.workers,
            "worker_class": GatewayWorker,
            "logger_class": ArbiterLog,
            "timeout": self._hung_after,
            "graceful_timeout": math.ceil(settings.drain_timeout + _longest_call(settings) + _TO_CLOSE),
            "child_exit": self._forget,
            "control_socket_disable": True,  # a second door that nobody asked for
        }.items():
            self.cfg.set(name, value)

    def _forget(self, _arbiter: object, worker: GatewayWorker) -> None:
        forget_process(self.folder, worker.pid)

    def read_again(self) -> list[str]:
        """Take over the settings as they are on disk now; returns what is wrong with them, and changes nothing then."""
        files, unread = self._source.files(*files_of(self.checked.settings)), True
        try:
            fresh = self._source.read()
            unread = False
            files = self._source.files(*files_of(fresh.settings))
            if problems := _bound_for_good(self.checked, fresh):
                return problems
            asyncio.run(_try_to_go_on(fresh))
        except SettingsInvalid as invalid:
            files = (*files, *invalid.files)
            return [f"{one.place} {one.problem}" for one in invalid.complaints if one.fatal]
        except CANNOT_OPEN as error:
            return [reason_of(error)]
        finally:
            self.watch.follow(files, missing=unread)
        self.has_moved = fresh != self.checked
        self.checked = fresh
        self.reload()
        set_up_log(level=fresh.settings.log.level, form=fresh.settings.log.format, with_pid=True)
        _warn(fresh)
        return []

    def run(self) -> None:
        """Start the arbiter."""
        GatewayArbiter(self).run()


def _longest_call(settings: Settings) -> float:
    """Return how long a refresh may take that a worker waits for after its drain: the answer is not to be lost."""
    return settings.upstream.connect_timeout + settings.upstream.read_timeout


def _bound_for_good(now: Checked, fresh: Checked) -> list[str]:
    """Name the addresses that differ: they were bound at the start."""
    return [
        f"{name} cannot change without a restart"
        for name in ("listen", "operations", "engine")
        if getattr(now.settings, name) != getattr(fresh.settings, name)
    ]


class GatewayArbiter(Arbiter):  # type: ignore[misc]  # the same
    """gunicorn's arbiter, with our ideas of signals."""

    app: Workers
    pid: int = 0
    _ending = False
    _looked_at = 0.0
    _metrics: Metrics | None = None

    def __init__(self, app: Workers) -> None:
        super().__init__(app)
        self.LISTENERS = list(app.sockets)  # gunicorn would bind by itself, and let clients in before a worker is there

    def signal(self, sig: int, frame: object) -> None:
        """Take a signal; the second one that asks for the end is obeyed on the spot."""
        asks_for_end = sig in {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
        if asks_for_end and os.getpid() != self.pid:
            os._exit(0)  # a worker that has not got round to its own signals: it serves nobody yet
        if asks_for_end and self._ending:
            for pid in list(self.WORKERS):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.app.folder, ignore_errors=True)
            _die_of(sig)
        self._ending = self._ending or asks_for_end
        super().signal(sig, frame)

    def handle_int(self) -> None:
        """Drain, as SIGTERM does."""
        self.handle_term()

    handle_quit = handle_int

    def murder_workers(self) -> None:
        """End workers that hang; gunicorn does so in every turn of its loop, so this is the place to look at files."""
        super().murder_workers()
        now = time.monotonic()
        if not self._ending and now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            if self.app.watch.has_changed():
                self._reload(even_if_same=False)

    def handle_hup(self) -> None:
        """Read the settings again, and let new workers take over."""
        self.app.watch.take()
        self._reload(even_if_same=True)

    def _reload(self, *, even_if_same: bool) -> None:
        problems = self.app.read_again()
        self._count(refused=bool(problems))
        if problems:
            _log.error(events.GATEWAY_RELOAD_REFUSED, problems=problems)
            return
        if self.app.has_moved or even_if_same:  # a bad file that was put right again needs no new workers
            self._start_anew()
        _log.info(events.GATEWAY_RELOADED, workers=self.num_workers, needs_restart=[])

    def _start_anew(self) -> None:
        self.setup(self.app)
        # gunicorn's own reload waits for the old workers here, and hears no SIGTERM meanwhile.
        for _ in range(self.num_workers):
            self.spawn_worker()
        self.manage_workers()

    def _count(self, *, refused: bool) -> None:
        # Made only now: from then on every metric of this process lies in the folder.
        self._metrics = self._metrics or Metrics(shared=self.app.folder)
        self._metrics.reloads.labels("refused" if refused else "taken").inc()
        if not refused:
            self._metrics.reloaded_at.set(SystemClock().now())

    def handle_usr2(self) -> None:
        """Do nothing: a second arbiter beside this one would bind the same operations address and count elsewhere."""

    def manage_workers(self) -> None:
        """Keep as many workers as there should be: end the oldest that are too many, and start what is missing.

        Those that drain already do not count, and are not asked again: gunicorn does so every second, and a worker
        that has closed its event loop would die of it.
        """
        serving = sorted((one for one in self.WORKERS.values() if not one.retired), key=lambda one: int(one.age))
        for one in serving[: max(0, len(serving) - self.num_workers)]:
            one.retired = True
            self.kill_worker(one.pid, signal.SIGQUIT)  # others take over; SIGTERM says that the gateway ends
        for _ in range(self.num_workers - len(serving)):
            self.spawn_worker()


def _die_of(sig: int) -> None:
    """End this process by a signal, as if nobody had caught it."""
    signal.signal(sig, signal.SIG_DFL)
    signal.raise_signal(sig)
    os._exit(128 + sig)  # process 1 of a container is not killed by its own signal

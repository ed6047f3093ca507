"""Upstream, authorization server, and proxies: started, signed in at and checked before anything is measured."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.proxying import upstream
from bench.proxying.browser import sign_in
from bench.proxying.failures import Failed
from bench.proxying.http import fetch
from bench.proxying.peer import Peer, Place
from bench.proxying.peers import GATEWAY, PREPARE, gateway
from bench.proxying.plan import Plan
from bench.proxying.processes import LOAD, TESTED, Program, find, running
from bench.proxying.tokens import MODE_HEADER, is_bearer
from tests.ports import free_port

CSRF: Final = {"X-CSRF": "1"}
_TO_START: Final = 30.0  # seconds
_LOOK_AGAIN: Final = 0.002
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs.

    Attributes:
        name: its key in the results.
        peer: what it is.
        program: its processes.
        port: where it answers.
        headers: that a call needs.
        start_ms: from its exec until it was ready.
    """

    name: str
    peer: Peer
    program: Program
    port: int
    headers: Mapping[str, str]
    start_ms: float

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"


@dataclass
class Stage:
    """What all measurements share.

    Attributes:
        folder: for files of the moment.
        plan: how much is measured.
        upstream: the upstream's port.
        issuer: the authorization server's.
        proxies: those that run all the time.
    """

    folder: Path
    plan: Plan
    upstream: int
    issuer: int
    proxies: dict[str, Proxy] = field(default_factory=dict)
    _places: int = 0

    def place(self) -> Place:
        """Make a folder and a port for a program."""
        self._places += 1
        folder = self.folder / f"place-{self._places}"
        folder.mkdir()
        return Place(folder, free_port(), self.upstream, self.issuer)

    @contextmanager
    def open(
        self, name: str, prepare: Callable[[Place], Peer] | None = None, *, out: Path | None = None
    ) -> Iterator[Proxy]:
        """Run a proxy until the block ends; signed in and checked.

        Args:
            name: its key in the results.
            prepare: what makes it; by its name when None.
            out: where its output goes; nowhere when None.

        Raises:
            Missing: it cannot be had.
            Failed: it does not do its job.
        """
        place = self.place()
        peer = (prepare or PREPARE[name])(place)
        with self.start(peer, place, out) as (program, start_ms):
            cookies = {"Cookie": sign_in(place.port, peer.sign_in)} if peer.sign_in else {}
            proxy = Proxy(name, peer, program, place.port, {**CSRF, **cookies}, start_ms)
            self.check(proxy)
            yield proxy

    @contextmanager
    def start(self, peer: Peer, place: Place, out: Path | None = None) -> Iterator[tuple[Program, float]]:
        """Run a program until the block ends; yields when it is ready, with the milliseconds that this took."""
        began = time.perf_counter()
        with running(peer.words, core=TESTED, folder=place.folder, env=peer.env, out=out) as program:
            port, path = peer.ready
            while (status := _status(port, path)) not in peer.ready_statuses:
                if program.process.poll() is not None or time.perf_counter() - began > _TO_START:
                    told = "".join(one.read_text(errors="replace") for one in place.folder.glob("*errors.log"))
                    raise Failed(f"{peer.title} answers {status}: {told[-2000:]}")
                time.sleep(_LOOK_AGAIN)
            yield program, (time.perf_counter() - began) * 1e3

    @contextmanager
    def open_gateway(
        self, *, records: Path | None = None, ring: Path | None = None, workers: int = 1, out: Path | None = None
    ) -> Iterator[Proxy]:
        """Run a fresh gateway, as `open` does; arguments as of its `prepare`."""

        def prepare(place: Place) -> Peer:
            return gateway.prepare(place, records=records, ring=ring, workers=workers)

        with self.open(GATEWAY, prepare, out=out) as proxy:
            yield proxy

    def check(self, proxy: Proxy) -> None:
        """See that it answers with the body and the mode, sends a token on, and lets nobody in without a session.

        Raises:
            Failed: it does not.
        """
        status, response, body = fetch(proxy.port, upstream.CALENDARS, proxy.headers)
        if status != _OK or body != upstream.body(upstream.CALENDARS, self.folder):
            raise Failed(f"{proxy.peer.title} answers a call {status}: {body[:500]!r}")
        if not response.headers[MODE_HEADER]:
            raise Failed(f"{proxy.peer.title} tells no mode")
        _, _, echo = fetch(proxy.port, upstream.ECHO, proxy.headers)
        if not is_bearer(json.loads(echo)["authorization"]):
            raise Failed(f"{proxy.peer.title} sends no token on")
        if proxy.peer.sign_in and fetch(proxy.port, upstream.CALENDARS, CSRF)[0] == _OK:
            raise Failed(f"{proxy.peer.title} lets everybody in")


@contextmanager
def open_stage(plan: Plan) -> Iterator[Stage]:
    """Run upstream and authorization server until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # servers that change to a user of their own have to read theirs
        upstream.write_bodies(folder, plan.stream_bytes)
        stage = Stage(folder, plan, free_port(), free_port())
        file = folder / "upstream.conf"
        file.write_text(upstream.configuration(folder, stage.upstream, stage.issuer), encoding="utf-8")
        nginx = find("nginx", "Debian's package nginx")
        server = (sys.executable, "-m", "bench.proxying.programs.authorization_server", str(stage.issuer))
        env = {"PYTHONPATH": str(gateway.ROOT)}
        words = (nginx, "-e", "stderr", "-p", name, "-c", str(file))
        with running(server, core=LOAD, folder=folder, env=env), running(words, core=LOAD, folder=folder):
            _wait(stage.upstream, "/v1/userinfo")
            yield stage


def _wait(port: int, path: str) -> None:
    until = time.monotonic() + _TO_START
    while _status(port, path) != _OK:
        if time.monotonic() > until:
            raise Failed(f"nothing answers on port {port}")
        time.sleep(_LOOK_AGAIN)


def _status(port: int, path: str) -> int:
    try:
        return fetch(port, path, {})[0]
    except OSError:
        return 0

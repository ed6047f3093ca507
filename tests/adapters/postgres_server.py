"""A real PostgreSQL on loopback, in a folder of its own that goes with it.

PostgreSQL refuses to run as root, so as root it is run as `postgres` (or `nobody`), in a folder that is theirs.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import trustme

from tests.journeys.waiting import until_told
from tests.ports import free_port

PASSWORD: Final = "canary/pass@word:42"
_PATIENCE: Final = 30.0
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
password_encryption = 'scram-sha-256'
max_connections = 60
shared_buffers = '16MB'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
"""


@dataclass
class PostgresServer:
    """A server that can be stopped and started again; `authority` signed its certificate for `localhost`."""

    folder: Path
    user: str | None
    port: int
    authority: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(
        self,
        query: str = "sslmode=disable",
        *,
        database: str = "postgres",
        password: str = PASSWORD,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> str:
        """Return the address of a database."""
        return f"postgresql://gateway:{quote(password, safe='')}@{host}:{port or self.port}/{database}?{query}"

    def start(self) -> None:
        """Start it and return when it takes connections."""
        data = self.folder / "data"
        options = ["-p", str(self.port), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [_program("postgres"), "-D", str(data), *options],
                stdout=log,
                stderr=log,
                **_as(self.user),
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._is_ready():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.01)

    def _is_ready(self) -> bool:
        status = self.folder / "data" / "postmaster.pid"  # of a killed one, too: its first line says whose it is
        lines = status.read_text().splitlines() if status.exists() else []
        return self.process is not None and [*lines[:1], *lines[7:8]] == [str(self.process.pid), "ready   "]

    def stop(self) -> None:
        """Stop it: every connection is told and closed."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(_PATIENCE)
            self.process = None

    def kill(self) -> None:
        """End it and its backends as a crash does."""
        if self.process is not None:
            backends = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for one in (self.process.pid, *map(int, backends)):
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            self.process.wait(_PATIENCE)
            self.process = None

    def restart(self) -> None:
        """Stop it and start it again on the same port."""
        self.stop()
        self.start()


async def until_locked_out(outsider: asyncpg.Connection, number: int = 1) -> None:
    """Return as soon as so many statements wait for somebody else's lock."""
    # pg_stat_activity would not do: within a transaction it goes on saying what it said first.
    waiting = "SELECT count(DISTINCT pid) >= $1 FROM pg_locks WHERE NOT granted"

    async def ask() -> bool:
        return bool(await outsider.fetchval(waiting, number))

    await until_told(ask)


@contextmanager
def running_postgres(*, fsync: bool = True, more: str = "") -> Iterator[PostgresServer]:
    """Run a server with a superuser `gateway` until the block ends.

    Args:
        fsync: off for speed, where nothing is proven about what outlives a crash.
        more: further lines of its settings.
    """
    user = _fit_user()
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    try:
        server = PostgresServer(folder, user, free_port(), folder / "authority.pem")
        _prepare(server, f"fsync = {'on' if fsync else 'off'}\n{more}\n")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _prepare(server: PostgresServer, more: str) -> None:
    """Make its databases, which speak German: their own order of words is not that of the bytes."""
    password = server.folder / "password"
    password.write_text(PASSWORD)
    data = server.folder / "data"
    _give(server.folder, server.user)
    subprocess.run(
        [
            *(_program("initdb"), "-D", str(data), "-U", "gateway", "--pwfile", str(password), "-E", "UTF8"),
            *("--auth=scram-sha-256", "--no-sync", "--locale=C", "--locale-provider=icu", "--icu-locale=de"),
        ],
        check=True,
        capture_output=True,
        **_as(server.user),
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS + more)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(server.authority)
    certificate.cert_chain_pems[0].write_to_path(data / "server.pem")
    certificate.private_key_pem.write_to_path(data / "server.key")
    (data / "server.key").chmod(0o600)
    _give(server.folder, server.user)


def _fit_user() -> str | None:
    """Return whom to run it as; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(user: str | None) -> dict[str, Any]:
    """Return what makes a subprocess run as somebody else."""
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "cwd": "/"}


def _give(folder: Path, user: str | None) -> None:
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user)


def _program(name: str) -> str:
    """Return where a program of PostgreSQL's is: Debian keeps it off the path, one folder for each version."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(kept[-1]) if kept else shutil.which(name)
    assert found, f"{name} is missing; run tests/ensure-programs"
    return found

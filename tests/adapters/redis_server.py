"""Real Redis servers on loopback: one, a cluster of three, a master with a replica and a sentinel, with TLS or without.

They run without privileges, in a folder of their own under the system's temporary one, and end by their own process id.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.adapters.tls_files import TlsFiles
from tests.ports import free_port

PASSWORD: Final = "canary-password-0123456789"
MASTER: Final = "gateway-master"
_PATIENCE: Final = 20.0


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that an unprivileged server may use; pytest's own ones are closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="gateway-redis-"))
    try:
        if (account := _fit_user()) is not None:
            os.chown(path, account.pw_uid, account.pw_gid)
        yield path
    finally:
        shutil.rmtree(path)


def _fit_user() -> pwd.struct_passwd | None:
    """Return whom a server should run as, when this process is root: its own user where the package made one."""
    if os.geteuid() != 0:
        return None
    for name in ("redis", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


@dataclass
class RedisServer:
    """A server that can be ended and started again in the same place."""

    folder: Path
    arguments: Sequence[str] = ()
    tls: TlsFiles | None = None
    watches: Sequence[str] = ()  # a sentinel's settings make it one
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its store URL, without user and password."""
        return f"{'redis' if self.tls is None else 'rediss'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        listen = ["--port", str(self.port)]
        if self.tls is not None:
            listen = ["--port", "0", "--tls-port", str(self.port), *_tls_arguments(self.tls)]
        command = ["redis-server", *self._file(), "--bind", "127.0.0.1", "--dir", str(self.folder), *listen]
        command += ["--logfile", str(self.folder / f"{self.port}.log"), *self.arguments]
        command += ["--sentinel"] if self.watches else ["--save", ""]
        account = _fit_user()
        user = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.process = subprocess.Popen(command, cwd=self.folder, **user)  # type: ignore[call-overload]
        _wait_until(self.answers, self.log)

    def stop(self) -> None:
        """End it as an operator does: what is due is written first."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(subprocess.Popen.kill)

    def answers(self) -> bool:
        """Say whether it takes commands."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            with self.admin() as admin:
                admin.ping()
        except redis.AuthenticationError:
            return True
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        return True

    def admin(self, **arguments: Any) -> redis.Redis:
        """Return a client for the test's own commands."""
        if self.tls is not None:
            arguments |= {"ssl": True, "ssl_ca_certs": str(self.tls.ca), "ssl_check_hostname": False}
        once = Retry(NoBackoff(), 0)
        return redis.Redis("127.0.0.1", self.port, socket_timeout=5, protocol=2, retry=once, **arguments)

    def log(self) -> str:
        """Return what it wrote."""
        path = self.folder / f"{self.port}.log"
        return path.read_text() if path.exists() else ""

    def _file(self) -> list[str]:
        if not self.watches:
            return []
        path = self.folder / f"{self.port}.conf"
        path.write_text("".join(f"{line}\n" for line in self.watches))
        path.chmod(0o666)  # a sentinel writes there what it learns
        return [str(path)]

    def _end(self, how: Any) -> None:
        if self.process is not None:
            how(self.process)
            self.process.wait(10)
            self.process = None


def _tls_arguments(tls: TlsFiles) -> list[str]:
    return [
        *("--tls-cert-file", str(tls.certificate), "--tls-key-file", str(tls.key), "--tls-ca-cert-file", str(tls.ca)),
        *("--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes"),
    ]


def _wait_until(fact: Any, log: Any) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not fact():
        assert time.monotonic() < deadline, log()
        time.sleep(0.02)


@contextmanager
def redis_server(*arguments: str, tls: TlsFiles | None = None) -> Iterator[RedisServer]:
    """Run one server until the block ends."""
    with private_folder() as folder:
        server = RedisServer(folder, arguments, tls)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def redis_cluster(size: int, *, tls: TlsFiles | None = None) -> Iterator[list[RedisServer]]:
    """Run a cluster of masters without replicas until the block ends."""
    with private_folder() as folder:
        servers = []
        for _ in range(size):
            bus = free_port()
            name = f"nodes-{bus}.conf"
            arguments = ["--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-config-file", name]
            arguments += ["--cluster-node-timeout", "1000"]
            servers.append((RedisServer(folder, arguments, tls), bus))
        try:
            for server, _ in servers:
                server.start()
            _join(servers)
            yield [server for server, _ in servers]
        finally:
            for server, _ in servers:
                server.kill()


def _join(servers: list[tuple[RedisServer, int]]) -> None:
    bounds = [16_384 * number // len(servers) for number in range(len(servers) + 1)]
    for number, (server, _) in enumerate(servers):
        with server.admin() as admin:
            admin.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
            for other, bus in servers[:number]:
                admin.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, bus)

    def is_whole() -> bool:
        for server, _ in servers:
            with server.admin() as admin:
                told = str(admin.execute_command("CLUSTER INFO"))
                if "'cluster_state': 'ok'" not in told or f"'cluster_known_nodes': '{len(servers)}'" not in told:
                    return False
        return True

    _wait_until(is_whole, servers[0][0].log)


@dataclass
class Watched:
    """A master, its replica, and the sentinel that makes the replica master when the master is away."""

    master: RedisServer
    replica: RedisServer
    sentinel: RedisServer
    password: str = ""

    def is_in_step(self) -> bool:
        """Say whether the replica has all that was written."""
        with self.master.admin(password=self.password or None) as admin:
            told: dict[str, Any] = admin.info("replication")
        replica = told.get("slave0", {})
        return bool(replica.get("state") == "online" and replica["offset"] == told["master_repl_offset"])


@contextmanager
def redis_sentinel(*, password: str = "", tls: TlsFiles | None = None) -> Iterator[Watched]:
    """Run a master, a replica and a sentinel until the block ends; the sentinel itself wants no password."""
    arguments = ["--repl-diskless-sync-delay", "0"]  # else the transfer waits 5 s for further replicas
    with private_folder() as folder:
        if password:
            arguments += ["--requirepass", password, "--masterauth", password]
        master = RedisServer(folder, arguments, tls)
        replica = RedisServer(folder, [*arguments, "--replicaof", "127.0.0.1", str(master.port)], tls)
        watches = [
            f"sentinel monitor {MASTER} 127.0.0.1 {master.port} 1",
            f"sentinel down-after-milliseconds {MASTER} 500",
            f"sentinel failover-timeout {MASTER} 3000",
            *([f"sentinel auth-pass {MASTER} {password}"] if password else []),
        ]
        sentinel = RedisServer(folder, (), tls, watches)
        try:
            master.start()
            replica.start()
            watched = Watched(master, replica, sentinel, password)
            _wait_until(watched.is_in_step, replica.log)
            sentinel.start()
            _wait_until(lambda: "+slave slave" in sentinel.log(), sentinel.log)
            yield watched
        finally:
            for server in (sentinel, replica, master):
                server.kill()


def flush(*servers: RedisServer) -> None:
    """Remove everything from servers without a password."""
    for server in servers:
        with server.admin() as admin:
            admin.flushall()


@contextmanager
def mute_server() -> Iterator[int]:
    """Yield a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])

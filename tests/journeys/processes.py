"""The command line as a person runs it: a process of its own, with a settings file."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from typer.testing import CliRunner

from gateway.adapters.key_ring import generate_key
from gateway.cli import app
from tests.journeys.raw_http import connect
from tests.journeys.waiting import until_told
from tests.ports import free_port

SECRET: Final = "client-secret-of-the-app-0123456789"
ENVIRONMENT: Final = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY__")},
    "NO_COLOR": "1",
    "COLUMNS": "400",
}


@dataclass(frozen=True)
class Ended:
    """A process that came to its end."""

    code: int
    out: str
    err: str


async def start(*arguments: str, program: str = "", **changes: Any) -> asyncio.subprocess.Process:
    """Start the command line.

    Args:
        arguments: its words.
        program: Python that runs it in another way.
        changes: what differs for the process; `env` holds further variables.
    """
    pipe = asyncio.subprocess.PIPE
    words = ["-c", program] if program else ["-m", "gateway"]
    settings = {"stdout": pipe, "stderr": pipe, **changes, "env": {**ENVIRONMENT, **changes.get("env", {})}}
    return await asyncio.create_subprocess_exec(sys.executable, *words, *arguments, **settings)


async def end_of(process: asyncio.subprocess.Process, *, patience: float = 20.0) -> Ended:
    """Wait until a process ends."""
    async with asyncio.timeout(patience):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def run(*arguments: str) -> Ended:
    """Run the command line to its end: `serve` in a process of its own, the quick ones in this one."""
    if arguments[0] == "serve":
        process = await start(*arguments)
        try:
            return await end_of(process)
        finally:
            if process.returncode is None:
                process.kill()
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def settings_file(folder: Path, *, cronofy_url: str = "http://127.0.0.1:9", more: str = "", **changes: str) -> Path:
    """Write a settings file for loopback; `changes` are raw TOML values that take a line's place."""
    values = {
        "public_url": '"http://127.0.0.1:8080"',
        "drain_timeout": "10",
        "workers": "1",
        "host": '"127.0.0.1"',
        "port": "8080",
        "operations_port": "0",
        "client_secret": '"CRN_the-applications-secret-0123456789"',
        "secrets": f'["{SECRET}"]',
        "ring": f'"{generate_key()}"',
        **changes,
    }
    path = folder / "gateway.toml"
    path.write_text(
        f"""public_url = {values["public_url"]}
drain_timeout = {values["drain_timeout"]}
workers = {values["workers"]}
[listen]
host = {values["host"]}
port = {values["port"]}
[operations]
port = {values["operations_port"]}
[store]
url = "sqlite:///{folder / "records.db"}"
[keys]
ring = {values["ring"]}
[applications.main]
client_id = "the-application"
client_secret = {values["client_secret"]}
emulator_url = "{cronofy_url}"
[clients.my-app]
secrets = {values["secrets"]}
redirect_uris = ["https://app.example.com/callback"]
{more}
"""
    )
    return path


@dataclass
class Served:
    """A gateway that runs in a process of its own."""

    process: asyncio.subprocess.Process
    public: str
    operations: str
    session: aiohttp.ClientSession

    async def status(self, path: str) -> int:
        """Return the status of a path of the operations listener."""
        async with self.session.get(self.operations + path) as reply:
            return reply.status

    async def is_ready(self) -> bool:
        """Say whether it is ready; fail when it has ended."""
        assert self.process.returncode is None, await end_of(self.process)
        try:
            return await self.status("/readyz") == 200
        except aiohttp.ClientConnectionError:
            return False

    async def is_draining(self) -> bool:
        """Say whether it wants no more requests."""
        return await self.status("/readyz") == 503

    async def lets_nobody_in(self) -> bool:
        """Say whether a new connection to the public listener is refused."""
        try:
            async with connect(self.public):
                return False
        except ConnectionRefusedError:
            return True


@asynccontextmanager
async def serving(folder: Path, *, cronofy_url: str, more: str = "", **changes: str) -> AsyncIterator[Served]:
    """Run `serve` until the block ends."""
    port, operations = free_port(), free_port()
    fixed = {"public_url": f'"http://127.0.0.1:{port}"', "port": str(port), "operations_port": str(operations)}
    path = settings_file(folder, cronofy_url=cronofy_url, more=more, **{**fixed, **changes})
    process = await start("serve", "--config", str(path))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        served = Served(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{operations}", session)
        try:
            await until_told(served.is_ready)
            yield served
        finally:
            if process.returncode is None:
                process.kill()
            if process.stdout is not None and not process.stdout.at_eof():
                await process.communicate()

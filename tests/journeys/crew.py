"""`serve` with several workers: who they are, what they write, and how to talk to one of them."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.journeys.processes import Ended, Served, settings_file, start
from tests.journeys.waiting import until, until_told
from tests.ports import free_port

# The same command, but for how long a worker may stay silent: nobody waits half a minute in a test.
IMPATIENT: Final = """
import functools
from gateway.cli import commands
commands.run_workers = functools.partial(commands.run_workers, hung_after=3)
commands.main()
"""
# The same command with a store that is away as long as there is a file of that name.
FORSAKEN: Final = """
import os
from gateway.app import outside
from gateway.cli.commands import main
from gateway.rules.errors import StoreUnavailable
open_store = outside.open_store
async def open_or_not(checked, clock):
    if os.path.exists(os.environ["TMPDIR"] + "/away"):
        raise StoreUnavailable("connection refused")
    return await open_store(checked, clock)
outside.open_store = open_or_not
main()
"""


@dataclass
class Crew(Served):
    """A gateway of several workers."""

    folder: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What arbiter and workers have written to standard output so far."""
        text = (self.folder / "out").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.lines if line["event"] == event]

    @property
    def pids(self) -> list[int]:
        """The workers that have started so far, oldest first."""
        return [line["pid"] for line in self.logged("gateway.started")]

    async def states(self) -> dict[int, str]:
        """Return the living workers with their states, as `ps` tells them (T: stopped)."""
        words = ("ps", "-o", "pid=,ppid=,stat=", "-p", ",".join(map(str, self.pids)))
        ps = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        rows = [line.split() for line in (await ps.communicate())[0].decode().splitlines()]
        return {int(pid): state for pid, parent, state in rows if int(parent) == self.process.pid and state[0] != "Z"}

    @asynccontextmanager
    async def alone(self, pid: int) -> AsyncIterator[None]:
        """Let one worker answer, by stopping the others (use no operations address meanwhile)."""
        others = [one for one in await self.states() if one != pid]
        try:
            await self.stop(*others)
            yield
        finally:
            for one in others:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGCONT)

    async def stop(self, *pids: int) -> None:
        """Stop workers where they are, as if they hung; one that has just ended is fine as well."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

        async def are_stopped() -> bool:
            states = await self.states()
            return all(states.get(pid, "T").startswith("T") for pid in pids)

        await until_told(are_stopped)

    async def kill(self, pid: int) -> None:
        """Kill a worker."""
        os.kill(pid, signal.SIGKILL)

        async def is_gone() -> bool:
            return pid not in await self.states()

        await until_told(is_gone)

    async def come_to(self, event: str, number: int) -> list[dict[str, Any]]:
        """Return the lines of an event, as soon as there are so many."""
        await until(lambda: len(self.logged(event)) >= number, patience=20)
        return self.logged(event)

    async def is_draining(self) -> bool:
        """Say whether it wants no more requests; a worker that ends may cut the connection that asks."""
        try:
            return await super().is_draining()
        except aiohttp.ClientConnectionError:
            return False

    async def end(self) -> Ended:
        """Wait until the arbiter ends, and return what came of it."""
        async with asyncio.timeout(20):
            code = await self.process.wait()
        return Ended(code, (self.folder / "out").read_text(), (self.folder / "err").read_text())

    async def fetch(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:
        """Call the public address on a connection of its own."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http,
            http.request(method, self.public + path, **more) as reply,
        ):
            return reply.status, await reply.read()

    async def metrics(self) -> str:
        """Return the metrics page."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.operations}/metrics") as reply:
            assert reply.status == 200
            return await reply.text()

    async def counted(self, metric: str = "gateway_requests_total") -> int:
        """Return the sum of a metric over all labels."""
        lines = [line for line in (await self.metrics()).splitlines() if line.startswith((metric + " ", metric + "{"))]
        return int(sum(float(line.rpartition(" ")[2]) for line in lines))


@asynccontextmanager
async def crew_of(
    workers: int,
    folder: Path,
    *,
    cronofy_url: str,
    more: str = "",
    program: str = "",
    begins_with: str = "gateway.started",
    by_option: bool = True,
    **changes: str,
) -> AsyncIterator[Crew]:
    """Run `serve` with several workers until the block ends.

    Args:
        workers: how many.
        folder: where settings, store, output and temporary files lie.
        cronofy_url: what it takes for Cronofy.
        more: the end of the settings file.
        program: Python that runs the command in another way.
        begins_with: the event that each worker has written when the block begins.
        by_option: `--workers` says how many; else the settings do.
        changes: raw TOML values that take a setting's place.
    """
    port, operations = free_port(), free_port()
    fixed = {"public_url": f'"http://127.0.0.1:{port}"', "port": str(port), "operations_port": str(operations)}
    if not by_option:
        fixed["workers"] = str(workers)
    path = settings_file(folder, cronofy_url=cronofy_url, more=more, **{**fixed, **changes})
    with (folder / "out").open("a") as out, (folder / "err").open("a") as err:
        process = await start(
            *("serve", "--config", str(path), *(("--workers", str(workers)) if by_option else ())),
            program=program,
            stdout=out,
            stderr=err,
            env={"TMPDIR": str(folder)},
            start_new_session=True,  # a process group, as a terminal makes one
        )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        crew = Crew(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{operations}", session, folder)
        try:
            await until(
                lambda: (
                    process.returncode is not None or len({line["pid"] for line in crew.logged(begins_with)}) >= workers
                ),
                patience=20,
            )
            assert process.returncode is None, await crew.end()
            yield crew
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

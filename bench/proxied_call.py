"""CPU per proxied call of the gateway, and its ratio to a plain aiohttp proxy in the same run.

Absolute figures change from machine to machine; the ratio of two proxies that took turns does not. The proxy under test
has core 0 for itself, upstream and load share core 1; its CPU time is read from /proc before and after each round.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.adapters.key_ring import generate_key
from tests.ports import free_port

CONNECTIONS: Final = 32
SECONDS: Final = 3.0
ROUNDS: Final = 5
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_REQUEST: Final = (
    b"GET /v1/calendars HTTP/1.1\r\nHost: gateway.test\r\nAccept: application/json\r\n"
    b"Authorization: Bearer bench-token-0123456789abcdefghij\r\n\r\n"
)
_SETTINGS: Final = """
public_url = "http://127.0.0.1:{port}"
[listen]
port = {port}
[operations]
port = 0
[store]
url = "sqlite:///{folder}/records.db"
[keys]
ring = "{key}"
[applications.main]
client_id = "bench"
client_secret = "bench-secret-0123456789abcdef"
emulator_url = "{upstream}"
[clients.bench]
secrets = ["bench-client-0123456789abcdef"]
"""


class _Load(asyncio.Protocol):
    """Sends the next request when the last answer is complete."""

    def __init__(self, counter: list[int], until: float) -> None:
        self._counter, self._until, self._left, self._buffer = counter, until, 0, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(_REQUEST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._left:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head[:20]:
                self.done.set_exception(RuntimeError(head.decode(errors="replace")[:200]))
                return
            chunked = b"chunked" in head.lower()
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._left = len(head) + 4 + int(length) if not chunked else -1
            del rest
        finished = self._buffer.endswith(b"0\r\n\r\n") if self._left == -1 else len(self._buffer) >= self._left
        if finished:
            self._left, self._buffer = 0, b""
            self._counter[0] += 1
            if time.monotonic() < self._until:
                self._transport.write(_REQUEST)  # type: ignore[attr-defined]
            elif not self.done.done():
                self.done.set_result(None)


async def _load(port: int, seconds: float) -> int:
    counter, until = [0], time.monotonic() + seconds
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(lambda: _Load(counter, until), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(protocol.done for _, protocol in pairs))
    for transport, _ in pairs:
        transport.close()
    return counter[0]


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def _process(*words: str, core: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    os.sched_setaffinity(process.pid, {core})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError(f"nothing listens on port {port}")


async def measure() -> dict[str, list[float]]:
    """Return microseconds of CPU per call, one figure a round, of each proxy."""
    figures: dict[str, list[float]] = {"gateway": [], "plain aiohttp": []}
    os.sched_setaffinity(0, {1})
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        upstream_port, gateway_port, peer_port = free_port(), free_port(), free_port()
        upstream = f"http://127.0.0.1:{upstream_port}"
        settings = Path(folder) / "gateway.toml"
        settings.write_text(
            _SETTINGS.format(port=gateway_port, folder=folder, key=generate_key(), upstream=upstream), encoding="utf-8"
        )
        stack.enter_context(_process("-m", "bench.upstream", str(upstream_port), core=1))
        gateway = stack.enter_context(_process("-m", "gateway", "serve", "--config", str(settings), core=0))
        peer = stack.enter_context(_process("-m", "bench.plain_aiohttp", str(peer_port), upstream, core=0))
        proxies = {"gateway": (gateway.pid, gateway_port), "plain aiohttp": (peer.pid, peer_port)}
        for port in (upstream_port, gateway_port, peer_port):
            await _listening(port)
        for _, port in proxies.values():
            await _load(port, 1.0)
        for _ in range(ROUNDS):
            for name, (pid, port) in proxies.items():
                before = _cpu(pid)
                calls = await _load(port, SECONDS)
                figures[name].append((_cpu(pid) - before) / calls * 1e6)
    return figures


def main() -> None:
    """Measure and print."""
    figures = asyncio.run(measure())
    base = statistics.median(figures["plain aiohttp"])
    table = Table("proxy", "CPU per call, µs (median)", "rounds", "ratio")
    for name, rounds in figures.items():
        median = statistics.median(rounds)
        table.add_row(name, f"{median:.0f}", f"{min(rounds):.0f}-{max(rounds):.0f}", f"{median / base:.2f}")
    Console().print(table)
    Console().print(json.dumps({name: statistics.median(rounds) for name, rounds in figures.items()}))


if __name__ == "__main__":
    main()

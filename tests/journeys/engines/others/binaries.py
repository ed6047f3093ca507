"""The engines as a deployer runs them: the real binary and the shipped file, given the addresses of the test."""

import asyncio
import re
import shutil
import sysconfig
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.house.engine_lists import ENGINES
from tests.journeys.raw_http import exchange, request_bytes
from tests.journeys.waiting import until_told

KEY: Final = "engine-key-canary-0123456789abcdefghij"


@dataclass(frozen=True)
class Addresses:
    """Where everything is, all on loopback.

    Attributes:
        engine: port to listen on.
        gateway: port of the gateway's public listener.
        check: port of its engine listener.
        cronofy: port, of a server that is to prove to be `localhost`.
        ca_file: the authority to believe.
    """

    engine: int
    gateway: int
    check: int
    cronofy: int
    ca_file: Path


@dataclass(frozen=True)
class Start:
    """How an engine is started: words, variables, and the folder that it works in."""

    words: tuple[str, ...]
    variables: dict[str, str]
    folder: Path


def envoy(at: Addresses, folder: Path) -> Start:
    """Write the variables into Envoy's file, as `envsubst` does."""
    values = {
        "GATEWAY_ENGINE_KEY": KEY,
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(at.gateway),
        "GATEWAY_CHECK_PORT": str(at.check),
        "CRONOFY_HOST": "localhost",
        "CRONOFY_PORT": str(at.cronofy),
        "CA_FILE": str(at.ca_file),
        "LISTEN_HOST": "127.0.0.1",
        "LISTEN_PORT": str(at.engine),
    }
    text = (ENGINES / "envoy.yaml").read_text(encoding="utf-8")
    (folder / "envoy.yaml").write_text(re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text), encoding="utf-8")
    spec = find_spec("envoy")
    assert spec is not None
    assert spec.origin is not None
    program = str(Path(spec.origin).parent / "_bin" / "envoy")
    words = (program, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart", "-c", "envoy.yaml")
    return Start(words, {}, folder)


def caddy(at: Addresses, folder: Path) -> Start:
    """Give Caddy its variables."""
    variables = {
        "GATEWAY_ENGINE_KEY": KEY,
        "GATEWAY_SITE": f"http://:{at.engine}",
        "GATEWAY_BIND": "127.0.0.1",
        "GATEWAY_PUBLIC": f"127.0.0.1:{at.gateway}",
        "GATEWAY_CHECK": f"127.0.0.1:{at.check}",
        "CRONOFY_API": f"https://localhost:{at.cronofy}",
        "SSL_CERT_FILE": str(at.ca_file),
        "HOME": str(folder),
    }
    words = (_script("caddy"), "run", "--adapter", "caddyfile", "--config", str(ENGINES / "Caddyfile"))
    return Start(words, variables, folder)


def traefik(at: Addresses, folder: Path) -> Start:
    """Give Traefik its variables, and its static file, which knows none, the port."""
    copy = folder / "traefik"
    shutil.copytree(ENGINES / "traefik", copy)
    static = copy / "traefik.yaml"
    text = static.read_text(encoding="utf-8")
    assert text.count('address: ":8000"') == 1
    static.write_text(text.replace('":8000"', f'"127.0.0.1:{at.engine}"'), encoding="utf-8")
    variables = {
        "GATEWAY_ENGINE_KEY": KEY,
        "GATEWAY_PUBLIC": f"http://127.0.0.1:{at.gateway}",
        "GATEWAY_CHECK": f"http://127.0.0.1:{at.check}",
        "CRONOFY_API": f"https://localhost:{at.cronofy}",
        "SSL_CERT_FILE": str(at.ca_file),
    }
    return Start((_script("traefik"), "--configFile=traefik.yaml"), variables, copy)


STARTS: Final[dict[str, Callable[[Addresses, Path], Start]]] = {"envoy": envoy, "caddy": caddy, "traefik": traefik}


def _script(name: str) -> str:
    """Return a program that a wheel has put beside this interpreter."""
    path = Path(sysconfig.get_path("scripts")) / name
    assert path.is_file(), f"{name} is in requirements/dev.txt, and not installed"
    return str(path)


@asynccontextmanager
async def running_engine(name: str, at: Addresses, folder: Path) -> AsyncIterator[str]:
    """Run an engine until the block ends; yields its URL."""
    start, url = STARTS[name](at, folder), f"http://127.0.0.1:{at.engine}"
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *start.words, cwd=start.folder, env={"PATH": "", **start.variables}, stdout=output, stderr=output
        )

    async def is_ready() -> bool:
        assert process.returncode is None, log.read_text(encoding="utf-8")
        try:
            # Traefik answers 404 before it has read its file, the gateway's own pages never.
            return (await exchange(url, request_bytes("GET", "/auth/session", "Connection: close"))).status != 404
        except (ConnectionError, asyncio.IncompleteReadError):
            return False

    try:
        await until_told(is_ready)
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

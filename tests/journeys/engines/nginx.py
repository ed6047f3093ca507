"""The real nginx with the shipped files, changed where they say CHANGE and where files of the system stand."""

import os
import shutil
from asyncio import create_subprocess_exec, open_connection
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.waiting import until_told
from tests.ports import free_port

FILES: Final = Path(__file__).parents[3] / "config" / "engines"
_PIECES: Final = ("gateway-http.conf", "gateway-server.conf")
# Debian keeps servers off an ordinary user's path.
_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
_TEMPORARY: Final = "".join(f"    {name}_temp_path temporary;\n" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))


def program() -> str:
    """Return where nginx is; tests/ensure-programs brings it."""
    found = shutil.which("nginx", path=_PATH)
    assert found, "no nginx: run tests/ensure-programs"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where nginx finds things.

    Attributes:
        public: port of the gateway's public listener.
        engine: port of its engine listener.
        cronofy: host and port of what stands for Cronofy; reached by plain http where no authority is named.
        key: the engine's.
        authority: PEM file of the authority that vouches for Cronofy.
    """

    public: int
    engine: int
    cronofy: str
    key: str
    authority: Path | None = None


def write_files(folder: Path, port: int, places: Places) -> Path:
    """Write the shipped files into a folder, as somebody would who sets nginx up, and return the first of them."""
    (folder / "nginx").mkdir(parents=True)
    main = {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "worker_processes auto;": "daemon off; pid nginx.pid; worker_processes 1;",
        "/var/log/nginx/": f"{folder}/",
        "http {\n": f"http {{\n{_TEMPORARY}",
        "/etc/nginx/": f"{folder}/",
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{places.public};",
        "server 127.0.0.1:9081;": f"server 127.0.0.1:{places.engine};",
        "server api.cronofy.com:443;": f"server {places.cronofy};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} backlog=4096;",
        "        ssl_certificate /etc/ssl/certs/gateway.example.com.pem;\n": "",
        "        ssl_certificate_key /etc/ssl/private/gateway.example.com.key;\n": "",
    }
    pieces = {"/dev/shm/": f"{folder}/", "/var/log/nginx/": f"{folder}/"}  # noqa: S108  is replaced
    if places.authority:
        main["/etc/ssl/certs/ca-certificates.crt"] = str(places.authority)
    else:
        pieces["https://cronofy_api"] = "http://cronofy_api"
    file = folder / "nginx.conf"
    file.write_text(_changed((FILES / "nginx.conf").read_text(encoding="utf-8"), main), encoding="utf-8")
    whole = "\0".join((FILES / "nginx" / name).read_text(encoding="utf-8") for name in _PIECES)
    for name, text in zip(_PIECES, _changed(whole, pieces).split("\0"), strict=True):
        (folder / "nginx" / name).write_text(text, encoding="utf-8")
    told = folder / "gateway-engine-key.conf"
    told.write_text(f'map "" $gateway_engine_key {{ default "{places.key}"; }}\n', encoding="utf-8")
    return file


def _changed(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the shipped file has no {old!r} any more"
        text = text.replace(old, new)
    return text


def command(folder: Path, file: Path) -> tuple[str, ...]:
    """Return the command that runs it."""
    return (program(), "-e", "stderr", "-p", str(folder), "-c", str(file))


@asynccontextmanager
async def open_nginx(folder: Path, places: Places) -> AsyncIterator[str]:
    """Run nginx until the block ends, and yield its origin."""
    port = free_port()
    file = write_files(folder, port, places)
    process = await create_subprocess_exec(*command(folder, file), stderr=PIPE)

    async def answers() -> bool:
        if process.returncode is not None:
            assert process.stderr
            pytest.fail(f"nginx ended: {(await process.stderr.read()).decode()}")
        with suppress(OSError):
            _, writer = await open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    try:
        await until_told(answers)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()

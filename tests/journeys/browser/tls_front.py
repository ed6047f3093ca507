"""nginx with TLS in front of servers that speak plain http, as in production."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

HOST = "localhost"


class NginxMissing(Exception):
    """There is no nginx, so nothing can stand in front."""


def nginx() -> str:
    """Return where nginx is.

    Raises:
        NginxMissing: it is nowhere.
    """
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NginxMissing("There is no nginx: install nginx-light (Debian: apt-get install nginx-light).")
    return found


@asynccontextmanager
async def open_front(folder: Path, behind: Mapping[int, str]) -> AsyncIterator[None]:
    """Start nginx.

    Args:
        folder: for its files.
        behind: the port to listen on with TLS, and the plain URL behind it.
    """
    issued = trustme.CA().issue_cert(HOST)
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "front.pem")
    config = folder / "nginx.conf"
    config.write_text(_config(folder, behind))
    process = await asyncio.create_subprocess_exec(
        nginx(), "-e", "stderr", "-p", str(folder), "-c", str(config), stderr=asyncio.subprocess.PIPE
    )
    try:
        for port in behind:
            await _listening(process, port)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _config(folder: Path, behind: Mapping[int, str]) -> str:
    servers = "\n".join(
        f"""  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/front.pem;
    ssl_certificate_key {folder}/front.pem;
    location / {{
      proxy_pass {url};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }}
  }}"""
        for port, url in behind.items()
    )
    temporary = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi"))
    more = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in ("uwsgi", "scgi"))
    return f"""daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
  access_log off;
{temporary}
{more}
{servers}
}}
"""


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            assert process.returncode is None, "nginx did not start"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

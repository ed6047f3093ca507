"""An example in a process of its own, as its README says to start it, and a person's browser in front of it."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from tests.journeys.waiting import until_told

EXAMPLES: Final = Path(__file__).parents[2] / "examples"


@dataclass
class Example:
    """A running example.

    Attributes:
        url: its origin.
        http: a browser with cookies.
        log: what the process wrote.
        seen: every page that the browser was shown, and every Set-Cookie line.
    """

    url: str
    http: aiohttp.ClientSession
    log: Path
    seen: list[str] = field(default_factory=list)

    async def get(self, path: str, *, status: int = 200) -> str:
        """Open a page, through all redirects, and return it."""
        async with self.http.get(self.url + path) as reply:
            return await self._shown(reply, status)

    async def post(self, path: str, fields: Mapping[str, str], *, status: int = 200) -> str:
        """Send a form and return the page that it leads to."""
        async with self.http.post(self.url + path, data=fields) as reply:
            return await self._shown(reply, status)

    async def _shown(self, reply: aiohttp.ClientResponse, status: int) -> str:
        page = await reply.text()
        cookies = [line for one in (*reply.history, reply) for line in one.headers.getall("Set-Cookie", [])]
        self.seen += [page, *cookies]
        assert reply.status == status, (reply.status, page)
        return page


def fields_of(page: str) -> dict[str, str]:
    """Return what the page's event form holds, before the person changes anything."""
    fields = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page))
    calendar = re.search(r'<option value="([^"]+)"', page)
    assert calendar, page
    return {**fields, "calendar": calendar.group(1)}


def _wrote(log: Path) -> str:
    return log.read_text(encoding="utf-8")


@asynccontextmanager
async def run_example(
    words: Sequence[str], *, folder: Path, log: Path, port: int, **environment: str
) -> AsyncIterator[Example]:
    """Start an example and wait until it answers.

    Args:
        words: the command.
        folder: where it is started.
        log: the file for what it writes.
        port: where it listens.
        environment: its settings.
    """
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=folder,
            stdout=out,
            stderr=out,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "PUBLIC_URL": url, **environment},
        )
    jar = aiohttp.CookieJar(unsafe=True)  # its hosts are addresses
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=30)) as http:

        async def is_up() -> bool:
            assert process.returncode is None, _wrote(log)
            try:
                async with http.get(url):
                    return True
            except aiohttp.ClientConnectionError:
                return False

        try:
            await until_told(is_up)
            http.cookie_jar.clear()
            yield Example(url, http, log)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

"""The peer: the shortest reverse proxy that aiohttp's documentation leads to. No rules, no session, no log."""

import sys
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from aiohttp import web

UPSTREAM: Final = web.AppKey("upstream", str)
SESSION: Final = web.AppKey("session", aiohttp.ClientSession)


async def _proxy(request: web.Request) -> web.StreamResponse:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in {"host", "connection"}}
    url = request.app[UPSTREAM] + request.path_qs
    async with request.app[SESSION].request(
        request.method, url, headers=headers, data=await request.read() or None
    ) as got:
        response = web.StreamResponse(status=got.status, headers={"Cronofy-Access-Mode": "read_write"})
        response.content_type = got.content_type
        await response.prepare(request)
        async for chunk in got.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def _session(app: web.Application) -> AsyncIterator[None]:
    app[SESSION] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    yield
    await app[SESSION].close()


def main(port: int, upstream: str) -> None:
    """Serve until ended."""
    app = web.Application()
    app[UPSTREAM] = upstream
    app.cleanup_ctx.append(_session)
    app.router.add_route("*", "/{rest:.*}", _proxy)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

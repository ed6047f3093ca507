"""Pages that show Cronofy's own UI Elements, the script as the npm registry has it, pointed at the gateway."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.journeys.sdks.node_runtime import install

FOLDER: Final = Path(__file__).parent
SCRIPT: Final = FOLDER / "node_modules" / "cronofy-elements" / "dist" / "CronofyElements.js"
# What docs/ui-elements.md says a page needs: the script, its styles, and calls to the gateway.
POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src {gateway}"


@asynccontextmanager
async def serve_pages(port: int, *, gateway: str) -> AsyncIterator[None]:
    """Serve a page at `/` that shows the Element which its fragment describes, on every name of this machine.

    The options come in the fragment, which no server sees.
    """
    install(FOLDER)
    runner = web.AppRunner(_application(gateway), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


def fragment(element: str, options: dict[str, Any]) -> str:
    """Describe an Element for the page."""
    return json.dumps({"element": element, "options": options})


def _application(gateway: str) -> web.Application:
    async def page(_request: web.Request) -> web.Response:
        text = '<!doctype html><title>Elements</title><div id="element"></div>'
        text += '<script src="/elements.js"></script><script src="/page.js"></script>'
        headers = {"Content-Security-Policy": POLICY.format(gateway=gateway)}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def script(_request: web.Request) -> web.Response:
        return web.Response(body=SCRIPT.read_bytes(), content_type="text/javascript")

    async def page_script(_request: web.Request) -> web.Response:
        return web.Response(text=_PAGE_SCRIPT, content_type="text/javascript")

    async def icon(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/elements.js", script)
    app.router.add_get("/page.js", page_script)
    app.router.add_get("/favicon.ico", icon)
    return app


_PAGE_SCRIPT: Final = """
const { element, options } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
window.told = [];
CronofyElements[element]({ ...options, target_id: "element", callback: (one) => window.told.push(one) });
"""

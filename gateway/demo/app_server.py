"""The demo app's server: the page's own files, and where the gateway is.

It calls nobody and keeps nothing. The browser talks to the gateway itself, with a cookie that this origin never sees.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from aiohttp import web

WEB_CLIENT: Final = "demo-web"

_CONTENT_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def make_demo_app(gateway_url: str) -> web.Application:
    """Make the demo app.

    Args:
        gateway_url: the gateway's origin, the only foreign one that the page may call.
    """
    gateway_url = gateway_url.rstrip("/")
    config = json.dumps({"gateway": gateway_url, "client": WEB_CLIENT}).encode()
    served = {"/config.json": (config, "application/json"), **dict(_page_files())}
    headers = _headers(gateway_url)

    async def show(request: web.Request) -> web.Response:
        body, content_type = served[request.path]
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def protect(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    app = web.Application()
    # Every file has a route of its own, so there is no path to be clever with: anything else is a 404.
    app.router.add_routes([web.get(path, show) for path in served])
    app.on_response_prepare.append(protect)
    return app


def _page_files() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """Read the page's files: path, then body and content type. A kind that is not known breaks the start."""
    for file in files("gateway.demo").joinpath("page").iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        yield path, (file.read_bytes(), _CONTENT_TYPES[file.name.rpartition(".")[2]])


def _headers(gateway_url: str) -> dict[str, str]:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {gateway_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }

"""The page's backend: it serves the page, redeems its ticket at the gateway and remembers whose browser it is."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

GATEWAY: Final = os.environ.get("GATEWAY", "http://127.0.0.1:8080")
PUBLIC_URL: Final = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8060")
CLIENT_ID: Final = os.environ.get("CLIENT_ID", "demo-web")
CLIENT_SECRET: Final = os.environ.get("CLIENT_SECRET", "demo-web-secret")

PAGE: Final = Path(__file__).parent / "page"
IS_SECURE: Final = urlsplit(PUBLIC_URL).scheme == "https"
COOKIE: Final = "__Host-app" if IS_SECURE else "app"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        f"connect-src 'self' {GATEWAY}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

HTTP: Final = web.AppKey("http", aiohttp.ClientSession)
ACCOUNTS: Final = web.AppKey("accounts", dict[str, dict[str, str]])

routes = web.RouteTableDef()


FILES: Final = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}


@routes.get("/")
@routes.get("/page.js")
@routes.get("/page.css")
async def show(request: web.Request) -> web.FileResponse:
    """Serve the page's three files, and no others."""
    return web.FileResponse(PAGE / FILES[request.path])


@routes.get("/config.json")
async def config(_request: web.Request) -> web.Response:
    """Tell the page where the gateway is."""
    return web.json_response({"gateway": GATEWAY, "client": CLIENT_ID})


@routes.get("/me")
async def me(request: web.Request) -> web.Response:
    """Tell the page whom this backend takes it for: by its own cookie, set when a ticket was redeemed."""
    return web.json_response(request.app[ACCOUNTS].get(request.cookies.get(COOKIE, ""), {}))


@routes.post("/me")
async def become(request: web.Request) -> web.Response:
    """Redeem a ticket; the browser gets a cookie of this backend's own."""
    refuse_other_pages(request)
    try:
        ticket = (await request.json())["ticket"]
    except (ValueError, KeyError, TypeError):
        raise web.HTTPBadRequest(text="Send a ticket.") from None
    async with request.app[HTTP].post(
        f"{GATEWAY}/auth/tickets/redeem",
        json={"ticket": ticket},
        headers={"Authorization": f"Bearer {CLIENT_SECRET}"},
    ) as answer:
        if answer.status != web.HTTPOk.status_code:
            raise web.HTTPForbidden(text="The ticket was used, is too old, or is not this app's.")
        told = await answer.json()
    forget(request)
    known = {"sub": told["sub"], "access_mode": told["access_mode"]}
    handle = secrets.token_urlsafe()
    request.app[ACCOUNTS][handle] = known
    response = web.json_response(known)
    response.set_cookie(COOKIE, handle, httponly=True, samesite="Lax", secure=IS_SECURE, path="/")
    return response


@routes.delete("/me")
async def leave(request: web.Request) -> web.Response:
    """Forget the browser."""
    refuse_other_pages(request)
    forget(request)
    response = web.json_response({})
    response.del_cookie(COOKIE, httponly=True, samesite="Lax", secure=IS_SECURE, path="/")
    return response


def refuse_other_pages(request: web.Request) -> None:
    """Let only this app's own page change who it is: another could sign the browser in as somebody else."""
    if request.headers.get("Origin") != PUBLIC_URL or request.content_type != "application/json":
        raise web.HTTPForbidden(text="Not from this page.")


def forget(request: web.Request) -> None:
    """End what this browser's cookie opened."""
    request.app[ACCOUNTS].pop(request.cookies.get(COOKIE, ""), None)


async def protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the page's policy on every answer."""
    response.headers.update(HEADERS)


async def hold_http(app: web.Application) -> AsyncIterator[None]:
    """Keep one client for the gateway."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        app[HTTP] = http
        yield


def make_app() -> web.Application:
    """Make the backend; what it remembers is a table in your app."""
    app = web.Application()
    app[ACCOUNTS] = {}
    app.cleanup_ctx.append(hold_http)
    app.on_response_prepare.append(protect)
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(
        make_app(),
        host="127.0.0.1",
        port=urlsplit(PUBLIC_URL).port or 8060,
        access_log=None,
        print=lambda *_banner: print(f"The page is at {PUBLIC_URL}", flush=True),  # noqa: T201  once it answers
    )

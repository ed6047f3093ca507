"""The operations listener: `/healthz`, `/readyz`, `/metrics`, on an address of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable

_UNAVAILABLE: Final = 503


Check = Callable[[], Awaitable[str]]


@dataclass(slots=True)
class Readiness:
    """Whether this process should be sent requests, and why not.

    Attributes:
        checks: each returns what speaks against it, or nothing.
        waiting_for: what the start still waits for.
        draining: a stop was asked for.
    """

    checks: list[Check] = field(default_factory=list)
    waiting_for: str = "start"
    draining: bool = False

    async def reasons_against(self) -> list[str]:
        """Return what speaks against it; nothing means ready."""
        reasons = ["draining"] if self.draining else []
        if self.waiting_for:
            return [*reasons, f"waiting for {self.waiting_for}"]
        return [*reasons, *filter(None, [await check() for check in self.checks])]


def store_check(ping: Callable[[], Awaitable[None]]) -> Check:
    """Make a check of a store's ping, which raises StoreUnavailable when the store is away."""

    async def check() -> str:
        try:
            await ping()
        except StoreUnavailable as error:
            return f"store: {error.detail}"
        return ""

    return check


READINESS: Final = web.AppKey("readiness", Readiness)
METRICS: Final = web.AppKey("metrics", Metrics)


def make_operations_app(readiness: Readiness, metrics: Metrics) -> web.Application:
    """Return the application of the operations listener."""
    app = web.Application()
    app[READINESS] = readiness
    app[METRICS] = metrics
    app.router.add_get("/healthz", healthy)
    app.router.add_get("/ping", healthy)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics_page)
    return app


async def healthy(_request: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Say whether to send requests here: 200, or 503 with the reasons."""
    reasons = await request.app[READINESS].reasons_against()
    if reasons:
        return web.json_response({"status": "not ready", "reasons": reasons}, status=_UNAVAILABLE)
    return web.json_response({"status": "ready"})


async def metrics_page(request: web.Request) -> web.Response:
    """Return the metrics in Prometheus' text format."""
    return web.Response(
        body=await asyncio.to_thread(request.app[METRICS].render),  # it may have files to read
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )

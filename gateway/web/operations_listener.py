"""The operations listener: `/healthz`, `/readyz`, `/metrics`, on an address of its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable

_UNAVAILABLE: Final = 503


@dataclass(slots=True)
class Readiness:
    """Whether this process should be sent requests, and why not.

    Attributes:
        ping_store: raises StoreUnavailable when the store is away.
        draining: a stop was asked for.
    """

    ping_store: Callable[[], Awaitable[None]]
    draining: bool = field(default=False)

    async def reasons_against(self) -> list[str]:
        """Return what speaks against it; nothing means ready."""
        reasons = ["draining"] if self.draining else []
        try:
            await self.ping_store()
        except StoreUnavailable as error:
            reasons.append(f"store: {error.detail}")
        return reasons


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
        body=request.app[METRICS].render(),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )
